package manifest

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/apimachinery/pkg/util/validation/field"
	kjson "sigs.k8s.io/json"
)

// conformer cuts a value down to what decodes into a Go type, and notes what
// it had to leave out. Unlike a JSON decoder it finds every error, and says
// where with indexes and all.
type conformer struct {
	secret  bool // errors must not show values
	errs    field.ErrorList
	unknown []string
}

// value is the conforming part of v, nil when nothing is.
func (c *conformer) value(v any, t reflect.Type, path *field.Path) any {
	if v == nil {
		return nil
	}
	if reflect.PointerTo(t).Implements(reflect.TypeFor[json.Unmarshaler]()) {
		return c.special(v, t, path)
	}
	switch t.Kind() {
	case reflect.Pointer:
		return c.value(v, t.Elem(), path)
	case reflect.Struct:
		return c.fields(v, t, path)
	case reflect.Map:
		return c.entries(v, t, path)
	case reflect.Slice:
		return c.items(v, t, path)
	default:
		return c.scalar(v, t, path)
	}
}

func (c *conformer) refuse(path *field.Path, v any, must string) any {
	if c.secret {
		v = field.OmitValueType{}
	}
	c.errs = append(c.errs, field.TypeInvalid(path, v, "must be "+must))
	return nil
}

func (c *conformer) fields(v any, t reflect.Type, path *field.Path) any {
	in, ok := v.(map[string]any)
	if !ok {
		return c.refuse(path, v, "an object")
	}
	types := map[string]reflect.Type{}
	fieldTypes(t, types)
	out := make(map[string]any, len(in))
	for _, key := range slices.Sorted(maps.Keys(in)) {
		at := path.Child(key)
		if ft, known := types[key]; known {
			put(out, key, c.value(in[key], ft, at))
		} else {
			c.unknown = append(c.unknown, at.String())
		}
	}
	return out
}

// fieldTypes fills in the fields of a struct under their JSON names.
func fieldTypes(t reflect.Type, types map[string]reflect.Type) {
	for f := range t.Fields() {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case f.Anonymous && name == "":
			fieldTypes(f.Type, types)
		case name != "" && name != "-":
			types[name] = f.Type
		}
	}
}

func (c *conformer) entries(v any, t reflect.Type, path *field.Path) any {
	in, ok := v.(map[string]any)
	if !ok {
		return c.refuse(path, v, "an object")
	}
	out := make(map[string]any, len(in))
	for _, key := range slices.Sorted(maps.Keys(in)) {
		put(out, key, c.value(in[key], t.Elem(), path.Key(key)))
	}
	return out
}

func put(m map[string]any, key string, v any) {
	if v != nil {
		m[key] = v
	}
}

// items keeps a place for an item which does not conform, so that the others
// keep their index.
func (c *conformer) items(v any, t reflect.Type, path *field.Path) any {
	if t.Elem().Kind() == reflect.Uint8 {
		return c.bytes(v, path)
	}
	in, ok := v.([]any)
	if !ok {
		return c.refuse(path, v, "a list")
	}
	out := make([]any, len(in))
	for i, item := range in {
		out[i] = c.value(item, t.Elem(), path.Index(i))
	}
	return out
}

func (c *conformer) bytes(v any, path *field.Path) any {
	s, ok := v.(string)
	if !ok {
		return c.refuse(path, v, "a string in base64")
	}
	if _, err := base64.StdEncoding.DecodeString(s); err != nil {
		return c.refuse(path, v, "a string in base64")
	}
	return s
}

func (c *conformer) scalar(v any, t reflect.Type, path *field.Path) any {
	must, ok := "", false
	switch t.Kind() {
	case reflect.String:
		must = "a string"
		_, ok = v.(string)
	case reflect.Bool:
		must = "true or false"
		_, ok = v.(bool)
	case reflect.Int32, reflect.Int64, reflect.Int:
		must = fmt.Sprintf("an integer of %d bits", t.Bits())
		n, isInt := v.(int64)
		ok = isInt && !reflect.Zero(t).OverflowInt(n)
	case reflect.Float32, reflect.Float64:
		must = "a number"
		_, isFloat := v.(float64)
		_, isInt := v.(int64)
		ok = isFloat || isInt
	default:
		must = "a " + t.String()
	}
	if !ok {
		return c.refuse(path, v, must)
	}
	return v
}

// special is for types with a syntax of their own.
func (c *conformer) special(v any, t reflect.Type, path *field.Path) any {
	text, err := json.Marshal(v)
	if err == nil {
		err = json.Unmarshal(text, reflect.New(t).Interface())
	}
	if err == nil {
		return v
	}
	switch t {
	case reflect.TypeFor[intstr.IntOrString]():
		return c.refuse(path, v, "an integer or a string")
	case reflect.TypeFor[resource.Quantity]():
		return c.refuse(path, v, "a quantity such as 500m or 1Gi")
	case reflect.TypeFor[metav1.Time](), reflect.TypeFor[metav1.MicroTime]():
		return c.refuse(path, v, "a time such as 2006-01-02T15:04:05Z")
	default:
		return c.refuse(path, v, "a "+t.Name())
	}
}

func (c *conformer) warnings() []string {
	var list []string
	for _, path := range c.unknown {
		list = append(list, fmt.Sprintf("unknown field %q", path))
	}
	return list
}

// concerns tells whether err is about a part in, or around, one of others.
func concerns(err *field.Error, others field.ErrorList) bool {
	for _, o := range others {
		if o.Type == field.ErrorTypeTypeInvalid && (within(o.Field, err.Field) || within(err.Field, o.Field)) {
			return true
		}
	}
	return false
}

func within(path, of string) bool {
	rest, ok := strings.CutPrefix(path, of)
	return ok && (rest == "" || rest[0] == '.' || rest[0] == '[')
}

// decode gives a conforming object its Go type. A value which does not decode
// all the same stays zero, and is then missing to whoever needs it.
func decode[T any](conforming map[string]any) T {
	var typed T
	if text, err := json.Marshal(conforming); err == nil {
		_ = kjson.UnmarshalCaseSensitivePreserveInts(text, &typed)
	}
	return typed
}

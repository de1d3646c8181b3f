package hashing_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/gopawl/pawl/hashing"
)

// rebuild copies a value, filling maps in the reverse order of keys.
func rebuild(x any) any {
	switch x := x.(type) {
	case map[string]any:
		m := make(map[string]any, 3*len(x))
		for _, k := range slices.Backward(slices.Sorted(maps.Keys(x))) {
			m[k] = rebuild(x[k])
		}
		return m
	case []any:
		return eachOf(x, rebuild)
	}
	return x
}

func eachOf(l []any, f func(any) any) []any {
	copied := make([]any, len(l))
	for i := range l {
		copied[i] = f(l[i])
	}
	return copied
}

// padded copies a value with a null and an empty list in every object.
func padded(x any) any {
	switch x := x.(type) {
	case map[string]any:
		m := map[string]any{}
		for _, key := range []string{"null", "limits", "metadata"} {
			m[key] = nil
		}
		for _, key := range []string{"list", "labels", "nodeSelector"} {
			m[key] = []any{}
		}
		for k, v := range x {
			m[k] = padded(v)
		}
		return m
	case []any:
		return eachOf(x, padded)
	}
	return x
}

// bare copies a value without the nulls and empty lists in its objects.
func bare(x any) any {
	switch x := x.(type) {
	case map[string]any:
		m := map[string]any{}
		for k, v := range x {
			if l, ok := v.([]any); v != nil && (!ok || len(l) > 0) {
				m[k] = bare(v)
			}
		}
		return m
	case []any:
		return eachOf(x, bare)
	}
	return x
}

// ourLabel copies a template and adds our label, or takes it away.
func ourLabel(x map[string]any) map[string]any {
	m := rebuild(x).(map[string]any)
	meta, isMap := m["metadata"].(map[string]any)
	if m["metadata"] == nil {
		meta, isMap = map[string]any{}, true
		m["metadata"] = meta
	}
	labels, hasLabels := meta["labels"].(map[string]any)
	switch _, ours := labels[hashing.DefaultLabel]; {
	case !isMap:
	case ours:
		delete(labels, hashing.DefaultLabel)
	case hasLabels:
		labels[hashing.DefaultLabel] = "x"
	case meta["labels"] == nil:
		meta["labels"] = map[string]any{hashing.DefaultLabel: "x"}
	}
	return m
}

func exact(t *testing.T, text []byte) map[string]any {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var m map[string]any
	if err := d.Decode(&m); err != nil {
		t.Fatal(err)
	}
	return m
}

// variants change a value in a typed template to one that is the same.
var variants = map[string]func(reflect.Value){
	"unset made empty": func(v reflect.Value) { // a template has no maps of lists or maps
		switch {
		case v.Kind() == reflect.Slice && v.IsNil():
			v.Set(reflect.MakeSlice(v.Type(), 0, 1))
		case v.Kind() == reflect.Map && v.IsNil():
			v.Set(reflect.MakeMap(v.Type()))
		}
	},
	"empty unset": func(v reflect.Value) {
		if (v.Kind() == reflect.Slice || v.Kind() == reflect.Map) && v.Len() == 0 {
			v.SetZero()
		}
	},
	"String called":    onQuantity(func(q *resource.Quantity) { _ = q.String() }),
	"AsDec called":     onQuantity(func(q *resource.Quantity) { q.AsDec() }),
	"made of its text": onQuantity(func(q *resource.Quantity) { *q = resource.MustParse(q.String()) }),
	"spelled in another way": onQuantity(func(q *resource.Quantity) {
		for _, spelling := range spellings(*q) {
			*q = resource.MustParse(spelling)
		}
	}),
	"order of keys": func(v reflect.Value) {
		if v.Kind() != reflect.Map || v.IsNil() {
			return
		}
		m := reflect.MakeMapWithSize(v.Type(), 3*v.Len())
		keys := v.MapKeys()
		slices.SortFunc(keys, func(a, b reflect.Value) int { return strings.Compare(b.String(), a.String()) })
		for _, key := range keys {
			m.SetMapIndex(key, v.MapIndex(key))
		}
		v.Set(m)
	},
}

func onQuantity(f func(*resource.Quantity)) func(reflect.Value) {
	return func(v reflect.Value) {
		if q, ok := v.Addr().Interface().(*resource.Quantity); ok {
			f(q)
		}
	}
}

// spellings returns other texts of a quantity.
func spellings(q resource.Quantity) []string {
	q = q.DeepCopy()
	text := q.AsDec().String()
	whole, fraction, dotted := strings.Cut(text, ".")
	switch {
	case !dotted:
		return []string{text + ".0", text + "e0", text + "000m", text + "000000u"}
	case len(fraction) > 9: // zeros only: nothing is parsed to less than a nano
		return []string{text + "0", text + "e0"}
	}
	return []string{text + "0", text + "e0", whole + fraction + strings.Repeat("0", 9-len(fraction)) + "n"}
}

// each calls f for all fields and entries of a struct and of what they hold.
func each(v reflect.Value, f func(reflect.Value)) {
	if _, ok := v.Addr().Interface().(json.Marshaler); ok {
		return // what it holds is its own affair
	}
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			each(v.Elem(), f)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Field(i).CanSet() {
				f(v.Field(i))
				each(v.Field(i), f)
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			each(v.Index(i), f)
		}
	case reflect.Map:
		for _, key := range v.MapKeys() {
			entry := reflect.New(v.Type().Elem()).Elem()
			entry.Set(v.MapIndex(key))
			f(entry)
			v.SetMapIndex(key, entry)
		}
	}
}

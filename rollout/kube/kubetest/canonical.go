package kubetest

import (
	"fmt"
	"reflect"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
)

// canonical puts an object into the form in which the API server stores it: with defaults, and
// without the empty values that its Go type would not write. Fields unknown to the type stay.
// A kind without a Go type is left as it is.
func (r *resource) canonical(u *unstructured.Unstructured) error {
	if r.builtin == nil {
		return nil
	}
	typed, err := r.decode(u)
	if err != nil {
		return apierrors.NewBadRequest(fmt.Sprintf("%s in version %q cannot be handled as a %s: %v",
			r.Kind, r.Version, r.Kind, err))
	}
	if r.builtin.fill != nil {
		r.builtin.fill(typed)
	}
	written, err := runtime.DefaultUnstructuredConverter.ToUnstructured(typed)
	if err != nil {
		return err
	}
	keepUnknown(written, u.Object, reflect.TypeOf(typed))
	u.Object = written
	return nil
}

// keepUnknown copies what the type has no field for from one form of a value to another.
func keepUnknown(to, from any, t reflect.Type) {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch from := from.(type) {
	case map[string]any:
		if to, ok := to.(map[string]any); ok && t.Kind() == reflect.Struct {
			keepUnknownFields(to, from, t)
		}
	case []any:
		to, ok := to.([]any)
		if !ok || t.Kind() != reflect.Slice || len(to) != len(from) {
			return
		}
		for i := range from {
			keepUnknown(to[i], from[i], t.Elem())
		}
	}
}

func keepUnknownFields(to, from map[string]any, t reflect.Type) {
	for name, value := range from {
		if field, known := jsonField(t, name); known {
			keepUnknown(to[name], value, field)
		} else if value != nil {
			to[name] = value
		}
	}
}

// jsonField finds a struct's field by its name in JSON.
func jsonField(t reflect.Type, name string) (reflect.Type, bool) {
	for field := range fieldsOf(t) {
		tag, options, _ := strings.Cut(field.Tag.Get("json"), ",")
		if field.Anonymous && (tag == "" || strings.Contains(options, "inline")) {
			inner := field.Type
			if inner.Kind() == reflect.Pointer {
				inner = inner.Elem()
			}
			if found, ok := jsonField(inner, name); ok {
				return found, true
			}
		} else if tag == name {
			return field.Type, true
		}
	}
	return nil, false
}

func fieldsOf(t reflect.Type) func(yield func(reflect.StructField) bool) {
	return func(yield func(reflect.StructField) bool) {
		for i := range t.NumField() {
			if !yield(t.Field(i)) {
				return
			}
		}
	}
}

package hashing_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/gopawl/pawl/hashing"
)

func seed(f *testing.F) {
	for _, v := range readVectors(f).Templates {
		f.Add([]byte(v.Template))
	}
	f.Add([]byte(`{"resources":{"limits":{"a":"1e2147483647","b":"1e-2147483648","c":"0.1n","d":"1.5e999"}}}`))
	f.Add([]byte(`{"a":[1e400,-0.0,123456789012345678901234567890,0.1e-300]}`))
	f.Add([]byte(`{"a":{"a":{"a":[[[[[[[[[]]]]]]]]]}}}`))
	f.Add([]byte("{\"\xff\":\"\xff\"}"))
}

// FuzzUnstructured: no panic, typed errors only, and one identity for one value however it was
// decoded, copied or written.
func FuzzUnstructured(f *testing.F) {
	seed(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		var m map[string]any
		if json.Unmarshal(data, &m) != nil {
			return
		}
		want, err := hashing.Template(m)
		if err != nil {
			mustBeTyped(t, err)
			return
		}
		text, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		for name, same := range map[string]map[string]any{
			"again": m, "rebuilt": rebuild(m).(map[string]any), "decoded": decode(t, string(text)), "exact": exact(t, text),
		} {
			if got := identity(t, same); got != want {
				t.Errorf("%s: got %s, want %s: %s", name, got, want, text)
			}
		}
	})
}

// FuzzTyped: as FuzzUnstructured, for templates the API knows.
func FuzzTyped(f *testing.F) {
	seed(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		var spec, again corev1.PodTemplateSpec
		if len(data) > 10000 || hugeExponent(data) || json.Unmarshal(data, &spec) != nil {
			return
		}
		want := identity(t, &spec)
		if got := identity(t, spec.DeepCopy()); got != want {
			t.Errorf("copy: got %s, want %s", got, want)
		}
		text, err := json.Marshal(spec)
		if err != nil || json.Unmarshal(text, &again) != nil {
			return
		}
		if got := identity(t, again); got != want {
			t.Errorf("got %s, want %s: %s", got, want, text)
		}
	})
}

// hugeExponent guards apimachinery's decoder of quantities, which would compute for hours.
func hugeExponent(data []byte) bool {
	for _, word := range bytes.FieldsFunc(data, func(r rune) bool { return r != 'e' && r != 'E' && r != '-' && (r < '0' || r > '9') }) {
		if len(word) > 3 && bytes.ContainsAny(word, "eE") {
			return true
		}
	}
	return false
}

func FuzzName(f *testing.F) {
	f.Add("web", "x7kd9v2mqw", 0)
	f.Add(string(bytes.Repeat([]byte("a-"), 130)), "", -1)
	f.Add("", string(bytes.Repeat([]byte("z"), 300)), 1<<30)
	f.Fuzz(func(t *testing.T, owner, id string, collision int) {
		checkName(t, owner, hashing.Label(id, collision))
		_ = hashing.Name(owner, id)
	})
}

func mustBeTyped(t *testing.T, err error) {
	t.Helper()
	var e *hashing.Error
	if !errors.As(err, &e) || !errors.Is(err, hashing.ErrLimit) && !errors.Is(err, hashing.ErrUnsupported) {
		t.Errorf("untyped: %v", err)
	}
}

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
		l := make([]any, len(x))
		for i := range x {
			l[i] = rebuild(x[i])
		}
		return l
	}
	return x
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

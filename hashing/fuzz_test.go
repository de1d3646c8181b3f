package hashing_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"strconv"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

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
// decoded, copied or written, with and without what stands for nothing.
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
			"again": m, "order of keys": rebuild(m).(map[string]any), "decoded": decode(t, string(text)), "exact": exact(t, text),
			"unset made null or empty": padded(m).(map[string]any), "null and empty unset": bare(m).(map[string]any), "our label": ourLabel(m),
		} {
			if got := identity(t, same); got != want {
				t.Errorf("%s: got %s, want %s: %s", name, got, want, text)
			}
		}
	})
}

// FuzzTyped: as FuzzUnstructured, for templates the API knows, and whatever methods were called on
// their values.
func FuzzTyped(f *testing.F) {
	seed(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		var spec corev1.PodTemplateSpec
		if len(data) > 10000 || hugeExponent(data) || json.Unmarshal(data, &spec) != nil {
			return
		}
		want := identity(t, &spec)
		for name, variant := range variants {
			same := spec.DeepCopy()
			each(reflect.ValueOf(same).Elem(), variant)
			if got := identity(t, same); got != want {
				t.Errorf("%s: got %s, want %s: %+v", name, got, want, spec)
			}
		}
		same := spec.DeepCopy()
		metav1.SetMetaDataLabel(&same.ObjectMeta, hashing.DefaultLabel, "x")
		agree(t, []any{&spec, spec, spec.DeepCopy(), same})
		text, err := json.Marshal(spec)
		if err != nil {
			return
		}
		var again corev1.PodTemplateSpec
		if err := json.Unmarshal(text, &again); err != nil {
			return
		}
		if got := identity(t, again); got != want {
			t.Errorf("through JSON: got %s, want %s: %s", got, want, text)
		}
	})
}

// FuzzQuantities: quantities have one identity exactly if they are equal, typed and unstructured.
func FuzzQuantities(f *testing.F) {
	for _, text := range []string{"1", "1000m", "1.0", "1Gi", "1024Mi", "0.1n", "-5", "0", "0.00n", "+1e3", "1E", "9223372036854775807", "12345678901234567890"} {
		f.Add(text, "1e0")
		f.Add(text, text)
	}
	f.Fuzz(func(t *testing.T, one, other string) {
		a, ok := quantity(one)
		b, fine := quantity(other)
		if !ok || !fine {
			return
		}
		equal := a.Cmp(b) == 0
		for _, form := range []func(string) any{typedLimit, unstructuredLimit} {
			if same := identity(t, form(one)) == identity(t, form(other)); same != equal {
				t.Errorf("%T: %s and %s are equal: %v; same identity: %v", form(one), one, other, equal, same)
			}
			for _, spelling := range spellings(a) {
				if len(spelling) <= 32 {
					agree(t, []any{form(one), form(spelling)})
				}
			}
		}
	})
}

func typedLimit(text string) any { return limits(text) }

func unstructuredLimit(text string) any {
	return map[string]any{"resources": map[string]any{"limits": map[string]any{"cpu": text}}}
}

// quantity parses what counts as a quantity in unstructured values too.
func quantity(text string) (resource.Quantity, bool) {
	_, exponent, _ := strings.Cut(strings.ToLower(text), "e")
	if e, err := strconv.Atoi(exponent); len(text) > 32 || hugeExponent([]byte(text)) || err == nil && (e > 64 || e < -64) {
		return resource.Quantity{}, false
	}
	q, err := resource.ParseQuantity(text)
	return q, err == nil
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

package hashing_test

import (
	"encoding/json"
	"errors"
	"math"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/gopawl/pawl/hashing"
)

type bad struct {
	Fine string         `json:"fine"`
	List []any          `json:"list"`
	Map  map[string]any `json:"map"`
	Next *bad           `json:"next"`
	Port intstr.IntOrString
	F    float64
	Odd  map[float64]int
}

type panics struct{ S string }

func (panics) MarshalJSON() ([]byte, error) { panic("no") }

type fails struct{ S string }

func (fails) MarshalText() ([]byte, error) { return nil, errFailed }

type raves struct{ S string }

func (*raves) MarshalJSON() ([]byte, error) { return []byte(`{"a":`), nil }

type hidden struct{ s string }

var errFailed = errors.New("failed")

func TestErrorsTellThePath(t *testing.T) {
	cyclic := map[string]any{}
	cyclic["a"] = []any{cyclic}
	loop := &bad{}
	loop.Next = loop
	var huge any = strings.Repeat("x", 1<<20)
	for range 6 {
		huge = []any{huge, huge}
	}
	for _, c := range []struct {
		in   any
		want error
		path string
	}{
		{nil, hashing.ErrUnsupported, ""},
		{(*bad)(nil), hashing.ErrUnsupported, ""},
		{make(chan int), hashing.ErrUnsupported, ""},
		{bad{List: []any{0, func() {}}}, hashing.ErrUnsupported, "list[1]"},
		{&bad{Next: &bad{Map: map[string]any{"a.b": complex(1, 1)}}}, hashing.ErrUnsupported, `next.map["a.b"]`},
		{bad{F: math.NaN()}, hashing.ErrUnsupported, "F"},
		{bad{F: math.Inf(-1)}, hashing.ErrUnsupported, "F"},
		{bad{Odd: map[float64]int{1: 1}}, hashing.ErrUnsupported, "Odd"},
		{bad{Port: intstr.IntOrString{Type: 7}}, hashing.ErrUnsupported, "Port"},
		{map[string]any{"a": []any{map[string]any{"b": math.NaN()}}}, hashing.ErrUnsupported, "a[0].b"},
		{map[string]any{"resources": map[string]any{"limits": map[string]any{"cpu": math.Inf(1)}}}, hashing.ErrUnsupported, "resources.limits.cpu"},
		{map[string]any{"": json.Number("0x1p-2")}, hashing.ErrUnsupported, `[""]`},
		{[]any{[]any{json.Number("1e9999999")}}, hashing.ErrUnsupported, "[0][0]"},
		{[]json.Number{"NaN"}, hashing.ErrUnsupported, "[0]"},
		{[]panics{{"a"}}, hashing.ErrUnsupported, "[0]"},
		{[]fails{{"a"}}, errFailed, "[0]"},
		{[]raves{{"a"}}, hashing.ErrUnsupported, "[0]"},
		{map[string]raves{"k": {}}, hashing.ErrUnsupported, "k"},
		{[]hidden{{"a"}}, hashing.ErrUnsupported, "[0]"},
		{map[int]chan int{-1: nil}, hashing.ErrUnsupported, "-1"},
		{loop, hashing.ErrLimit, strings.TrimSuffix(strings.Repeat("next.", 128), ".")},
		{cyclic, hashing.ErrLimit, strings.TrimSuffix(strings.Repeat("a[0].", 128), ".")},
		{huge, hashing.ErrLimit, "[0][1]"},
	} {
		_, err := hashing.Template(c.in)
		var e *hashing.Error
		if !errors.Is(err, c.want) || !errors.As(err, &e) {
			t.Errorf("%T: got %v, want %v", c.in, err, c.want)
			continue
		}
		if !strings.HasPrefix(e.Path, c.path) || c.path == "" && e.Path != "" {
			t.Errorf("got path %s, want %s", e.Path, c.path)
		}
		if !strings.Contains(err.Error(), e.Path) {
			t.Errorf("%v does not show %s", err, e.Path)
		}
	}
}

// TestErrorsLeaveNoTrace hashes after failures at every depth, with the same pooled buffers.
func TestErrorsLeaveNoTrace(t *testing.T) {
	good := map[string]any{"b": map[string]any{"c": 1, "a": 2}}
	want := identity(t, good)
	for _, in := range []any{
		map[string]any{"a": map[string]any{"b": make(chan int), "c": 1}},
		map[string]map[string]chan int{"a": {"b": nil}, "c": nil},
	} {
		if _, err := hashing.Template(in); err == nil {
			t.Fatal("no error")
		}
		if got := identity(t, good); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

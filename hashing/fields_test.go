package hashing_test

import (
	"encoding/json"
	"fmt"
	"math"
	"net/netip"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

type inner struct {
	A string `json:"a"`
	B string
	C string `json:"c"`
}

type other struct {
	C string
	D string `json:"d"`
}

type text string

type outer struct {
	*inner
	other `json:",inline"`
	A     string `json:"z"`
	B     int    `json:"B,omitempty"`
	Skip  string `json:"-"`
	//lint:ignore SA5008 encoding/json's way to the name "-"
	Dash string `json:"-,"`
	//lint:ignore SA5008 an invalid name, for which encoding/json takes Go's
	Bad string `json:"b\"d"`
	text
	low string
}

type twoOfAName struct {
	left
	right
}

type left struct {
	X string
	Y string `json:"y"`
	Z string
}

type right struct {
	X string
	Y string
	Z string `json:"Z"`
}

type self struct {
	*self
	N    string
	Kids []self
}

// TestFieldsAreThoseOfJSON compares structs in which everything counts with the objects that
// encoding/json makes of them.
func TestFieldsAreThoseOfJSON(t *testing.T) {
	for _, v := range []any{
		outer{inner: &inner{"a", "b", "c"}, other: other{"C", "d"}, A: "z", B: 5, Skip: "s", Dash: "-", Bad: "bad", text: "t", low: "l"},
		outer{other: other{"C", "d"}, A: "z", B: 5, Dash: "-", Bad: "bad"},
		&twoOfAName{left{"lx", "ly", "lz"}, right{"rx", "ry", "rz"}},
		self{N: "n", Kids: []self{{self: &self{N: "hidden"}, N: "m", Kids: []self{{}}}}},
		struct {
			M map[int8]string
			U map[uint16][]string
			N map[name]map[string]uint64
			F []float32
			G [2]float64
			J json.Number
			I any
			S struct{ T *text }
		}{
			map[int8]string{-1: "a", 10: "b", 9: "c"}, map[uint16][]string{7: {"x"}}, map[name]map[string]uint64{"a": {"b": 1 << 63}},
			[]float32{0.1, 1e20, 3, 1 << 30}, [2]float64{1 << 60, 0.3}, "1.50", []any{map[string]any{"x": 1}}, struct{ T *text }{new(text)},
		},
		map[string]any{"addr": netip.MustParseAddr("::1"), "d": metav1.Duration{Duration: 5e9}, "raw": json.RawMessage(`{"b":1,"a":[1.0]}`)},
	} {
		b, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(fmt.Sprintf("%T", v), func(t *testing.T) { agree(t, []any{v, exact(t, []byte(loose(string(b))))}) })
	}
}

// loose is a JSON text without the empty values that a struct does not count.
func loose(text string) string {
	return strings.NewReplacer(`,"Kids":null`, "", `"N":""`, "", `"Bad":"",`, "").Replace(text)
}

// TestGoNamesAndOrderDoNotTell covers what a new version of an API package may change.
func TestGoNamesAndOrderDoNotTell(t *testing.T) {
	type port struct {
		Number int32  `json:"number"`
		Name   string `json:"name,omitempty"`
	}
	type renamed struct {
		New    *string           `json:"new"`
		Label  *string           `json:"name"`
		Extra  []string          `json:"extra"`
		More   map[string]string `json:"more"`
		Struct struct{ X []int } `json:"struct"`
		Value  int64             `json:"number"`
	}
	agree(t, []any{port{80, "a"}, renamed{Value: 80, Label: ptr("a")}, &renamed{Value: 80, Label: ptr("a"), Extra: []string{}}})
}

func TestPointersToEmptyCount(t *testing.T) {
	type holder struct {
		Map   *map[string]string
		List  *[]int
		Twice **int
		Any   any
		Num   *int
	}
	var none *int
	differ(t, holder{}, holder{Map: &map[string]string{}}, holder{List: &[]int{}}, holder{Twice: &none}, holder{Num: new(int)}, holder{Any: 0}, holder{Any: map[string]any{}})
	agree(t, []any{holder{}, holder{Any: none}, holder{Any: []any{}}})
	agree(t, []any{holder{Map: &map[string]string{}}, holder{Map: new(map[string]string)}})
}

func TestZerosAreAbsent(t *testing.T) {
	type holder struct {
		F float64
		M map[string]any
		S struct{ N []map[int]int }
		A [2]bool
	}
	agree(t, []any{holder{}, holder{F: math.Copysign(0, -1)}, holder{M: map[string]any{"a": nil}}, &holder{S: struct{ N []map[int]int }{[]map[int]int{}}}})
	differ(t, holder{}, holder{A: [2]bool{false, true}}, holder{M: map[string]any{"a": 0}}, holder{M: map[string]any{"a": []any{}, "b": 0}})
}

func TestRawJSONIsReadAsUnstructured(t *testing.T) {
	type raw struct{ R runtime.RawExtension }
	of := func(text string) raw { return raw{runtime.RawExtension{Raw: []byte(text)}} }
	agree(t, []any{of(`{"a": 1, "b": null}`), of(`{"b":[],"a":1.0}`), map[string]any{"R": map[string]any{"a": 1}}})
	agree(t, []any{raw{}, of("null"), of("[]")})
	differ(t, raw{}, of("{}"), of(`{"a":1}`), of(`{"a":2}`), of(`{"a":9007199254740992}`), of(`{"a":9007199254740993}`))
}

func TestApplyConfigurationsLeaveOurLabelOut(t *testing.T) {
	type metaOf struct {
		Labels map[string]string `json:"labels,omitempty"`
	}
	type metaTo struct {
		Labels *map[name]name `json:"labels"`
	}
	type applyTo struct {
		Meta  metaTo        `json:"metadata"`
		Other map[name]name `json:"labels"`
	}
	to := func(key name) applyTo { return applyTo{Meta: metaTo{&map[name]name{key: "x"}}} }
	agree(t, []any{applyTo{}, to("pod-template-hash")})
	differ(t, applyTo{}, to("a"), to("b"), applyTo{Other: map[name]name{"pod-template-hash": "x"}})

	type apply struct {
		*metaOf `json:"metadata,omitempty"`
		Spec    *corev1.PodSpec `json:"spec"`
	}
	agree(t, []any{apply{}, apply{metaOf: &metaOf{}}, apply{metaOf: &metaOf{Labels: map[string]string{"pod-template-hash": "x"}}}})
}

type shout byte

func (s shout) MarshalText() ([]byte, error) { return []byte{byte(s), '!'}, nil }

func TestBytesCountByContent(t *testing.T) {
	type blob struct{ B []byte }
	type namedBlob struct{ B []octet }
	differ(t, blob{}, blob{[]byte{0}}, blob{[]byte{0, 0}}, blob{[]byte("a")}, map[string]any{"B": "YQ=="})
	agree(t, []any{blob{[]byte("a")}, namedBlob{[]octet{'a'}}})
	agree(t, []any{[]shout{'a'}, []any{"a!"}})
}

type octet byte

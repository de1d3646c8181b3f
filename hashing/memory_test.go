package hashing_test

import (
	"math"
	"reflect"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// kinds has a field of every kind and of sizes and places that are read in different ways.
type kinds struct {
	Bool       bool
	I8         int8
	I16        int16
	AfterI16   uint8
	I32        int32
	I64        int64
	Int        int
	U8         uint8
	U16        uint16
	U32        uint32
	U64        uint64
	Uint       uint
	F32        float32
	F64        float64
	Text       string
	Number     number
	Bytes      []byte
	List       []int16
	Bools      [3]bool
	Words      [3]uint64
	Strings    map[string]string
	Map        map[string]int
	Pointer    *int
	Any        any
	Face       interface{ Len() int }
	Odd        struct{ A, B, C uint8 }
	Small      struct{ A, B int32 }
	Large      struct{ A, B, C, D int64 }
	Nested     struct{ Inner struct{ Text string } }
	Amounts    corev1.ResourceList
	Quantity   resource.Quantity
	IntOrText  intstr.IntOrString
	*embedded  // all behind a pointer
	LastOfEven bool
}

type number int64

type embedded struct {
	Pad    uint16
	Behind int32
	Last   string
}

type length int

func (l length) Len() int { return int(l) }

// setLast sets a value to one in which as few bits as possible are set, the last ones in memory.
func setLast(v reflect.Value) {
	switch v.Kind() {
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		v.SetInt(math.MinInt64 >> (64 - v.Type().Bits()))
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		v.SetUint(1 << (v.Type().Bits() - 1))
	case reflect.Float32, reflect.Float64:
		v.SetFloat(2)
	case reflect.String:
		v.SetString("x")
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(reflect.ValueOf("k").Convert(v.Type().Key()), reflect.Zero(v.Type().Elem()))
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
	case reflect.Array:
		setLast(v.Index(v.Len() - 1))
	case reflect.Struct:
		setLast(v.Field(v.NumField() - 1))
	}
}

// one returns a struct in which only the field at the index is set.
func one(index []int) *kinds {
	k := &kinds{embedded: new(embedded)}
	switch f := reflect.ValueOf(k).Elem().FieldByIndex(index).Addr().Interface().(type) {
	case *any:
		*f = "x"
	case *interface{ Len() int }:
		*f = length(0)
	case *resource.Quantity:
		*f = resource.MustParse("1n")
	case *intstr.IntOrString:
		*f = intstr.FromString("")
	default:
		setLast(reflect.ValueOf(f).Elem())
	}
	return k
}

// TestEveryFieldCountsAlone sets one field after the other, on its own.
func TestEveryFieldCountsAlone(t *testing.T) {
	all := []any{kinds{}}
	for _, f := range reflect.VisibleFields(reflect.TypeFor[kinds]()) {
		if f.Anonymous {
			continue
		}
		k := one(f.Index)
		all = append(all, k)
		agree(t, []any{k, *k})
		agree(t, []any{[]any{k}, []any{*k}, []kinds{*k}, [1]kinds{*k}})
		agree(t, []any{map[string]any{"k": k}, map[string]kinds{"k": *k}, map[name]*kinds{"k": k}})
	}
	differ(t, all...)
}

// TestEmptyIsUnsetWhateverTheMemory sets fields to values that stand for nothing in memory that is
// not zero.
func TestEmptyIsUnsetWhateverTheMemory(t *testing.T) {
	text, list := "text", []int16{1}
	agree(t, []any{
		kinds{},
		kinds{embedded: &embedded{}},
		kinds{F32: float32(math.Copysign(0, -1)), F64: math.Copysign(0, -1)},
		kinds{Text: text[4:], Bytes: []byte{}, List: list[:0], Strings: map[string]string{}, Map: map[string]int{}, Amounts: corev1.ResourceList{}},
		kinds{Quantity: *resource.NewQuantity(0, resource.BinarySI), IntOrText: intstr.IntOrString{StrVal: "unused"}},
		kinds{Any: []any{}, Nested: struct{ Inner struct{ Text string } }{struct{ Text string }{text[:0]}}},
	})
}

// TestTypesOfMapsDoNotTell holds the maps that are read in a way of their own to the others.
func TestTypesOfMapsDoNotTell(t *testing.T) {
	type amounts map[string]resource.Quantity
	type strings map[name]string
	for _, keys := range [][]string{
		{}, {"cpu"}, {"memory"}, {"cpu", "memory"}, {"a"}, {"pod-template-hash"}, {"cpu", "pod-template-hash"},
		{"memory", "hugepages-2Mi", "cpu"}, {"z", "y", "x", "w", "v", "u", "t", "s", "r", "q"},
	} {
		usual, plain, texts, named := corev1.ResourceList{}, amounts{}, map[string]string{}, strings{}
		for i, key := range keys {
			usual[corev1.ResourceName(key)] = *resource.NewQuantity(int64(i), resource.DecimalSI)
			plain[key] = usual[corev1.ResourceName(key)]
			texts[key], named[name(key)] = key, key
		}
		agree(t, []any{usual, plain, &usual})
		agree(t, []any{texts, named, &texts})
		agree(t, []any{labelled(usual), labelled(plain)})
		agree(t, []any{labelled(texts), labelled(named)})
	}
}

// labelled puts a map where our own labels are left out.
func labelled(labels any) any {
	return map[string]any{"metadata": map[string]any{"labels": labels}}
}

// TestWholeAmountsAreAmounts compares whole numbers with the decimals that they are.
func TestWholeAmountsAreAmounts(t *testing.T) {
	for _, i := range []int64{0, 1, -1, 10, -100, 1 << 30, 120_000, math.MaxInt64, math.MinInt64, math.MinInt64 + 1, 9e18} {
		whole := resource.NewQuantity(i, resource.DecimalSI)
		agree(t, []any{sizeLimit(whole), sizeLimit(inDec(*whole)), sizeLimit(ptr(resource.MustParse(whole.AsDec().String())))})
	}
}

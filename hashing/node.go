package hashing

import (
	"encoding"
	"encoding/json"
	"reflect"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// node is the plan for the values of one Go type, made once and never changed.
type node struct {
	write  func(*writer, *node, reflect.Value, place) *Error
	absent func(reflect.Value) bool // cheap, before writing; what it lets pass empty may still tell
	empty  emptiness
	loose  bool      // holds an unstructured value
	elem   *node     // of pointers, lists and maps
	fields []field   // of structs, by name
	maps   sync.Pool // of *mapCursor
}

// emptiness says what stands for nothing in a value at p.
func (n *node) emptiness(p place) emptiness {
	switch {
	case p == ownMetadata || p == ownLabels:
		return dropEmpty
	case n.loose:
		return p.emptiness()
	}
	return n.empty
}

// nodes holds the plan of every reflect.Type met so far.
var nodes sync.Map

// nodeOf returns the plan for a type. Plans of one type made at the same time are equals.
func nodeOf(t reflect.Type) *node {
	if n, ok := nodes.Load(t); ok {
		return n.(*node)
	}
	p := planner{}
	n := p.node(t)
	for t, n := range p {
		nodes.LoadOrStore(t, n)
	}
	return n
}

// planner holds the nodes of the types being planned, so that a type may hold itself.
type planner map[reflect.Type]*node

func (p planner) node(t reflect.Type) *node {
	if n, ok := p[t]; ok {
		return n
	}
	n := new(node)
	p[t] = n
	if !p.known(n, t) && !p.scalar(n, t) {
		p.composite(n, t)
	}
	return n
}

var (
	typeQuantity    = reflect.TypeFor[resource.Quantity]()
	typeIntOrString = reflect.TypeFor[intstr.IntOrString]()
	typeTime        = reflect.TypeFor[time.Time]()
	typeStringMap   = reflect.TypeFor[map[string]string]()
	typeNumber      = reflect.TypeFor[json.Number]()
	typeMarshaler   = reflect.TypeFor[json.Marshaler]()
	typeText        = reflect.TypeFor[encoding.TextMarshaler]()
)

// known plans the types that have a form of their own.
func (p planner) known(n *node, t reflect.Type) bool {
	switch {
	case t == typeQuantity:
		n.write, n.absent = writeQuantity, zeroQuantity
	case t == typeIntOrString:
		n.write, n.absent = writeIntOrString, zeroIntOrString
	case t == typeTime:
		n.write, n.absent = writeTime, zeroTime
	case t == typeNumber:
		n.write, n.absent = writeNumber, reflect.Value.IsZero
	case t.Kind() == reflect.Pointer || t.Kind() == reflect.Interface:
		return false
	case reflect.PointerTo(t).Implements(typeMarshaler):
		n.write, n.absent, n.loose = writeMarshaler, reflect.Value.IsZero, true
	case reflect.PointerTo(t).Implements(typeText):
		n.write, n.absent, n.loose = writeTextMarshaler, reflect.Value.IsZero, true
	default:
		return false
	}
	return true
}

func (p planner) scalar(n *node, t reflect.Type) bool {
	n.absent = reflect.Value.IsZero
	switch t.Kind() {
	case reflect.Bool:
		n.write = writeBool
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		n.write = writeInt
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		n.write = writeUint
	case reflect.Float32, reflect.Float64:
		n.write, n.absent = writeFloat, zeroFloat
	case reflect.String:
		n.write, n.absent = writeString, noLength
	default:
		return false
	}
	return true
}

func (p planner) composite(n *node, t reflect.Type) {
	switch t.Kind() {
	case reflect.Pointer:
		n.write, n.absent, n.elem = writePointer, reflect.Value.IsNil, p.node(t.Elem())
	case reflect.Interface:
		n.write, n.absent, n.loose = writeInterface, reflect.Value.IsNil, true
	case reflect.Struct:
		p.structure(n, t)
	case reflect.Slice:
		p.slice(n, t)
	case reflect.Array:
		n.write, n.absent, n.elem = writeList, reflect.Value.IsZero, p.node(t.Elem())
	case reflect.Map:
		p.mapping(n, t)
	default:
		n.write, n.absent = writeUnsupported, reflect.Value.IsZero
	}
}

func (p planner) slice(n *node, t reflect.Type) {
	n.write, n.absent, n.elem = writeList, noLength, p.node(t.Elem())
	if t.Elem().Kind() == reflect.Uint8 && !n.elem.loose {
		n.write = writeBytes
	}
}

func (p planner) mapping(n *node, t reflect.Type) {
	n.absent, n.empty, n.elem = noLength, dropEmpty, p.node(t.Elem())
	if t == typeStringMap {
		n.write = writeStringMap
		return
	}
	switch t.Key().Kind() {
	case reflect.String,
		reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		n.write = writeMap
		n.maps.New = func() any { return newMapCursor(t) }
	default:
		n.write = writeUnsupported
	}
}

func (p planner) structure(n *node, t reflect.Type) {
	n.write, n.absent, n.empty = writeStruct, never, dropEmpty
	for _, c := range visible(t) {
		f := field{name: c.name, index: c.index, at: memoryOf(t, c.index), node: p.node(c.typ)}
		f.key = appendText(nil, tagKey, c.name)
		for at := range places {
			f.in[at] = at.child(c.name)
		}
		n.fields = append(n.fields, f)
	}
	if len(n.fields) == 0 && hidesAll(t) {
		n.write, n.absent = writeUnsupported, reflect.Value.IsZero
	}
}

// hidesAll reports whether a struct has fields and exports none.
func hidesAll(t reflect.Type) bool {
	for i := range t.NumField() {
		if f := t.Field(i); f.IsExported() || f.Anonymous {
			return false
		}
	}
	return t.NumField() > 0
}

func never(reflect.Value) bool { return false }

// zeroFloat counts a negative zero as zero, whichever Go version.
func zeroFloat(v reflect.Value) bool { return v.Float() == 0 }

func noLength(v reflect.Value) bool { return v.Len() == 0 }

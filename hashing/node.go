package hashing

import (
	"encoding"
	"encoding/json"
	"reflect"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// node is the plan for the values of one Go type, made once and never changed.
type node struct {
	typ    reflect.Type
	write  func(*writer, *node, memory, place) *Error
	probe  probe
	absent func(*node, memory) bool // tells what the probe does not, if anything; cheap
	empty  emptiness                // tells, of what was written, what neither of them does
	loose  bool                     // holds an unstructured value
	elem   *node                    // of pointers, lists and maps
	fields []field                  // of structs, by name
	probes []probe                  // of the fields

	cursors sync.Pool // of *mapCursor, for maps
	copies  sync.Pool // of *reflect.Value, for values that have no address
}

// isAbsent tells, before it is written, that a value stands for nothing as a field.
func (n *node) isAbsent(m memory) bool {
	return m.zero(n.probe) || n.absent != nil && n.absent(n, m)
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

// planner holds the nodes of the types being planned, so that a type may hold itself. A node
// knows what of it is absent or empty before it plans what it holds.
type planner map[reflect.Type]*node

func (p planner) node(t reflect.Type) *node {
	if n, ok := p[t]; ok {
		return n
	}
	n := &node{typ: t, probe: probeOf(t)}
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
	typeAmounts     = reflect.TypeFor[corev1.ResourceList]()
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
		n.write, n.probe = writeNumber, lengthProbe()
	case t.Kind() == reflect.Pointer || t.Kind() == reflect.Interface:
		return false
	case reflect.PointerTo(t).Implements(typeMarshaler):
		n.write, n.absent, n.loose = writeMarshaler, isZero, true
	case reflect.PointerTo(t).Implements(typeText):
		n.write, n.absent, n.loose = writeTextMarshaler, isZero, true
	default:
		return false
	}
	return true
}

func (p planner) scalar(n *node, t reflect.Type) bool {
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
		n.write, n.probe = writeString, lengthProbe()
	default:
		return false
	}
	return true
}

func (p planner) composite(n *node, t reflect.Type) {
	switch t.Kind() {
	case reflect.Pointer:
		n.write, n.elem = writePointer, p.node(t.Elem())
	case reflect.Interface:
		n.write, n.loose = writeInterface, true
	case reflect.Struct:
		p.structure(n, t)
	case reflect.Slice:
		p.slice(n, t)
	case reflect.Array:
		n.write, n.absent = writeArray, isZero
		n.elem = p.node(t.Elem())
	case reflect.Map:
		p.mapping(n, t)
	default:
		n.write, n.absent = writeUnsupported, isZero
	}
}

func (p planner) slice(n *node, t reflect.Type) {
	n.write, n.probe = writeSlice, lengthProbe()
	n.elem = p.node(t.Elem())
	if t.Elem().Kind() == reflect.Uint8 && !n.elem.loose {
		n.write = writeBytes
	}
}

func (p planner) mapping(n *node, t reflect.Type) {
	n.absent, n.empty = emptyMap, dropEmpty
	switch t.Key().Kind() {
	case reflect.String,
		reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		n.write = writeMap
	default:
		n.write = writeUnsupported
	}
	switch t {
	case typeStringMap:
		n.write, n.absent = writeStringMap, nil
	case typeAmounts:
		n.write, n.absent = writeAmounts, nil
	}
	n.elem = p.node(t.Elem())
}

func (p planner) structure(n *node, t reflect.Type) {
	n.write, n.empty = writeStruct, dropEmpty
	for _, c := range visible(t) {
		f := newField(t, c, p.node(c.typ))
		n.fields, n.probes = append(n.fields, f), append(n.probes, f.probe())
	}
	if len(n.fields) == 0 && hidesAll(t) {
		n.write, n.absent = writeUnsupported, isZero
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

// zeroFloat counts a negative zero as zero, whichever Go version.
func zeroFloat(n *node, m memory) bool { return m.float(n.typ.Size()) == 0 }

func isZero(n *node, m memory) bool { return m.value(n.typ).IsZero() }

func emptyMap(n *node, m memory) bool { return m.value(n.typ).Len() == 0 }

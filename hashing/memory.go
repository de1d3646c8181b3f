package hashing

import (
	"reflect"
	"unsafe"
)

// Reflection on every value would double the time that a hash takes. So it only makes the plan of
// a type, once, and the values are read in memory, as the plan says. No other file uses unsafe,
// and nothing is written through it.

// memory is the address of a value.
type memory struct{ at unsafe.Pointer }

// addressOf returns the address of an addressable value.
func addressOf(v reflect.Value) memory { return memory{v.Addr().UnsafePointer()} }

// as returns the value as what it is: T is its type, or differs from it in names only.
func as[T any](m memory) *T { return (*T)(m.at) }

// value returns the value for reflection.
func (m memory) value(t reflect.Type) reflect.Value { return reflect.NewAt(t, m.at).Elem() }

// plus returns the address of the field at the offset, or of the element.
func (m memory) plus(offset uintptr) memory { return memory{unsafe.Add(m.at, offset)} }

// target returns what a pointer points to.
func (m memory) target() memory { return *(*memory)(m.at) }

func (m memory) isNil() bool { return m.at == nil }

// list returns the first element of a slice and how many there are, whatever they are.
func (m memory) list() (memory, int) {
	l := *(*[]struct{})(m.at)
	return memory{unsafe.Pointer(unsafe.SliceData(l))}, len(l)
}

// int returns a signed integer of so many bytes.
func (m memory) int(size uintptr) int64 {
	switch size {
	case 1:
		return int64(*(*int8)(m.at))
	case 2:
		return int64(*(*int16)(m.at))
	case 4:
		return int64(*(*int32)(m.at))
	}
	return *(*int64)(m.at)
}

// uint returns an unsigned integer of so many bytes.
func (m memory) uint(size uintptr) uint64 {
	switch size {
	case 1:
		return uint64(*(*uint8)(m.at))
	case 2:
		return uint64(*(*uint16)(m.at))
	case 4:
		return uint64(*(*uint32)(m.at))
	}
	return *(*uint64)(m.at)
}

// float returns a floating point number of 4 or 8 bytes.
func (m memory) float(size uintptr) float64 {
	if size == 4 {
		return float64(*(*float32)(m.at))
	}
	return *(*float64)(m.at)
}

// probe is a part of a value that is all zero bits in most of the values that are absent, and in
// no others. The zero probe finds none.
type probe struct{ offset, size uintptr }

// word is the size of a pointer and of a length.
const word = unsafe.Sizeof(uintptr(0))

// probeOf returns the probe of a whole value, none if its size or alignment is odd. A scalar
// always has one.
func probeOf(t reflect.Type) probe {
	size, align := t.Size(), uintptr(t.Align())
	switch {
	case size == 1, size == 2 && align == 2, size == 4 && align == 4:
	case size%8 == 0 && align >= unsafe.Alignof(uint64(0)):
	default:
		return probe{}
	}
	return probe{0, size}
}

// lengthProbe is the probe of strings and slices, whose length is behind a pointer.
func lengthProbe() probe { return probe{word, word} }

// within returns the probe seen from a struct that holds the value at the offset.
func (p probe) within(offset uintptr) probe { return probe{p.offset + offset, p.size} }

// zero reports whether the probe finds zero bits only.
func (m memory) zero(p probe) bool {
	at := unsafe.Add(m.at, p.offset)
	if p.size == 8 {
		return *(*uint64)(at) == 0
	}
	return zeroBits(at, p.size)
}

func zeroBits(at unsafe.Pointer, size uintptr) bool {
	switch size {
	case 0:
		return false
	case 1:
		return *(*uint8)(at) == 0
	case 2:
		return *(*uint16)(at) == 0
	case 4:
		return *(*uint32)(at) == 0
	}
	for i := uintptr(0); i < size; i += 8 {
		if *(*uint64)(unsafe.Add(at, i)) != 0 {
			return false
		}
	}
	return true
}

package hashing

import (
	"reflect"
	"unsafe"
)

// Most fields of a pod template are unset, and asking reflection about each takes most of the
// time. So the memory of a field is read first: where it is all zero bits the field is absent,
// whatever its type. This is the only use of unsafe; it reads nothing but the field.

// memory is where a field stands in its struct; the zero value is nowhere that can be read.
type memory struct{ offset, size uintptr }

// memoryOf finds a field by its index path. Fields behind embedded pointers, and the few types
// of odd size or alignment, are left to reflection.
func memoryOf(t reflect.Type, index []int) memory {
	var m memory
	for i, at := range index {
		if i > 0 && t.Kind() == reflect.Pointer {
			return memory{}
		}
		f := t.Field(at)
		m.offset += f.Offset
		t = f.Type
	}
	switch size := t.Size(); {
	case size == 1, size == 4 && t.Align() == 4, size%8 == 0 && t.Align() == 8:
		m.size = size
	}
	return m
}

// zero reports whether the field is known to be all zero bits in the struct at base, which may
// be nil if the struct has no address.
func (m memory) zero(base unsafe.Pointer) bool {
	if base == nil || m.size == 0 {
		return false
	}
	p := unsafe.Add(base, m.offset)
	switch m.size {
	case 1:
		return *(*uint8)(p) == 0
	case 4:
		return *(*uint32)(p) == 0
	}
	for i := uintptr(0); i < m.size; i += 8 {
		if *(*uint64)(unsafe.Add(p, i)) != 0 {
			return false
		}
	}
	return true
}

// base returns the address of a struct, nil if it has none.
func base(v reflect.Value) unsafe.Pointer {
	if !v.CanAddr() {
		return nil
	}
	return v.Addr().UnsafePointer()
}

package hashing

import (
	"bytes"
	"encoding"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/util/intstr"
)

func writeQuantity(w *writer, _ *node, m memory, _ place) *Error {
	w.quantity(as[resource.Quantity](m))
	return nil
}

func zeroQuantity(_ *node, m memory) bool { return as[resource.Quantity](m).IsZero() }

func writeIntOrString(w *writer, _ *node, m memory, _ place) *Error {
	switch x := as[intstr.IntOrString](m); x.Type {
	case intstr.Int:
		w.int(int64(x.IntVal))
	case intstr.String:
		w.string(x.StrVal)
	default:
		return unsupported("IntOrString of neither type")
	}
	return nil
}

func zeroIntOrString(_ *node, m memory) bool {
	x := as[intstr.IntOrString](m)
	return x.Type == intstr.Int && x.IntVal == 0
}

func writeTime(w *writer, _ *node, m memory, _ place) *Error {
	t := as[time.Time](m)
	w.buf = binary.AppendVarint(append(w.buf, tagTime), t.Unix())
	w.buf = binary.AppendVarint(w.buf, int64(t.Nanosecond()))
	return nil
}

func zeroTime(_ *node, m memory) bool { return as[time.Time](m).IsZero() }

// writeMarshaler writes the JSON a type writes of itself, as an unstructured value.
func writeMarshaler(w *writer, n *node, m memory, p place) *Error {
	text, err := guard(m.value(n.typ).Addr().Interface().(json.Marshaler).MarshalJSON)
	if err != nil {
		return failed(n, err)
	}
	var x any
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if err := d.Decode(&x); err != nil {
		return failed(n, err)
	}
	return w.nested(x, p)
}

func writeTextMarshaler(w *writer, n *node, m memory, p place) *Error {
	text, err := guard(m.value(n.typ).Addr().Interface().(encoding.TextMarshaler).MarshalText)
	if err != nil {
		return failed(n, err)
	}
	return w.nested(string(text), p)
}

// nested writes a value one level down.
func (w *writer) nested(x any, p place) *Error {
	if err := w.enter(); err != nil {
		return err
	}
	defer w.leave()
	return w.any(x, p)
}

// guard calls foreign code and returns its panic as an error.
func guard(marshal func() ([]byte, error)) (text []byte, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v", r)
		}
	}()
	return marshal()
}

func failed(n *node, err error) *Error {
	return &Error{Err: fmt.Errorf("%w: %s: %w", ErrUnsupported, n.typ, err)}
}

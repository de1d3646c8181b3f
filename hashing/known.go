package hashing

import (
	"bytes"
	"encoding"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"reflect"
	"time"

	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// addressed returns a pointer to the value: the one in the template, or to a copy if the value
// stands where Go has no address for it.
func addressed(v reflect.Value) any {
	if v.CanAddr() {
		return v.Addr().Interface()
	}
	c := reflect.New(v.Type())
	c.Elem().Set(v)
	return c.Interface()
}

func writeQuantity(w *writer, _ *node, v reflect.Value, _ place) *Error {
	w.quantity(addressed(v).(*resource.Quantity))
	return nil
}

func zeroQuantity(v reflect.Value) bool { return addressed(v).(*resource.Quantity).IsZero() }

func writeIntOrString(w *writer, _ *node, v reflect.Value, _ place) *Error {
	switch x := addressed(v).(*intstr.IntOrString); x.Type {
	case intstr.Int:
		w.int(int64(x.IntVal))
	case intstr.String:
		w.string(x.StrVal)
	default:
		return unsupported("IntOrString of neither type")
	}
	return nil
}

func zeroIntOrString(v reflect.Value) bool {
	x := addressed(v).(*intstr.IntOrString)
	return x.Type == intstr.Int && x.IntVal == 0
}

func writeTime(w *writer, _ *node, v reflect.Value, _ place) *Error {
	t := addressed(v).(*time.Time)
	w.buf = binary.AppendVarint(append(w.buf, tagTime), t.Unix())
	w.buf = binary.AppendVarint(w.buf, int64(t.Nanosecond()))
	return nil
}

func zeroTime(v reflect.Value) bool { return addressed(v).(*time.Time).IsZero() }

// writeMarshaler writes the JSON a type writes of itself, as an unstructured value.
func writeMarshaler(w *writer, _ *node, v reflect.Value, p place) *Error {
	text, err := guard(addressed(v).(json.Marshaler).MarshalJSON)
	if err != nil {
		return failed(v, err)
	}
	var x any
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if err := d.Decode(&x); err != nil {
		return failed(v, err)
	}
	return w.nested(x, p)
}

func writeTextMarshaler(w *writer, _ *node, v reflect.Value, p place) *Error {
	text, err := guard(addressed(v).(encoding.TextMarshaler).MarshalText)
	if err != nil {
		return failed(v, err)
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

func failed(v reflect.Value, err error) *Error {
	return &Error{Err: fmt.Errorf("%w: %s: %w", ErrUnsupported, v.Type(), err)}
}

package hashing

import "reflect"

// The functions of this file write one kind of value each, by its node. They write zeros too:
// whoever holds the value decides whether it is absent.

func writeBool(w *writer, _ *node, v reflect.Value, _ place) *Error {
	w.bool(v.Bool())
	return nil
}

func writeInt(w *writer, _ *node, v reflect.Value, _ place) *Error {
	w.int(v.Int())
	return nil
}

func writeUint(w *writer, _ *node, v reflect.Value, _ place) *Error {
	return w.uint(v.Uint())
}

func writeFloat(w *writer, _ *node, v reflect.Value, _ place) *Error {
	return w.float(v.Float(), v.Type().Bits())
}

func writeString(w *writer, _ *node, v reflect.Value, _ place) *Error {
	w.string(v.String())
	return nil
}

func writeBytes(w *writer, _ *node, v reflect.Value, _ place) *Error {
	w.buf = appendText(w.buf, tagBytes, v.Bytes())
	return nil
}

func writeNumber(w *writer, _ *node, v reflect.Value, _ place) *Error {
	return w.number(v.String())
}

func writeUnsupported(_ *writer, _ *node, v reflect.Value, _ place) *Error {
	return unsupported(v.Type().String())
}

func writePointer(w *writer, n *node, v reflect.Value, p place) *Error {
	if v.IsNil() {
		w.tag(tagNull)
		return nil
	}
	if err := w.enter(); err != nil {
		return err
	}
	defer w.leave()
	return n.elem.write(w, n.elem, v.Elem(), p)
}

func writeInterface(w *writer, _ *node, v reflect.Value, p place) *Error {
	if v.IsNil() {
		w.tag(tagNull)
		return nil
	}
	return w.any(v.Interface(), p)
}

func writeList(w *writer, n *node, v reflect.Value, _ place) *Error {
	if err := w.enter(); err != nil {
		return err
	}
	w.tag(tagList)
	for i := range v.Len() {
		if err := n.elem.write(w, n.elem, v.Index(i), elsewhere); err != nil {
			return err.at(i)
		}
	}
	w.tag(tagListEnd)
	w.leave()
	return nil
}

func writeStruct(w *writer, n *node, v reflect.Value, p place) *Error {
	if err := w.enter(); err != nil {
		return err
	}
	w.tag(tagObject)
	start := base(v)
	for i := range n.fields {
		f := &n.fields[i]
		if f.at.zero(start) {
			continue
		}
		if err := w.field(f, v, p); err != nil {
			return err.under(f.name)
		}
	}
	w.tag(tagEnd)
	w.leave()
	return nil
}

func (w *writer) field(f *field, v reflect.Value, p place) *Error {
	v, ok := f.of(v)
	if !ok || f.node.absent(v) {
		return nil
	}
	start, here := len(w.buf), f.in[p]
	w.buf = append(w.buf, f.key...)
	mark := len(w.buf)
	err := f.node.write(w, f.node, v, here)
	w.dropped(start, mark, f.node.emptiness(here))
	return err
}

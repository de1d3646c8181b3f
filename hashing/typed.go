package hashing

// The functions of this file write one kind of value each, by its node. They write zeros too:
// whoever holds the value decides whether it is absent.

func writeBool(w *writer, _ *node, m memory, _ place) *Error {
	w.bool(*as[bool](m))
	return nil
}

func writeInt(w *writer, n *node, m memory, _ place) *Error {
	w.int(m.int(n.typ.Size()))
	return nil
}

func writeUint(w *writer, n *node, m memory, _ place) *Error {
	return w.uint(m.uint(n.typ.Size()))
}

func writeFloat(w *writer, n *node, m memory, _ place) *Error {
	return w.float(m.float(n.typ.Size()), n.typ.Bits())
}

func writeString(w *writer, _ *node, m memory, _ place) *Error {
	w.string(*as[string](m))
	return nil
}

func writeBytes(w *writer, _ *node, m memory, _ place) *Error {
	w.buf = appendText(w.buf, tagBytes, *as[[]byte](m))
	return nil
}

func writeNumber(w *writer, _ *node, m memory, _ place) *Error {
	return w.number(*as[string](m))
}

func writeUnsupported(_ *writer, n *node, _ memory, _ place) *Error {
	return unsupported(n.typ.String())
}

func writePointer(w *writer, n *node, m memory, p place) *Error {
	return w.target(n, m.target(), p)
}

// target writes what a pointer with this node points to.
func (w *writer) target(n *node, m memory, p place) *Error {
	if m.isNil() {
		w.tag(tagNull)
		return nil
	}
	if err := w.enter(); err != nil {
		return err
	}
	err := n.elem.write(w, n.elem, m, p)
	w.leave()
	return err
}

func writeInterface(w *writer, n *node, m memory, p place) *Error {
	return w.any(m.value(n.typ).Interface(), p)
}

func writeSlice(w *writer, n *node, m memory, _ place) *Error {
	first, length := m.list()
	return w.elements(n.elem, first, length)
}

func writeArray(w *writer, n *node, m memory, _ place) *Error {
	return w.elements(n.elem, m, n.typ.Len())
}

// elements writes values of one type that stand one after the other.
func (w *writer) elements(elem *node, m memory, length int) *Error {
	if err := w.enter(); err != nil {
		return err
	}
	w.tag(tagList)
	size := elem.typ.Size()
	for i := range length {
		if err := elem.write(w, elem, m.plus(uintptr(i)*size), elsewhere); err != nil {
			return err.at(i)
		}
	}
	w.tag(tagListEnd)
	w.leave()
	return nil
}

func writeStruct(w *writer, n *node, m memory, p place) *Error {
	if err := w.enter(); err != nil {
		return err
	}
	w.tag(tagObject)
	for i, probe := range n.probes {
		if m.zero(probe) {
			continue
		}
		f := &n.fields[i]
		if err := w.field(f, m, p); err != nil {
			return err.under(f.name)
		}
	}
	w.tag(tagEnd)
	w.leave()
	return nil
}

// field writes a field of the struct at m.
func (w *writer) field(f *field, m memory, p place) *Error {
	m, ok := f.of(m)
	if !ok || !f.sure && f.node.isAbsent(m) {
		return nil
	}
	start, here := len(w.buf), f.in[p]
	w.buf = append(w.buf, f.key...)
	mark := len(w.buf)
	err := f.node.write(w, f.node, m, here.place)
	if here.empty != keep {
		w.dropped(start, mark, here.empty)
	}
	return err
}

package hashing

import (
	"bytes"
	"reflect"
	"slices"
	"strconv"
)

// mapCursor walks maps of one type without allocating.
type mapCursor struct {
	iter     reflect.MapIter
	key, val reflect.Value // addressable, so that their contents may be
}

func newMapCursor(t reflect.Type) *mapCursor {
	return &mapCursor{key: reflect.New(t.Key()).Elem(), val: reflect.New(t.Elem()).Elem()}
}

// reset lets go of the map.
func (c *mapCursor) reset() {
	c.iter.Reset(reflect.Value{})
	c.key.SetZero()
	c.val.SetZero()
}

// writeStringMap is writeMap for the most frequent type.
func writeStringMap(w *writer, _ *node, v reflect.Value, p place) *Error {
	m := v.Interface().(map[string]string)
	first := len(w.keys)
	for key := range m {
		w.keys = append(w.keys, key)
	}
	slices.Sort(w.keys[first:])
	w.tag(tagObject)
	for _, key := range w.keys[first:] {
		if p != ownLabels || !w.owns(key) {
			w.key(key)
			w.string(m[key])
		}
	}
	w.tag(tagEnd)
	w.keys = w.keys[:first]
	return nil
}

// span is where the entry of a map stands in the buffer.
type span struct{ start, key, keyEnd, end int }

// writeMap writes the entries in the order the map gives them, then sorts them in the buffer.
func writeMap(w *writer, n *node, v reflect.Value, p place) *Error {
	if err := w.enter(); err != nil {
		return err
	}
	c := n.maps.Get().(*mapCursor)
	defer n.maps.Put(c)
	defer c.reset()
	w.tag(tagObject)
	first := len(w.spans)
	for c.iter.Reset(v); c.iter.Next(); {
		c.key.SetIterKey(&c.iter)
		c.val.SetIterValue(&c.iter)
		if err := w.mapEntry(n.elem, c, p); err != nil {
			return err
		}
	}
	w.sortSpans(w.spans[first:])
	w.spans = w.spans[:first]
	w.tag(tagEnd)
	w.leave()
	return nil
}

func (w *writer) mapEntry(elem *node, c *mapCursor, p place) *Error {
	key := keyText(c.key)
	if p == ownLabels && w.owns(key) {
		return nil
	}
	s := span{start: len(w.buf)}
	w.key(key)
	s.keyEnd = len(w.buf)
	s.key = s.keyEnd - len(key)
	here := p.child(key)
	if err := elem.write(w, elem, c.val, here); err != nil {
		return err.under(key)
	}
	if elem.loose {
		w.dropped(s.start, s.keyEnd, here.emptiness())
	}
	if s.end = len(w.buf); s.end > s.start {
		w.spans = append(w.spans, s)
	}
	return nil
}

// keyText returns the text of a map's key as encoding/json writes it.
func keyText(key reflect.Value) string {
	switch {
	case key.Kind() == reflect.String:
		return key.String()
	case key.CanInt():
		return strconv.FormatInt(key.Int(), 10)
	}
	return strconv.FormatUint(key.Uint(), 10)
}

// sortSpans puts adjoining entries at the end of the buffer into the order of their keys.
func (w *writer) sortSpans(spans []span) {
	byKey := func(a, b span) int {
		return bytes.Compare(w.buf[a.key:a.keyEnd], w.buf[b.key:b.keyEnd])
	}
	if slices.IsSortedFunc(spans, byKey) {
		return
	}
	first := spans[0].start
	slices.SortFunc(spans, byKey)
	w.tmp = w.tmp[:0]
	for _, s := range spans {
		w.tmp = append(w.tmp, w.buf[s.start:s.end]...)
	}
	copy(w.buf[first:], w.tmp)
}

package hashing

import (
	"bytes"
	"reflect"
	"slices"
	"strconv"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
)

// The two most frequent types of map are read as what they are. Walking and sorting them takes
// longer than writing them, so that is left out where it can be.

func writeStringMap(w *writer, _ *node, m memory, p place) *Error {
	values := *as[map[string]string](m)
	w.tag(tagObject)
	if len(values) == 1 && p != ownLabels {
		for key, value := range values {
			w.keyedString(key, value)
		}
	} else {
		keys := sortedKeys(w, values, p)
		for _, key := range keys {
			w.keyedString(key, values[key])
		}
		w.keys = w.keys[:len(w.keys)-len(keys)]
	}
	w.tag(tagEnd)
	return nil
}

func (w *writer) keyedString(key, value string) {
	w.key(key)
	w.string(value)
}

func writeAmounts(w *writer, _ *node, m memory, p place) *Error {
	if err := w.enter(); err != nil {
		return err
	}
	amounts := *as[corev1.ResourceList](m)
	w.tag(tagObject)
	if p == ownLabels || !w.usualAmounts(amounts) {
		keys := sortedKeys(w, amounts, p)
		for _, key := range keys {
			amount := amounts[corev1.ResourceName(key)]
			w.keyedAmount(key, &amount)
		}
		w.keys = w.keys[:len(w.keys)-len(keys)]
	}
	w.tag(tagEnd)
	w.leave()
	return nil
}

// usualAmounts writes CPU and memory, or nothing and returns false if there are others too.
func (w *writer) usualAmounts(amounts corev1.ResourceList) bool {
	mark, left := len(w.buf), len(amounts)
	if cpu, ok := amounts[corev1.ResourceCPU]; ok {
		w.keyedAmount(string(corev1.ResourceCPU), &cpu)
		left--
	}
	if memory, ok := amounts[corev1.ResourceMemory]; ok {
		w.keyedAmount(string(corev1.ResourceMemory), &memory)
		left--
	}
	if left > 0 {
		w.buf = w.buf[:mark]
	}
	return left == 0
}

func (w *writer) keyedAmount(key string, amount *resource.Quantity) {
	w.key(key)
	w.quantity(amount)
}

// sortedKeys returns the keys of a map that count. They stand at the end of w.keys, from which
// the caller takes them off.
func sortedKeys[K ~string, V any](w *writer, values map[K]V, p place) []string {
	first := len(w.keys)
	for key := range values {
		if p != ownLabels || !w.owns(string(key)) {
			w.keys = append(w.keys, string(key))
		}
	}
	keys := w.keys[first:]
	slices.Sort(keys)
	return keys
}

// mapCursor walks maps of one type without allocating.
type mapCursor struct {
	iter     reflect.MapIter
	key, val reflect.Value // addressable
}

func (n *node) cursor() *mapCursor {
	if c, ok := n.cursors.Get().(*mapCursor); ok {
		return c
	}
	return &mapCursor{key: reflect.New(n.typ.Key()).Elem(), val: reflect.New(n.typ.Elem()).Elem()}
}

// letGo gives the cursor back without its references to the map.
func (n *node) letGo(c *mapCursor) {
	c.iter.Reset(reflect.Value{})
	c.key.SetZero()
	c.val.SetZero()
	n.cursors.Put(c)
}

// span is where the entry of a map stands in the buffer.
type span struct{ start, key, keyEnd, end int }

// writeMap writes the entries in the order the map gives them, then sorts them in the buffer.
func writeMap(w *writer, n *node, m memory, p place) *Error {
	if err := w.enter(); err != nil {
		return err
	}
	c := n.cursor()
	defer n.letGo(c)
	w.tag(tagObject)
	first := len(w.spans)
	for c.iter.Reset(m.value(n.typ)); c.iter.Next(); {
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
	if err := elem.write(w, elem, addressOf(c.val), here); err != nil {
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

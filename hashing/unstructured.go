package hashing

import (
	"encoding/json"
	"reflect"
	"strconv"
)

// any writes a value whose Go type is known only now: the template itself, and unstructured
// values at any depth.
func (w *writer) any(x any, p place) *Error {
	switch x := x.(type) {
	case nil:
		w.tag(tagNull)
	case string:
		w.text(x, p)
	case map[string]any:
		return w.object(x, p)
	case []any:
		return w.list(x)
	case bool:
		w.bool(x)
	case int, int32, int64, float64, json.Number:
		return w.loose(x, p)
	default:
		return w.typed(reflect.ValueOf(x), p)
	}
	return nil
}

// typed writes a value by its plan, as it is if it is a pointer and else from a copy.
func (w *writer) typed(v reflect.Value, p place) *Error {
	n := nodeOf(v.Type())
	if v.Kind() == reflect.Pointer {
		return w.target(n, memory{v.UnsafePointer()}, p)
	}
	c, ok := n.copies.Get().(*reflect.Value)
	if !ok {
		c = new(reflect.Value)
		*c = reflect.New(n.typ).Elem()
	}
	c.Set(v)
	err := n.write(w, n, addressOf(*c), p)
	c.SetZero()
	n.copies.Put(c)
	return err
}

// text writes a string, or the quantity that it spells at the place of one.
func (w *writer) text(s string, p place) {
	if p != amount || !w.amountText(s) {
		w.string(s)
	}
}

// loose writes a number, or the quantity that it spells at the place of one.
func (w *writer) loose(x any, p place) *Error {
	if p == amount {
		if d, ok := parseDecimal(numberText(x)); ok && w.amountText(d.text()) {
			return nil
		}
	}
	switch x := x.(type) {
	case int:
		w.int(int64(x))
	case int32:
		w.int(int64(x))
	case int64:
		w.int(x)
	case float64:
		return w.float(x, 64)
	case json.Number:
		return w.number(string(x))
	}
	return nil
}

func numberText(x any) string {
	switch x := x.(type) {
	case int:
		return strconv.Itoa(x)
	case int32:
		return strconv.FormatInt(int64(x), 10)
	case int64:
		return strconv.FormatInt(x, 10)
	case float64:
		return strconv.FormatFloat(x, 'e', -1, 64)
	case json.Number:
		return string(x)
	}
	return ""
}

func (w *writer) object(m map[string]any, p place) *Error {
	if err := w.enter(); err != nil {
		return err
	}
	keys := sortedKeys(w, m, p)
	w.tag(tagObject)
	for _, key := range keys {
		if err := w.entry(key, m[key], p.child(key)); err != nil {
			return err.under(key)
		}
	}
	w.tag(tagEnd)
	w.keys = w.keys[:len(w.keys)-len(keys)]
	w.leave()
	return nil
}

// entry writes an entry of a map, to stand at p.
func (w *writer) entry(key string, x any, p place) *Error {
	start := len(w.buf)
	w.key(key)
	mark := len(w.buf)
	err := w.any(x, p)
	w.dropped(start, mark, p.emptiness())
	return err
}

func (w *writer) list(l []any) *Error {
	if err := w.enter(); err != nil {
		return err
	}
	w.tag(tagList)
	for i, x := range l {
		if err := w.any(x, elsewhere); err != nil {
			return err.at(i)
		}
	}
	w.tag(tagListEnd)
	w.leave()
	return nil
}

package hashing

import (
	"encoding/json"
	"reflect"
	"slices"
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
		v := reflect.ValueOf(x)
		n := nodeOf(v.Type())
		return n.write(w, n, v, p)
	}
	return nil
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
	first := len(w.keys)
	for key := range m {
		w.keys = append(w.keys, key)
	}
	last := len(w.keys)
	slices.Sort(w.keys[first:])
	w.tag(tagObject)
	for i := first; i < last; i++ {
		if err := w.entry(w.keys[i], m, p); err != nil {
			return err.under(w.keys[i])
		}
	}
	w.tag(tagEnd)
	w.keys = w.keys[:first]
	w.leave()
	return nil
}

func (w *writer) entry(key string, m map[string]any, p place) *Error {
	if p == ownLabels && w.owns(key) {
		return nil
	}
	start, here := len(w.buf), p.child(key)
	w.key(key)
	mark := len(w.buf)
	err := w.any(m[key], here)
	w.dropped(start, mark, here.emptiness())
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

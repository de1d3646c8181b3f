package hashing

import (
	"encoding/binary"
	"fmt"
	"strings"
	"testing"
)

// TestEncodingIsInjective reads encodings back: whatever can be decoded in one way only was made
// from one value only.
func TestEncodingIsInjective(t *testing.T) {
	for want, in := range map[string]any{
		"nil true false":                    []any{nil, true, false},
		`1 -5 1e30 -15e-1`:                  []any{1, -5.0, 1e30, -1.5},
		`"" "s" "]}"`:                       []any{"", "s", "]}"},
		"":                                  []any{},
		"[] [[] []]":                        []any{[]any{}, []any{[]any{}, []any{}}},
		`{} {"a":{} "b":[1]}`:               []any{map[string]any{}, map[string]any{"b": []int{1}, "a": map[string]any{}}},
		`{"resources":{"limits":{"a":q1}}}`: []any{map[string]any{"resources": map[string]any{"limits": map[string]any{"a": "1"}}}},
	} {
		w := newWriter(nil)
		if err := w.any(in, root); err != nil {
			t.Fatal(err)
		}
		r := reader{w.buf[len(domain):]}
		if got := r.value(); got != "["+want+"]" || len(r.rest) > 0 {
			t.Errorf("got %s and %d bytes left, want [%s]", got, len(r.rest), want)
		}
		w.release()
	}
}

// reader decodes what a writer wrote into a text.
type reader struct{ rest []byte }

func (r *reader) next() byte {
	b := r.rest[0]
	r.rest = r.rest[1:]
	return b
}

func (r *reader) varint() int64 {
	i, n := binary.Varint(r.rest)
	r.rest = r.rest[n:]
	return i
}

func (r *reader) text() string {
	length, n := binary.Uvarint(r.rest)
	s := string(r.rest[n : n+int(length)])
	r.rest = r.rest[n+int(length):]
	return s
}

func (r *reader) value() string {
	switch tag := r.next(); tag {
	case tagNull:
		return "nil"
	case tagTrue, tagFalse:
		return fmt.Sprint(tag == tagTrue)
	case tagInt:
		return fmt.Sprint(r.varint())
	case tagDecimal:
		return r.decimal()
	case tagAmount:
		return "q" + strings.TrimSuffix(r.decimal(), "e0")
	case tagString, tagBytes:
		return fmt.Sprintf("%q", r.text())
	case tagList:
		return "[" + r.until(tagListEnd) + "]"
	case tagObject:
		return "{" + r.until(tagEnd) + "}"
	case tagKey:
		return fmt.Sprintf("%q:", r.text()) + r.value()
	default:
		return fmt.Sprintf("unknown tag %c", tag)
	}
}

func (r *reader) decimal() string {
	exponent, sign := r.varint(), ""
	if r.next() == tagTrue {
		sign = "-"
	}
	return fmt.Sprintf("%s%se%d", sign, r.text(), exponent)
}

func (r *reader) until(end byte) string {
	var all []string
	for r.rest[0] != end {
		all = append(all, r.value())
	}
	r.next()
	return strings.Join(all, " ")
}

// TestNoLabelTwice holds for every collision count by arithmetic; here is the premise.
func TestNoLabelTwice(t *testing.T) {
	count := uint64(1)
	for range labelLength {
		count *= uint64(len(alphabet))
	}
	if count != labelCount {
		t.Errorf("labelCount must be %d", count)
	}
	for n := uint64(labelCount); n > 1; n /= 3 {
		if n%3 != 0 {
			t.Fatal("labelCount is no power of 3")
		}
	}
}

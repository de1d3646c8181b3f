package hashing

import (
	"encoding/binary"
	"sync"
)

// The encoding is a prefix code: every value opens with its tag, text has its length before it
// and collections a closing tag, so that different values never have the same encoding.
const (
	tagNull    = 'n'
	tagFalse   = 'F'
	tagTrue    = 'T'
	tagInt     = 'i' // zigzag varint
	tagDecimal = 'd' // exponent, sign, digits; only what is no int64
	tagAmount  = 'q' // a quantity: exponent, sign, digits
	tagString  = 's' // length, bytes
	tagBytes   = 'b' // length, bytes
	tagTime    = 't' // seconds since 1970, nanoseconds
	tagList    = '['
	tagListEnd = ']'
	tagObject  = '{' // entries by key: tagKey, length, bytes, value
	tagKey     = 'k'
	tagEnd     = '}'
)

const (
	maxDepth = 256
	maxBytes = 16 << 20
	maxKept  = 64 << 10 // a larger buffer is not pooled
)

// writer builds the encoding of one template.
type writer struct {
	buf   []byte
	tmp   []byte   // scratch between two appends to buf
	keys  []string // sorted keys of the unstructured objects being written
	spans []span   // entries of the typed maps being written
	own   []string // labels left out
	depth int
}

var writers = sync.Pool{New: func() any { return new(writer) }}

func newWriter(own []string) *writer {
	w := writers.Get().(*writer)
	w.buf = append(w.buf[:0], domain...)
	w.own, w.depth = own, 0
	return w
}

// release gives the writer back without the references into the template that it holds.
func (w *writer) release() {
	clear(w.keys[:cap(w.keys)])
	w.keys, w.spans, w.own = w.keys[:0], w.spans[:0], nil
	if cap(w.buf)+cap(w.tmp)+16*cap(w.keys) <= maxKept {
		writers.Put(w)
	}
}

// owns reports whether the label is left out.
func (w *writer) owns(label string) bool {
	if len(w.own) == 0 {
		return label == DefaultLabel
	}
	for _, key := range w.own {
		if key == label {
			return true
		}
	}
	return false
}

// enter opens a level; leave closes it.
func (w *writer) enter() *Error {
	if w.depth++; w.depth > maxDepth || len(w.buf) > maxBytes {
		return &Error{Err: ErrLimit}
	}
	return nil
}

func (w *writer) leave() { w.depth-- }

func (w *writer) tag(t byte) { w.buf = append(w.buf, t) }

func (w *writer) bool(b bool) {
	if b {
		w.tag(tagTrue)
		return
	}
	w.tag(tagFalse)
}

func (w *writer) int(i int64) { w.buf = binary.AppendVarint(append(w.buf, tagInt), i) }

func (w *writer) string(s string) { w.buf = appendText(w.buf, tagString, s) }

func (w *writer) key(s string) { w.buf = appendText(w.buf, tagKey, s) }

func appendText[T string | []byte](buf []byte, tag byte, s T) []byte {
	if len(s) < 0x80 { // as AppendUvarint
		return append(append(buf, tag, byte(len(s))), s...)
	}
	return append(binary.AppendUvarint(append(buf, tag), uint64(len(s))), s...)
}

// emptiness says which written values stand for nothing and are taken back.
type emptiness uint8

const (
	keep      emptiness = iota // none
	dropNull                   // null and []
	dropEmpty                  // null, [] and {}
)

// dropped takes back the entry begun at start, key included, if the value that follows the key
// at mark stands for nothing.
func (w *writer) dropped(start, mark int, e emptiness) {
	switch written := w.buf[mark:]; {
	case e == keep:
	case len(written) == 1 && written[0] == tagNull,
		len(written) == 2 && written[0] == tagList,
		len(written) == 2 && written[0] == tagObject && e == dropEmpty:
		w.buf = w.buf[:start]
	}
}

// isNull reports whether nothing but a null was written since mark.
func (w *writer) isNull(mark int) bool {
	return len(w.buf) == mark+1 && w.buf[mark] == tagNull
}

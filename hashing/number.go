package hashing

import (
	"cmp"
	"encoding/binary"
	"math"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/api/resource"
)

// maxExponent bounds the exponent of a decimal number.
const maxExponent = 1 << 20

// float writes a floating point number of 32 or 64 bits by the shortest decimal text that reads
// back as the same number, which is the one encoding/json writes.
func (w *writer) float(f float64, bits int) *Error {
	switch {
	case math.IsNaN(f) || math.IsInf(f, 0):
		return unsupported(strconv.FormatFloat(f, 'g', -1, 64))
	case f == math.Trunc(f) && math.Abs(f) < 1<<53 && bits == 64:
		w.int(int64(f))
		return nil
	}
	return w.number(strconv.FormatFloat(f, 'e', -1, bits))
}

// uint writes an unsigned number, which may be larger than any int64.
func (w *writer) uint(u uint64) *Error {
	if u <= math.MaxInt64 {
		w.int(int64(u))
		return nil
	}
	return w.number(strconv.FormatUint(u, 10))
}

// number writes a JSON number by its exact value; like encoding/json it takes "" for 0.
func (w *writer) number(text string) *Error {
	d, ok := parseDecimal(text)
	if !ok && text != "" {
		return unsupported("number " + strconv.Quote(text))
	}
	if i, ok := d.int64(); ok {
		w.int(i)
		return nil
	}
	w.decimal(tagDecimal, d)
	return nil
}

// quantity writes a quantity by value. AsCanonicalBytes only reads, and not even the text that
// String leaves behind; AsDec would change the quantity.
func (w *writer) quantity(q *resource.Quantity) {
	if i, ok := q.AsInt64(); ok {
		w.wholeAmount(i)
		return
	}
	digits, exponent := q.AsCanonicalBytes(w.tmp[:0])
	w.tmp = digits[:0]
	w.amount(digits, int(exponent))
}

// wholeAmount is amount for a whole number.
func (w *writer) wholeAmount(i int64) {
	exponent, sign := byte(0), byte(tagFalse)
	u := uint64(i)
	if i < 0 {
		u, sign = -u, tagTrue
	}
	for u != 0 && u%10 == 0 {
		u /= 10
		exponent++
	}
	w.buf = append(w.buf, tagAmount, 2*exponent, sign, 0)
	mark := len(w.buf)
	if u != 0 {
		w.buf = strconv.AppendUint(w.buf, u, 10)
	}
	w.buf[mark-1] = byte(len(w.buf) - mark)
}

// amount writes the quantity of these digits, maybe signed, and exponent of ten.
func (w *writer) amount(digits []byte, exponent int) {
	d := decimal{exponent: exponent}
	if len(digits) > 0 && digits[0] == '-' {
		d.negative, digits = true, digits[1:]
	}
	for len(digits) > 0 && digits[len(digits)-1] == '0' {
		digits = digits[:len(digits)-1]
		d.exponent++
	}
	if len(digits) == 0 {
		d = decimal{}
	}
	w.decimalHead(tagAmount, d, len(digits))
	w.buf = append(w.buf, digits...)
}

// amountText writes the quantity that a text spells and reports whether it spells one. Absurd
// exponents, which take apimachinery's parser hours, are none.
func (w *writer) amountText(s string) bool {
	if len(s) > 32 {
		return false
	}
	if at := strings.IndexAny(s, "eE"); at >= 0 {
		e, err := strconv.Atoi(s[at+1:])
		if at+1 < len(s) && s[at+1] != 'i' && (err != nil || e > 64 || e < -64) {
			return false
		}
	}
	q, err := resource.ParseQuantity(s)
	if err != nil {
		return false
	}
	w.quantity(&q)
	return true
}

// decimal is a number in lowest terms: no zeros at either end of digits, and the zero value for
// zero.
type decimal struct {
	negative bool
	digits   string
	exponent int // of ten, of the last digit
}

func (w *writer) decimal(tag byte, d decimal) {
	w.decimalHead(tag, d, len(d.digits))
	w.buf = append(w.buf, d.digits...)
}

func (w *writer) decimalHead(tag byte, d decimal, digits int) {
	w.buf = binary.AppendVarint(append(w.buf, tag), int64(d.exponent))
	w.bool(d.negative)
	w.buf = binary.AppendUvarint(w.buf, uint64(digits))
}

// parseDecimal reads a number in the syntax of JSON, leading zeros allowed.
func parseDecimal(text string) (decimal, bool) {
	mantissa, exponent := text, 0
	if at := strings.IndexAny(text, "eE"); at >= 0 {
		e, err := strconv.Atoi(text[at+1:])
		if err != nil || e > maxExponent || e < -maxExponent {
			return decimal{}, false
		}
		mantissa, exponent = text[:at], e
	}
	mantissa, negative := strings.CutPrefix(mantissa, "-")
	whole, fraction, dotted := strings.Cut(mantissa, ".")
	if !isDigits(whole) || dotted && !isDigits(fraction) {
		return decimal{}, false
	}
	return lowest(negative, whole+fraction, exponent-len(fraction)), true
}

func lowest(negative bool, digits string, exponent int) decimal {
	digits = strings.TrimLeft(digits, "0")
	trimmed := strings.TrimRight(digits, "0")
	if trimmed == "" {
		return decimal{}
	}
	return decimal{negative, trimmed, exponent + len(digits) - len(trimmed)}
}

func isDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

// text returns the number such that equal ones have equal texts.
func (d decimal) text() string {
	text := cmp.Or(d.digits, "0") + "e" + strconv.Itoa(d.exponent)
	if d.negative {
		return "-" + text
	}
	return text
}

// int64 returns the number if it is a whole one that fits.
func (d decimal) int64() (int64, bool) {
	if d.digits == "" {
		return 0, true
	}
	if d.exponent < 0 || len(d.digits)+d.exponent > 19 {
		return 0, false
	}
	text := d.digits + strings.Repeat("0", d.exponent)
	if d.negative {
		text = "-" + text
	}
	i, err := strconv.ParseInt(text, 10, 64)
	return i, err == nil
}

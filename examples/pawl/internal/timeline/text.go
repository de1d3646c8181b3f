package timeline

import (
	"encoding/xml"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/width"
)

// clean makes foreign text fit for a picture: what breaks lines becomes a space, what would turn the
// direction of writing or is no character of XML becomes visible.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsControl(r), unicode.Is(unicode.Bidi_Control, r), r == 0xFFFE, r == 0xFFFF:
			return utf8.RuneError
		}
		return r
	}, s)
}

// escape makes foreign text fit for the content and for the attributes of XML.
func escape(s string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(clean(s))) // to a Builder, which takes everything
	return b.String()
}

// bolder is how much wider text in bold is.
const bolder = 1.12

// extent is about how wide a text is drawn, rather too wide than too narrow.
func extent(s string, size float64) float64 {
	n := 0.0
	for _, r := range s {
		switch {
		case wideRune(r):
			n += 1.05
		case strings.ContainsRune("iljtfr.,:;'|()[] -", r):
			n += 0.39
		case unicode.IsUpper(r), strings.ContainsRune("mwMW%@", r):
			n += 0.8
		default:
			n += 0.62
		}
	}
	return n * size
}

func wideRune(r rune) bool {
	if r < 0x1100 { // where the first of them are
		return false
	}
	k := width.LookupRune(r).Kind()
	return k == width.EastAsianWide || k == width.EastAsianFullwidth
}

// wrap breaks a text into lines that are no wider than limit. A word that is, is broken itself.
func wrap(s string, size, limit float64) []string {
	var lines []string
	line := ""
	for _, word := range strings.Fields(clean(s)) {
		for {
			with := strings.TrimPrefix(line+" "+word, " ")
			if extent(with, size) <= limit {
				line = with
				break
			}
			if line != "" {
				lines = append(lines, line)
				line = ""
				continue
			}
			n := fitting(word, size, limit)
			lines = append(lines, word[:n])
			word = word[n:]
		}
	}
	if line != "" {
		lines = append(lines, line)
	}
	return lines
}

// mostLines bounds a text in a picture. A page has it in full.
const mostLines = 8

func shortened(lines []string) []string {
	if len(lines) > mostLines {
		return append(lines[:mostLines-1:mostLines-1], "…")
	}
	return lines
}

// fitting is how many bytes of a word fit; at least one character does.
func fitting(word string, size, limit float64) int {
	n := 0
	for i, r := range word {
		next := i + utf8.RuneLen(r)
		if n > 0 && extent(word[:next], size) > limit {
			break
		}
		n = next
	}
	return n
}

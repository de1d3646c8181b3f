package view

import (
	"iter"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/width"
)

// Ink says whether text is coloured. The zero value is plain.
type Ink bool

// InkFor says whether a terminal is to be coloured: not with NO_COLOR (https://no-color.org), nor
// where TERM is dumb. The argument is [os.Getenv] or the like.
func InkFor(getenv func(string) string) Ink {
	return getenv("NO_COLOR") == "" && getenv("TERM") != "dumb"
}

// colour is the parameter of an ANSI sequence.
type colour string

const (
	plain  colour = ""
	faint  colour = "2"
	red    colour = "31"
	green  colour = "32"
	yellow colour = "33"
	blue   colour = "94"
)

func (i Ink) paint(c colour, s string) string {
	if !i || c == plain || s == "" {
		return s
	}
	return "\x1b[" + string(c) + "m" + s + "\x1b[0m"
}

// clean makes foreign text fit for one line of a terminal: what breaks lines becomes a space, what
// would steer the terminal or turn the direction of writing becomes visible.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n', r == '\r', r == '\t', r == '\v', r == '\f', r == '\u2028', r == '\u2029':
			return ' '
		case unicode.IsControl(r), unicode.Is(unicode.Bidi_Control, r):
			return utf8.RuneError
		}
		return r
	}, s)
}

// parts are the pieces of a line with the columns that each takes: colours, which take none, and
// characters.
func parts(s string) iter.Seq2[string, int] {
	return func(yield func(string, int) bool) {
		for len(s) > 0 {
			n, columns := first(s)
			if !yield(s[:n], columns) {
				return
			}
			s = s[n:]
		}
	}
}

func first(s string) (bytes, columns int) {
	if strings.HasPrefix(s, "\x1b[") {
		if end := strings.IndexByte(s, 'm'); end > 0 {
			return end + 1, 0
		}
	}
	r, n := utf8.DecodeRuneInString(s)
	return n, runeColumns(r)
}

func runeColumns(r rune) int {
	if unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf) {
		return 0
	}
	switch width.LookupRune(r).Kind() {
	case width.EastAsianWide, width.EastAsianFullwidth:
		return 2
	}
	return 1
}

// columns is how many columns of a terminal a line takes.
func columns(s string) (n int) {
	for _, c := range parts(s) {
		n += c
	}
	return n
}

// cut shortens a line to a number of columns; an ellipsis stands for what is left out.
func cut(s string, limit int) string {
	if columns(s) <= limit {
		return s
	}
	var b strings.Builder
	used, coloured := 0, false
	for part, c := range parts(s) {
		if used+c > limit-1 {
			break
		}
		used += c
		coloured = coloured || part[0] == '\x1b'
		b.WriteString(part)
	}
	if limit > 0 {
		b.WriteString("…")
	}
	if coloured {
		b.WriteString("\x1b[0m")
	}
	return b.String()
}

// pad fills a line with spaces.
func pad(s string, to int) string {
	return s + strings.Repeat(" ", max(0, to-columns(s)))
}

// table lines up cells, two spaces apart. The last cell of a row makes no column wider.
func table(rows [][]string) []string {
	var widths []int
	for _, row := range rows {
		for i, c := range row[:max(0, len(row)-1)] {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], columns(c))
		}
	}
	lines := make([]string, len(rows))
	for i, row := range rows {
		var b strings.Builder
		for j, c := range row {
			if j < len(row)-1 {
				c = pad(c, widths[j]+2)
			}
			b.WriteString(c)
		}
		lines[i] = strings.TrimRight(b.String(), " ")
	}
	return lines
}

// text is lines, each with its end.
func text(lines []string) string {
	if len(lines) == 0 {
		return ""
	}
	return strings.Join(lines, "\n") + "\n"
}

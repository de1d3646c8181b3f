package view

import (
	"fmt"
	"io"
	"strings"
)

// Screen draws lines at the end of what a terminal shows, each time over those before, and prints
// what is to stay above them. It is not safe for concurrent use. Nothing else may write to the
// terminal between [Screen.Draw] and [Screen.Erase].
type Screen struct {
	W     io.Writer
	lines []string
	width int
}

// Draw replaces the lines drawn before. The width is that of the terminal now, in columns: when it
// has become narrower, what was drawn takes more rows. With 0 no line is taken to wrap.
func (s *Screen) Draw(width int, lines []string) error {
	return s.draw("", width, lines)
}

// Print prints text for good, above what is drawn.
func (s *Screen) Print(text string) error {
	if text != "" && !strings.HasSuffix(text, "\n") {
		text += "\n"
	}
	return s.draw(text, s.width, s.lines)
}

// Erase takes away what is drawn.
func (s *Screen) Erase() error { return s.draw("", s.width, nil) }

// draw makes one write of it all, so that nothing flickers.
func (s *Screen) draw(above string, width int, lines []string) error {
	var b strings.Builder
	if n := s.rows(width); n > 0 {
		fmt.Fprintf(&b, "\r\x1b[%dA\x1b[J", n) // up, and clear to the end
	}
	b.WriteString(above)
	b.WriteString(text(lines))
	s.lines, s.width = lines, width
	if b.Len() == 0 {
		return nil
	}
	_, err := io.WriteString(s.W, b.String())
	return err
}

// rows is how many rows the lines take in a terminal of a width.
func (s *Screen) rows(width int) (n int) {
	if width <= 0 {
		return len(s.lines)
	}
	for _, l := range s.lines {
		n += max(1, (columns(l)+width-1)/width)
	}
	return n
}

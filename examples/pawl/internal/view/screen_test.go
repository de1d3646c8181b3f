package view_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gopawl/pawl/examples/pawl/internal/view"
)

// terminal understands what a [view.Screen] writes, and wraps long lines. Its rows hold characters
// that are one column wide.
type terminal struct {
	t     *testing.T
	width int
	rows  []string
	row   int
	col   int
}

func (m *terminal) Write(p []byte) (int, error) {
	for s := string(p); s != ""; {
		var up, n int
		switch {
		case strings.HasPrefix(s, "\x1b[J"):
			m.rows, s = m.rows[:m.row], s[3:]
		case strings.HasPrefix(s, "\x1b["):
			if _, err := fmt.Sscanf(s, "\x1b[%dA", &up); err != nil || up > m.row {
				m.t.Fatalf("%q in row %d", s, m.row)
			}
			n = strings.IndexByte(s, 'A') + 1
			m.row, s = m.row-up, s[n:]
		default:
			m.put(s[0])
			s = s[1:]
		}
	}
	return len(p), nil
}

func (m *terminal) put(c byte) {
	switch {
	case c == '\r':
		m.col = 0
		return
	case c == '\n':
		m.line()
		m.row, m.col = m.row+1, 0
		return
	case m.col == m.width:
		m.row, m.col = m.row+1, 0
	}
	m.line()
	m.rows[m.row] += string(c)
	m.col++
}

func (m *terminal) line() {
	for len(m.rows) <= m.row {
		m.rows = append(m.rows, "")
	}
}

// TestScreen: whatever is drawn and printed, the terminal shows what was printed and then what was
// drawn last.
func TestScreen(t *testing.T) {
	for seed := range uint64(300) {
		rng := rand.New(rand.NewPCG(seed, 1))
		m := &terminal{t: t, width: 5 + rng.IntN(20)}
		s := view.Screen{W: m}
		var printed, drawn []string
		for range 30 {
			switch rng.IntN(5) {
			case 0:
				line := word(rng, 3*m.width)
				printed = append(printed, line)
				check(t, s.Print(line))
			case 1:
				drawn = nil
				check(t, s.Erase())
			default:
				drawn = nil
				for range rng.IntN(5) {
					drawn = append(drawn, word(rng, 2*m.width))
				}
				check(t, s.Draw(m.width, drawn))
			}
		}
		var want []string
		for _, l := range append(printed, drawn...) {
			for len(l) > m.width {
				want, l = append(want, l[:m.width]), l[m.width:]
			}
			want = append(want, l)
		}
		if diff := cmp.Diff(strings.Join(want, "\n"), strings.Join(m.rows, "\n")); diff != "" {
			t.Fatalf("seed %d (-want +shown):\n%s", seed, diff)
		}
	}
}

func word(rng *rand.Rand, longest int) string {
	return strings.Repeat(string(rune('a'+rng.IntN(26))), 1+rng.IntN(longest))
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// TestScreenAfterTheTerminalBecameNarrower: the lines drawn before have wrapped.
func TestScreenAfterTheTerminalBecameNarrower(t *testing.T) {
	var out bytes.Buffer
	s := view.Screen{W: &out}
	check(t, s.Draw(20, []string{"0123456789", "语语语", "\x1b[31mred\x1b[0m"}))
	out.Reset()
	check(t, s.Draw(5, []string{"x"}))
	if got, want := out.String(), "\r\x1b[5A\x1b[Jx\n"; got != want {
		t.Errorf("%q, not %q", got, want)
	}
}

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, errors.New("broken pipe") }

func TestScreenTellsOfABrokenTerminal(t *testing.T) {
	s := view.Screen{W: broken{}}
	if err := s.Erase(); err != nil {
		t.Errorf("nothing was to be written: %v", err)
	}
	if err := s.Print("x"); err == nil {
		t.Error("no error")
	}
}

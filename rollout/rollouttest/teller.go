package rollouttest

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gopawl/pawl/rollout"
	"github.com/gopawl/pawl/rollout/sim"
)

// teller writes down what happens, in the form of a transcript. The zero value tells nothing.
type teller struct {
	out   *strings.Builder
	clock *sim.Workload
	began time.Time
	line  time.Time // of the last line; zero at the beginning of a look
	said  string    // about the rollout
}

func (t *teller) begin(w *sim.Workload) { t.clock, t.began = w, w.Now() }

// look begins a look: its first line has the time in front.
func (t *teller) look() { t.line = time.Time{} }

// note tells one thing, after the time where that is another one.
func (t *teller) note(format string, args ...any) {
	if t.out == nil {
		return
	}
	at := ""
	if now := t.clock.Now(); !now.Equal(t.line) {
		at, t.line = seconds(now.Sub(t.began)), now
	}
	fmt.Fprintf(t.out, "%5s  %s\n", at, fmt.Sprintf(format, args...))
}

func seconds(d time.Duration) string {
	return strconv.FormatFloat(d.Seconds(), 'f', -1, 64) + "s"
}

// status tells where the rollout stands, where that is something new.
func (t *teller) status(s rollout.Status) {
	if said := fmt.Sprintf("%s: %s", s.Phase, s.Message); said != t.said {
		t.note("%s", said)
		t.said = said
	}
}

// state tells what is wanted and what there is.
func (t *teller) state(s rollout.State) {
	paused := ""
	if s.Paused {
		paused = ", paused"
	}
	fmt.Fprintf(t.out, "wanted: %d of %s%s\n", s.Replicas, s.Template, paused)
	for _, r := range s.Revisions {
		fmt.Fprintf(t.out, "%s (number %d): size %d, %d exist, %d available", r.Name, r.Number, r.Replicas, r.Actual, r.Available)
		if r.Terminating > 0 {
			fmt.Fprintf(t.out, ", %d terminating", r.Terminating)
		}
		t.out.WriteString("\n")
	}
	for _, template := range slices.Sorted(maps.Keys(s.Rejected)) {
		fmt.Fprintf(t.out, "%s is given up: %s\n", template, s.Rejected[template].Why)
	}
	for _, r := range s.Routes {
		fmt.Fprintf(t.out, "route %s: to %q, %d serving, %d stale\n", r.Name, r.To, r.Serving, r.Stale)
	}
}

// told is the answer of a block: what happened, what broke, and what there is now.
func (st *stage) told(err error) string {
	if err != nil {
		st.teller.note("breaks %v", err)
	}
	st.teller.state(st.truth())
	text := st.teller.out.String()
	st.teller.out.Reset()
	return fold(text)
}

// fold shortens what is said over and over.
func fold(text string) string {
	var folded strings.Builder
	last, times := "", 0
	for line := range strings.Lines(text) {
		if line != last {
			last, times = line, 0
		}
		if times++; times <= 3 {
			folded.WriteString(line)
		} else if times == 4 {
			folded.WriteString("       and so on\n")
		}
	}
	return folded.String()
}

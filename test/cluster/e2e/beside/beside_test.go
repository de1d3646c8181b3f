package beside

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestBesideADeployment fails where the sides differ and nothing says why, and where docs/beside.md
// says otherwise.
func TestBesideADeployment(t *testing.T) {
	r := newReport(t)
	all := make([][2]facts, len(stories))
	took := make([][2]time.Duration, len(stories))
	var said [2][]string
	t.Run("stories", func(t *testing.T) {
		for n, name := range []string{"kubectl", "pawl"} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				said[n] = speaks(t, n == 0)
			})
		}
		for i, s := range stories {
			for n, name := range []string{"Deployment", "Pawl"} {
				t.Run(name+" "+s.name, func(t *testing.T) {
					t.Parallel()
					p := begin(t, s, n == 0)
					p.seen = p.Observer()
					s.play(p)
					took[i][n] = time.Since(p.from)
					all[i][n] = p.facts(s)
				})
			}
		}
	})
	if t.Failed() {
		t.Fatal("what a story did not lead to cannot be compared")
	}
	if said[0] == nil || said[1] == nil || slices.ContainsFunc(all, func(s [2]facts) bool { return s[0] == nil || s[1] == nil }) {
		t.Skip("stories were left out by -run: nothing is compared")
	}
	var times strings.Builder
	times.WriteString("Seconds, on a machine that did other things as well: the sides can be compared, no more.\n\n| story | Deployment | Pawl |\n|---|---|---|\n")
	for i, s := range stories {
		r.story(s, all[i][0], all[i][1])
		fmt.Fprintf(&times, "| %s | %.1f | %.1f |\n", s.name, took[i][0].Seconds(), took[i][1].Seconds())
	}
	for i, v := range verbs {
		r.verb(v, said[0][i], said[1][i])
	}
	r.verb(verb{kubectl: "rollout status", pawl: "run"}, said[0][len(verbs)], said[1][len(verbs)]) // on the way
	manyTimes := ""
	if *large {
		manyTimes = measureLarge(t)
	}
	r.check(times.String(), manyTimes)
}

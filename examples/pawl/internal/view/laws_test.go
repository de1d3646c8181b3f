package view_test

import (
	"encoding/json"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode"

	"golang.org/x/text/width"

	"github.com/gopawl/pawl/examples/pawl/internal/view"
	"github.com/gopawl/pawl/history"
	"github.com/gopawl/pawl/rollout"
	"github.com/gopawl/pawl/rollout/sim"
)

// hostile are texts that a cluster may hold, and that break lines, steer terminals or are wide.
var hostile = []string{
	"web-5c9f", "", "网站网站网站", "e\u0301te\u0301", "👩‍🚀 crew", "a\nb\r\nc\td", "\x1b[2J\x1b[31mred", "\u202eabc", "\xff\xfe", "\u009b2J",
	strings.Repeat("long ", 40), "100%d %s %!",
}

func hostileState(rng *rand.Rand) rollout.State {
	word := func() string { return hostile[rng.IntN(len(hostile))] }
	s := rollout.State{Replicas: rng.Int32N(5), Template: word(), Now: time.Unix(1e9, 0)}
	for range rng.IntN(4) {
		r := rollout.Revision{Name: word(), Template: word(), Number: rng.Int64N(3), Replicas: rng.Int32N(5), Terminating: rng.Int32N(3)}
		r.Actual = rng.Int32N(1 << rng.IntN(30))
		r.Ready = rng.Int32N(r.Actual + 1)
		r.Available = rng.Int32N(r.Ready + 1)
		for range rng.IntN(3) {
			r.Problems = append(r.Problems, rollout.Problem{Replica: word(), Container: word(), Reason: word(), Message: word()})
		}
		s.Revisions = append(s.Revisions, r)
	}
	return s
}

// TestNoLineIsWiderThanTheTerminal counts columns in its own way.
func TestNoLineIsWiderThanTheTerminal(t *testing.T) {
	for seed := range uint64(2000) {
		rng := rand.New(rand.NewPCG(seed, 2))
		p := view.Progress{
			App: hostile[rng.IntN(len(hostile))], State: hostileState(rng),
			Status: rollout.Status{Phase: rollout.Progressing, Message: hostile[rng.IntN(len(hostile))]},
			Floor:  rng.Int32N(5), Ceiling: rng.Int32N(1 << rng.IntN(30)), Elapsed: time.Duration(rng.Int64()),
		}
		limit := 1 + rng.IntN(130)
		for _, l := range p.Lines(limit, rng.IntN(2) == 0) {
			if n := naiveColumns(l); n > limit {
				t.Fatalf("seed %d: %d columns in a terminal of %d: %q", seed, n, limit, l)
			}
		}
	}
}

var colours = regexp.MustCompile("\x1b\\[[0-9]+m")

func naiveColumns(line string) (n int) {
	for _, r := range colours.ReplaceAllString(line, "") {
		switch k := width.LookupRune(r).Kind(); {
		case unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf):
		case k == width.EastAsianWide || k == width.EastAsianFullwidth:
			n += 2
		default:
			n++
		}
	}
	return n
}

// TestNothingForeignSteersTheTerminal: what comes from a cluster breaks no line, and no control
// character of it is left.
func TestNothingForeignSteersTheTerminal(t *testing.T) {
	for seed := range uint64(300) {
		rng := rand.New(rand.NewPCG(seed, 3))
		word := func() string { return hostile[rng.IntN(len(hostile))] }
		s := hostileState(rng)
		status := rollout.Status{Phase: rollout.Progressing, Message: word()}
		a := view.App{Name: word(), Namespace: word(), Strategy: word(), State: s, Status: status, Images: map[string][]string{}}
		for _, r := range s.Revisions {
			a.Images[r.Name] = []string{word(), word()}
			a.Pods = append(a.Pods, view.Pod{Name: word(), Revision: r.Name, Status: word()})
		}
		plan := view.PlanOf(sim.Report{
			Steps: []sim.Step{{Name: word(), Step: rollout.Step{Action: rollout.Delete{Name: word()}, Why: word()}}},
			End:   rollout.Plan{Message: word()},
		})
		entry := history.Entry{Revision: rollout.Revision{Label: word()}, Note: history.Note{Cause: word()}}
		revision, err := view.Revision(word(), 1, entry, hostileTemplate(t, word))
		check(t, err)
		for what, text := range map[string]string{
			"progress": strings.Join(view.Progress{App: word(), State: s, Status: status}.Lines(80, false), "\n"),
			"problems": view.Problems(s), "tree": a.Tree(false), "plan": plan.Table(),
			"history": view.History(word(), []history.Entry{entry}), "revision": strings.ReplaceAll(revision, "\t", ""),
			"write": view.Write(rollout.Step{Action: rollout.Reject{Template: word(), Why: word()}, Why: word()}, word()),
		} {
			if i := strings.IndexFunc(text, steers); i >= 0 {
				t.Fatalf("seed %d: %s: %q", seed, what, text[i:])
			}
		}
	}
}

func steers(r rune) bool {
	return r != '\n' && unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r)
}

// hostileTemplate is the full template with every text in it replaced.
func hostileTemplate(t *testing.T, word func() string) map[string]any {
	t.Helper()
	var replace func(v any) any
	replace = func(v any) any {
		switch v := v.(type) {
		case map[string]any:
			for k := range v {
				if k != "resources" && k != "sizeLimit" { // quantities are checked when they are read
					v[k] = replace(v[k])
				}
			}
		case []any:
			for i := range v {
				v[i] = replace(v[i])
			}
		case string:
			return word()
		}
		return v
	}
	given := template(t, "testdata/template.yaml")
	replace(given)
	if _, err := json.Marshal(given); err != nil {
		t.Fatal(err)
	}
	return given
}

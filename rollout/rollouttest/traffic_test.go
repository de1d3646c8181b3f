package rollouttest_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/gopawl/pawl/rollout"
	"github.com/gopawl/pawl/rollout/rollouttest"
)

// sideBySide starts all of a new revision beside what serves behind the route web, switches the route,
// and ends the old revisions when the endpoints have followed. Its fields are mistakes.
type sideBySide struct {
	unpinned bool // starts what is new before the route is pinned
	hasty    bool // switches to what is not complete
	blind    bool // believes counts that are of another size
	early    bool // ends what served before the endpoints have followed
	first    bool // ends what serves before the switch
	newest   bool // takes what is newest for what serves, where the route does not say
	stuck    bool // leaves a route where it is once the template was given up
}

func (b sideBySide) Plan(s rollout.State) (rollout.Plan, error) {
	rejection, given := s.Rejected[s.Template]
	w := &sides{sideBySide: b, State: s, route: s.Routes[0]}
	w.live = w.serving()
	_, too := s.Rejected[w.live.Template]
	over := rollout.Plan{Phase: rollout.Complete, Message: "all are new"}
	if given {
		over = rollout.Plan{Phase: rollout.Failed, Message: rejection.Why}
	}
	switch {
	case given && b.stuck:
		return over, nil
	case given && (too || w.live.Name == ""):
		if !w.coming() {
			return over, nil
		}
	case given:
		w.Template = w.live.Template
		w.plan()
	default:
		w.plan()
	}
	switch {
	case w.done:
		return over, nil
	case s.Paused:
		return rollout.Plan{Phase: rollout.Paused, Message: "paused", Steps: w.steps}, nil
	}
	return rollout.Plan{Phase: rollout.Progressing, Message: "on the way", Steps: w.steps}, nil
}

// coming reports whether there are replicas of what was not given up that may serve later.
func (w *sides) coming() bool {
	return slices.ContainsFunc(w.Revisions, func(r rollout.Revision) bool {
		_, rejected := w.Rejected[r.Template]
		return !rejected && r.Available < r.Replicas
	})
}

type sides struct {
	sideBySide
	rollout.State
	route rollout.Route
	live  rollout.Revision
	steps []rollout.Step
	done  bool
}

func (w *sides) add(a rollout.Action, why string) {
	w.steps = append(w.steps, rollout.Step{Action: a, Why: why})
}

// serving is what the route points at, or else has most that are sure to stay.
func (w *sides) serving() (found rollout.Revision) {
	sure := func(r rollout.Revision) int32 { return r.Available - max(0, r.Ready-r.Replicas) }
	for _, r := range w.Revisions {
		if r.Template == w.route.To && (r.Replicas > 0 || w.Replicas == 0) {
			return r
		}
		if found.Name == "" || w.newest || sure(r) > sure(found) {
			found = r
		}
	}
	if found.Available == 0 {
		return rollout.Revision{}
	}
	return found
}

func (w *sides) plan() {
	now, found := w.New()
	full := found && now.Replicas == w.Replicas && now.Available >= w.Replicas
	whole := full && now.Observed
	newest := w.Revisions == nil || w.Revisions[len(w.Revisions)-1].Name == now.Name && now.Number > 0
	switch here := w.route.To == w.Template; {
	case w.live.Name != "" && w.route.To != w.live.Template && !w.unpinned:
		if !w.Paused || w.route.To == "" {
			w.add(rollout.Switch{Route: w.route.Name, To: w.live.Template}, "it serves")
		}
	case w.Paused:
	case !found:
		w.add(rollout.Create{Template: w.Template, Replicas: w.Replicas}, "it is new")
	case !newest:
		w.add(rollout.Adopt{Name: now.Name}, "it is wanted again")
	case now.Replicas < w.Replicas:
		w.scale(now, w.Replicas)
	case now.Replicas > w.Replicas:
		if w.route.Stale == 0 && (!here || now.Observed && now.Ready == now.Available) {
			w.scale(now, w.Replicas)
		}
	case !here && (whole || w.blind && full || w.hasty && now.Available > 0):
		w.add(rollout.Switch{Route: w.route.Name, To: w.Template}, "all are available")
	case !here && w.first:
		w.end(true)
	case !here && w.live.Replicas < w.Replicas && w.live.Name != "":
		w.scale(w.live, w.Replicas)
	case !here:
		w.end(false)
	case whole && (w.early || w.route.Stale == 0 && w.route.Serving >= w.Replicas):
		if w.end(true); len(w.steps) == 0 {
			w.settle(now)
		}
	}
}

// end ends the old revisions but for the one that serves, or that one too.
func (w *sides) end(live bool) {
	for _, r := range w.Old() {
		if r.Replicas > 0 && (live || w.route.Stale == 0 && r.Template != w.live.Template) {
			w.scale(r, 0)
		}
	}
}

func (w *sides) scale(r rollout.Revision, to int32) {
	w.add(rollout.Scale{Name: r.Name, From: r.Replicas, To: to}, fmt.Sprintf("%d wanted", w.Replicas))
}

func (w *sides) settle(now rollout.Revision) {
	total := w.Counts().Total
	if w.done = now.Observed && total == w.Replicas && !now.Settled.IsZero(); !w.done && total == w.Replicas {
		w.add(rollout.Settle{Name: now.Name}, "all are new")
	}
}

// webServes is what sideBySide promises.
func webServes() rollouttest.Options {
	all := func(replicas int32) int32 { return replicas }
	return rollouttest.Options{
		Routes:   []string{"web"},
		Promises: rollouttest.Promises{Traffic: map[string]func(int32) int32{"web": all}},
	}
}

func TestTrafficIsKept(t *testing.T) {
	o := webServes()
	o.Rollouts = 500
	report, err := rollouttest.Check(sideBySide{}, o)
	total := report.Total()
	t.Log(report)
	if err != nil || total.Completed != 500 || total.GivenUp == 0 || total.Switches < 500 {
		t.Error(err)
	}
}

// TestMistakesAboutTrafficAreFound also holds each to be found for what it is.
func TestMistakesAboutTrafficAreFound(t *testing.T) {
	for name, c := range map[string]struct {
		strategy rollout.Strategy
		in       rollouttest.Weather
		says     string
	}{
		"unpinned": {sideBySide{unpinned: true}, rollouttest.Calm, "gets its first replicas while route web is pinned to nothing"},
		"hasty":    {sideBySide{hasty: true}, rollouttest.Calm, "is switched from"},
		"blind":    {sideBySide{blind: true}, rollouttest.Calm, "(observed: false)"},
		"early":    {sideBySide{early: true}, rollouttest.Calm, "lowers what is sure to be available of"},
		"first":    {sideBySide{first: true}, rollouttest.Calm, "lowers what is sure to be available of"},
		"newest":   {sideBySide{newest: true}, rollouttest.Stormy, `is switched from ""`},
		"stuck":    {sideBySide{stuck: true}, rollouttest.Wild, "at the end nothing gets the traffic of route web"},
	} {
		t.Run(name, func(t *testing.T) {
			o := webServes()
			o.Weathers = []rollouttest.Weather{c.in}
			_, err := rollouttest.Check(c.strategy, o)
			var f *rollouttest.Failure
			if !errors.As(err, &f) || f.Law != "traffic" || !strings.Contains(f.Err.Error(), c.says) {
				t.Fatalf("found %v", err)
			}
			t.Log(f)
			shortest(t, c.strategy, o, f)
		})
	}
}

package strategies_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/gopawl/pawl/rollout"
)

type rollingCase struct {
	Replicas                 int32
	MaxSurge, MaxUnavailable any
	Readiness                string
	Trace                    []moment
	Final                    struct{ Complete bool }
}

// moment is one entry of a trace: what one reconcile ("sync") left, or what the world made of it
// ("tick").
type moment struct {
	K                            string
	New, NewAvail, Old, OldAvail int32
}

func (m moment) String() string { return fmt.Sprintf("%d/%d+%d", m.New, m.NewAvail, m.Old) }

// TestRollingWritesWhatTheDeploymentControllerWrites compares the sizes before each tick. What
// the controller writes in several reconciles may be one plan of ours, but nothing that we
// write lies outside of what it wrote.
func TestRollingWritesWhatTheDeploymentControllerWrites(t *testing.T) {
	const file = "rolling_grid.json"
	j := newJudge(t, file)
	cases := load[rollingCase](t, file)
	for i, c := range cases {
		key := fmt.Sprintf("%v/%v of %d, ready %s", c.MaxSurge, c.MaxUnavailable, c.Replicas, c.Readiness)
		theirs := ""
		for n, m := range c.Trace {
			if n == len(c.Trace)-1 || c.Trace[n+1].K == "tick" {
				theirs += m.String() + " "
			}
		}
		theirs += fmt.Sprint(c.Final.Complete)
		j.check(i, key, theirs, replay(t, c))
	}
	j.done(len(cases), 0)
}

// replay answers a trace: our sizes before each tick, and whether we end complete.
func replay(t *testing.T, c rollingCase) (answer string) {
	s, err := rolling(c.MaxSurge, c.MaxUnavailable)
	if err != nil {
		t.Fatal(err)
	}
	w := standIn{replicas: c.Replicas, old: c.Replicas}
	for n, m := range c.Trace {
		switch {
		case m.K == "tick":
			w.available = min(w.size, m.NewAvail)
		case n == len(c.Trace)-1 || c.Trace[n+1].K == "tick":
			for _, on := range w.burst(t, s) {
				if on.New > m.New || on.Old < m.Old {
					t.Errorf("%v/%v of %d: writes %v on the way to %v", c.MaxSurge, c.MaxUnavailable, c.Replicas, on, m)
				}
			}
			answer += w.moment().String() + " "
		}
	}
	return answer + fmt.Sprint(w.complete)
}

// standIn is the world of the oracle: old replicas come and go at once, new ones become
// available at a tick.
type standIn struct {
	replicas, old   int32
	size, available int32 // of the new revision
	found, settled  bool
	complete        bool
}

func (w *standIn) moment() moment {
	return moment{New: w.size, NewAvail: w.available, Old: w.old, OldAvail: w.old}
}

func (w *standIn) state() rollout.State {
	old := revision("old", "v1", w.old, w.old)
	old.Number = 1
	s := rollout.State{Replicas: w.replicas, Template: "v2", Revisions: []rollout.Revision{old}}
	if w.found {
		r := revision("new", "v2", w.size, w.available)
		r.Number, r.Created = 2, time.Unix(1, 0)
		if w.settled {
			r.Settled = time.Unix(2, 0)
		}
		s.Revisions = append(s.Revisions, r)
	}
	return s
}

// revision is one whose controller has done all it can.
func revision(name, template string, size, available int32) rollout.Revision {
	return rollout.Revision{
		Name: name, Template: template, Observed: true,
		Replicas: size, Actual: size, Ready: available, Available: available,
	}
}

// burst plans and writes until nothing is left to do. It returns every pair of sizes on the way.
func (w *standIn) burst(t *testing.T, s rollout.Strategy) (on []moment) {
	t.Helper()
	for range 20 {
		plan, err := s.Plan(w.state())
		if err != nil {
			t.Fatal(err)
		}
		w.complete = plan.Phase == rollout.Complete
		if len(plan.Steps) == 0 {
			return on
		}
		for _, step := range plan.Steps {
			w.write(t, step.Action)
			on = append(on, w.moment())
		}
	}
	t.Fatal("never quiet")
	return nil
}

func (w *standIn) write(t *testing.T, a rollout.Action) {
	t.Helper()
	switch a := a.(type) {
	case rollout.Create:
		w.found, w.size = true, a.Replicas
	case rollout.Scale:
		if a.Name == "old" {
			w.old = a.To
		} else {
			w.size = a.To
		}
	case rollout.Settle:
		w.settled = true
	default:
		t.Fatalf("unexpected %v", a)
	}
}

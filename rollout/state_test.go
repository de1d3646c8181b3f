package rollout_test

import (
	"errors"
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gopawl/pawl/rollout"
)

func made(name, template string, at int64) rollout.Revision {
	return rollout.Revision{Name: name, Template: template, Created: time.Unix(at, 0)}
}

func TestNewIsTheOldestOfTheWantedTemplate(t *testing.T) {
	s := rollout.State{Template: "v2", Revisions: []rollout.Revision{
		made("late", "v2", 3), made("b", "v1", 2), made("z", "v2", 1), made("a", "v2", 1), made("c", "v3", 0),
	}}
	if r, ok := s.New(); !ok || r.Name != "a" {
		t.Errorf("new is %q, %v", r.Name, ok)
	}
	var old []string
	for _, r := range s.Old() {
		old = append(old, r.Name)
	}
	if diff := cmp.Diff([]string{"c", "z", "b", "late"}, old); diff != "" {
		t.Errorf("old (-want +got)\n%s", diff)
	}
	if first := s.Revisions[0].Name; first != "late" {
		t.Errorf("Old sorted the state: %q is first", first)
	}
}

func TestOldIsEverythingWhereNothingIsNew(t *testing.T) {
	s := rollout.State{Template: "v9", Revisions: []rollout.Revision{made("a", "v1", 1)}}
	if _, ok := s.New(); ok || len(s.Old()) != 1 {
		t.Error(s.Old())
	}
}

func TestCounts(t *testing.T) {
	s := rollout.State{Template: "v2", Revisions: []rollout.Revision{
		{Name: "a", Template: "v1", Actual: 4, Ready: 3, Available: 2, Terminating: 1},
		{Name: "b", Template: "v2", Actual: 3, Ready: 2, Available: 1, Terminating: 2},
	}}
	want := rollout.Counts{Total: 7, Updated: 3, Ready: 5, Available: 3, Terminating: 3}
	if diff := cmp.Diff(want, s.Counts()); diff != "" {
		t.Error(diff)
	}
}

func TestValidateNamesWhatIsWrong(t *testing.T) {
	valid := func() rollout.State {
		return rollout.State{Template: "v1", Replicas: 1, Revisions: []rollout.Revision{{Name: "a", Ready: 2, Available: 2}, {Name: "b"}}}
	}
	if err := valid().Validate(); err != nil {
		t.Error(err)
	}
	for path, change := range map[string]func(*rollout.State){
		"template":                 func(s *rollout.State) { s.Template = "" },
		"replicas":                 func(s *rollout.State) { s.Replicas = -1 },
		"revisions.name":           func(s *rollout.State) { s.Revisions[1].Name = "a" },
		"revisions[a].replicas":    func(s *rollout.State) { s.Revisions[0].Replicas = math.MinInt32 },
		"revisions[a].actual":      func(s *rollout.State) { s.Revisions[0].Actual = -1 },
		"revisions[b].ready":       func(s *rollout.State) { s.Revisions[1].Ready = -1 },
		"revisions[b].available":   func(s *rollout.State) { s.Revisions[1].Available = 1 },
		"revisions[b].terminating": func(s *rollout.State) { s.Revisions[1].Terminating = -1 },
	} {
		s := valid()
		change(&s)
		var invalid *rollout.InvalidError
		if err := s.Validate(); !errors.As(err, &invalid) || invalid.Path != path {
			t.Errorf("%s: %v", path, err)
		}
	}
	unnamed := valid()
	unnamed.Revisions[0].Name = ""
	if unnamed.Validate() == nil {
		t.Error("a revision without a name is valid")
	}
}

func TestStatusSame(t *testing.T) {
	at := time.Unix(1000, 0)
	base := rollout.Status{Phase: rollout.Progressing, Message: "m", Template: "v1", Replicas: 3, Progressed: at}
	for name, c := range map[string]struct {
		change func(*rollout.Status)
		same   bool
	}{
		"nothing":      {func(*rollout.Status) {}, true},
		"writes":       {func(s *rollout.Status) { s.Writes = 1 }, true},
		"requeue":      {func(s *rollout.Status) { s.RequeueAfter = 1 }, true},
		"another zone": {func(s *rollout.Status) { s.Progressed = at.In(time.FixedZone("x", 3600)) }, true},
		"progressed":   {func(s *rollout.Status) { s.Progressed = at.Add(1) }, false},
		"phase":        {func(s *rollout.Status) { s.Phase = rollout.Waiting }, false},
		"message":      {func(s *rollout.Status) { s.Message = "n" }, false},
		"counts":       {func(s *rollout.Status) { s.Terminating = 1 }, false},
	} {
		other := base
		c.change(&other)
		if base.Same(other) != c.same || other.Same(base) != c.same {
			t.Errorf("%s: same is not %v", name, c.same)
		}
	}
	for _, phase := range []rollout.Phase{rollout.Paused, rollout.Waiting} {
		held, later := base, base
		held.Phase, later.Phase, later.Progressed = phase, phase, at.Add(time.Hour)
		if !held.Same(later) {
			t.Errorf("%s: the base of deadlines that moves along is something new", phase)
		}
	}
}

func TestPhaseOver(t *testing.T) {
	for phase, over := range map[rollout.Phase]bool{
		"": false, rollout.Progressing: false, rollout.Waiting: false, rollout.Paused: false,
		rollout.Complete: true, rollout.Failed: true, rollout.RolledBack: true,
	} {
		if phase.Over() != over {
			t.Errorf("%q: over is %v", phase, phase.Over())
		}
	}
}

func TestActionsArePrintable(t *testing.T) {
	for want, a := range map[string]rollout.Action{
		"create v2 with 3":          rollout.Create{Template: "v2", Replicas: 3},
		"adopt a":                   rollout.Adopt{Name: "a"},
		"scale a from 1 to 2":       rollout.Scale{Name: "a", From: 1, To: 2},
		"refresh a at 2":            rollout.Scale{Name: "a", From: 2, To: 2},
		"switch live to v2":         rollout.Switch{Route: "live", To: "v2"},
		"settle a":                  rollout.Settle{Name: "a"},
		"reject v2: does not work":  rollout.Reject{Template: "v2", Why: "does not work"},
		"reject v2, back to v1: it": rollout.Reject{Template: "v2", Why: "it", BackTo: "v1"},
		"delete a":                  rollout.Delete{Name: "a"},
	} {
		if a.String() != want {
			t.Errorf("%q, want %q", a, want)
		}
	}
}

package sim_test

import (
	"testing"
	"time"

	"github.com/gopawl/pawl/rollout"
	"github.com/gopawl/pawl/rollout/sim"
)

func TestAddedRevisionIsOneLikeOthers(t *testing.T) {
	w := sim.New(rollout.State{Replicas: 2, Template: "v1", Revisions: []rollout.Revision{serving("v1", 2)}},
		sim.Options{StartUp: sim.After(time.Second)})
	if name := w.Add(rollout.Revision{Template: "v1", Replicas: 3}); name != "v1-2" {
		t.Fatalf("named %q", name)
	}
	if name := w.Add(serving("own", 1)); name != "own" {
		t.Errorf("named %q", name)
	}
	if got, want := counts(t, w, "own"), [5]int32{1, 1, 1, 1, 0}; got != want {
		t.Errorf("made of its counts: %v, want %v", got, want)
	}
	if got := observe(t, w).Revisions[0]; got.Name != "v1-2" || got.Number != 0 || got.Observed {
		t.Errorf("%+v", got)
	}
	w.Advance(time.Second)
	if got, want := counts(t, w, "v1-2"), [5]int32{3, 3, 3, 3, 0}; got != want {
		t.Errorf("its controller makes %v, want %v", got, want)
	}
	apply(t, w, rollout.Scale{Name: "v1-2", From: 3, To: 0})
}

func TestRemovedRevisionIsGoneWithItsPods(t *testing.T) {
	w := sim.New(rollout.State{Replicas: 2, Template: "v1", Revisions: []rollout.Revision{serving("v1", 2)}}, sim.Options{})
	if !w.Remove("v1") || w.Remove("v1") {
		t.Error("removed not once")
	}
	if s := observe(t, w); len(s.Revisions) != 0 || len(w.Pods("v1")) != 0 {
		t.Errorf("%+v", s)
	}
	apply(t, w, rollout.Create{Template: "v1", Replicas: 1})
}

func TestEditLeavesNameSizeAndCounts(t *testing.T) {
	w := sim.New(rollout.State{Replicas: 2, Template: "v1", Revisions: []rollout.Revision{serving("v1", 2)}}, sim.Options{})
	edit := func(r *rollout.Revision) {
		*r = rollout.Revision{Name: "v9", Template: "v2", Outdated: true, Replicas: 7, Actual: 7}
	}
	if !w.Edit("v1", edit) || w.Edit("v9", edit) {
		t.Error("edited not once")
	}
	got := observe(t, w).Revisions[0]
	if got.Name != "v1" || got.Template != "v2" || !got.Outdated || got.Number != 0 || !got.Observed {
		t.Errorf("%+v", got)
	}
	if got, want := counts(t, w, "v1"), [5]int32{2, 2, 2, 2, 0}; got != want {
		t.Errorf("%v, want %v", got, want)
	}
}

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

// A route that is pointed back before its endpoints have followed never leaves.
func TestRoutePointedBackInTime(t *testing.T) {
	lags := []time.Duration{3 * time.Second, 0}
	w := sim.New(rollout.State{
		Replicas: 2, Template: "v2", Routes: []rollout.Route{{Name: "svc", To: "v1"}},
		Revisions: []rollout.Revision{serving("v1", 2), serving("v2", 1)},
	}, sim.Options{Routing: func(string) time.Duration {
		lag := lags[0]
		lags = lags[1:]
		return lag
	}})
	apply(t, w, rollout.Switch{Route: "svc", To: "v2"})
	w.Advance(time.Second)
	if r := observe(t, w).Routes[0]; r.Serving != 0 || r.Stale != 2 {
		t.Errorf("on its way: %+v", r)
	}
	apply(t, w, rollout.Switch{Route: "svc", To: "v1"})
	if r := observe(t, w).Routes[0]; r.Serving != 2 || r.Stale != 0 {
		t.Errorf("back: %+v", r)
	}
	apply(t, w, rollout.Switch{Route: "svc", To: "v1"}) // asks for no lag
}

func TestRetryTakesRejectionsBack(t *testing.T) {
	w := sim.New(rollout.State{Template: "v2", Rejected: map[string]rollout.Rejection{"v1": {Why: "slow"}}}, sim.Options{})
	apply(t, w, rollout.Reject{Template: "v2", Why: "slower"})
	if n := len(observe(t, w).Rejected); n != 2 {
		t.Fatalf("%d rejected", n)
	}
	w.Retry()
	if s := observe(t, w); len(s.Rejected) != 0 {
		t.Errorf("still rejected: %v", s.Rejected)
	}
	apply(t, w, rollout.Reject{Template: "v2", Why: "again"})
	if got := observe(t, w).Rejected["v2"].Why; got != "again" {
		t.Errorf("rejected for %q", got)
	}
}

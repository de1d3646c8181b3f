package sim_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gopawl/pawl/rollout"
	"github.com/gopawl/pawl/rollout/sim"
)

func serving(template string, n int32) rollout.Revision {
	return rollout.Revision{
		Name: template, Template: template, Number: 1, Observed: true,
		Replicas: n, Actual: n, Ready: n, Available: n,
	}
}

func observe(t *testing.T, w *sim.Workload) rollout.State {
	t.Helper()
	s, err := w.Observe(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func apply(t *testing.T, w *sim.Workload, actions ...rollout.Action) {
	t.Helper()
	for _, a := range actions {
		if err := w.Apply(context.Background(), a); err != nil {
			t.Fatal(err)
		}
	}
}

// counts are the counts of one revision, in the order of the fields.
func counts(t *testing.T, w *sim.Workload, name string) [5]int32 {
	t.Helper()
	for _, r := range observe(t, w).Revisions {
		if r.Name == name {
			return [5]int32{r.Replicas, r.Actual, r.Ready, r.Available, r.Terminating}
		}
	}
	t.Fatalf("no revision %s", name)
	return [5]int32{}
}

func TestNewShowsTheStateItWasMadeFrom(t *testing.T) {
	from := rollout.State{
		Now: time.Unix(1000, 0), Replicas: 4, Template: "v2", Paused: true,
		Revisions: []rollout.Revision{
			{Name: "a", Template: "v1", Number: 1, Replicas: 3, Actual: 4, Ready: 3, Available: 2, Terminating: 2, ReadySince: time.Unix(1000, 0),
				Problems: []rollout.Problem{{Reason: "x"}}, Facts: map[string]int64{"zone": 1}},
			{Name: "b", Template: "v2", Number: 2, Replicas: 1, Observed: true},
		},
		Routes:   []rollout.Route{{Name: "svc", To: "v1", Serving: 3}},
		Rejected: map[string]rollout.Rejection{"v0": {Why: "bad"}},
		Verdicts: map[string]rollout.Verdict{"g": {Answer: rollout.Open}},
		Last:     rollout.Status{Phase: rollout.Progressing},
	}
	w := sim.New(from, sim.Options{StartUp: sim.After(time.Second), MinReady: time.Second, Stop: time.Second})
	if diff := cmp.Diff(from, observe(t, w)); diff != "" {
		t.Errorf("(-from +shown)\n%s", diff)
	}
}

func TestObserveSharesNothing(t *testing.T) {
	w := sim.New(rollout.State{
		Template: "v1", Rejected: map[string]rollout.Rejection{"x": {Why: "y"}}, Routes: []rollout.Route{{Name: "r"}},
		Revisions: []rollout.Revision{{Name: "a", Template: "v1", Facts: map[string]int64{"n": 1}, Problems: []rollout.Problem{{Reason: "p"}}}},
	}, sim.Options{})
	want := observe(t, w)
	got := observe(t, w)
	got.Rejected["z"], got.Revisions[0].Facts["n"], got.Revisions[0].Problems[0].Reason = rollout.Rejection{}, 2, "q"
	got.Revisions[0].Name, got.Routes[0].Name = "b", "s"
	if diff := cmp.Diff(want, observe(t, w)); diff != "" {
		t.Error(diff)
	}
}

func TestPodsLiveThroughTheirStages(t *testing.T) {
	w := sim.New(rollout.State{Replicas: 2, Template: "v1"}, sim.Options{
		StartUp: sim.After(4 * time.Second), MinReady: 3 * time.Second, Stop: 5 * time.Second,
		React: func(string) time.Duration { return time.Second },
	})
	begin := w.Now()
	apply(t, w, rollout.Create{Template: "v1", Replicas: 2})
	want := func(at time.Duration, c [5]int32) {
		t.Helper()
		if got := w.Now().Sub(begin); got != at {
			t.Errorf("now %v, want %v", got, at)
		}
		if got := counts(t, w, "v1"); got != c {
			t.Errorf("after %v: %v, want %v", at, got, c)
		}
	}
	want(0, [5]int32{2, 0, 0, 0, 0})
	for _, stage := range []struct {
		at time.Duration
		c  [5]int32
	}{{1, [5]int32{2, 2, 0, 0, 0}}, {5, [5]int32{2, 2, 2, 0, 0}}, {8, [5]int32{2, 2, 2, 2, 0}}} {
		w.Next()
		want(stage.at*time.Second, stage.c)
	}
	if _, more := w.Next(); more {
		t.Error("something else is to happen")
	}
	apply(t, w, rollout.Scale{Name: "v1", From: 2, To: 1})
	want(8*time.Second, [5]int32{2 - 1, 2, 2, 2, 0})
	w.Advance(1500 * time.Millisecond)
	want(9500*time.Millisecond, [5]int32{1, 1, 1, 1, 1})
	w.Next()
	want(14*time.Second, [5]int32{1, 1, 1, 1, 0})
}

func TestPodsThatAreNotReadyGoFirst(t *testing.T) {
	start := func(_ string, n int) time.Duration {
		if n == 1 {
			return sim.Never
		}
		return time.Duration(n) * time.Second
	}
	w := sim.New(rollout.State{Replicas: 3, Template: "v1"}, sim.Options{StartUp: start})
	apply(t, w, rollout.Create{Template: "v1", Replicas: 3})
	w.Advance(2 * time.Second) // 2 is ready, 1 and 3 are not
	apply(t, w, rollout.Scale{Name: "v1", From: 3, To: 1})
	w.Tick()
	if got, want := counts(t, w, "v1"), [5]int32{1, 1, 1, 1, 0}; got != want {
		t.Errorf("%v, want %v", got, want)
	}
}

func TestOrderChoosesAmongReadyPods(t *testing.T) {
	for _, o := range []struct {
		name  string
		order func(a, b sim.Pod) int
		left  int
	}{
		{"newest first", nil, 1},
		{"chosen", func(a, b sim.Pod) int { return a.ID - b.ID }, 3},
	} {
		w := sim.New(rollout.State{Replicas: 3, Template: "v1", Revisions: []rollout.Revision{serving("v1", 3)}}, sim.Options{Order: o.order})
		apply(t, w, rollout.Scale{Name: "v1", From: 3, To: 1})
		w.Tick()
		if pods := w.Pods("v1"); len(pods) != 1 || pods[0].ID != o.left {
			t.Errorf("%s: pod %d is left, want %d", o.name, pods[0].ID, o.left)
		}
	}
}

func TestEvictedPodIsReplaced(t *testing.T) {
	w := sim.New(rollout.State{Replicas: 2, Template: "v1", Revisions: []rollout.Revision{serving("v1", 2)}},
		sim.Options{StartUp: sim.After(time.Second), Stop: time.Second})
	w.Pods("v1")[0].Gone = w.Now().Add(2 * time.Second)
	if got, want := counts(t, w, "v1"), [5]int32{2, 1, 1, 1, 1}; got != want {
		t.Errorf("%v, want %v", got, want)
	}
	w.Advance(3 * time.Second)
	if got, want := counts(t, w, "v1"), [5]int32{2, 2, 2, 2, 0}; got != want {
		t.Errorf("%v, want %v", got, want)
	}
}

func TestApplyIsConditional(t *testing.T) {
	for _, c := range []struct {
		action rollout.Action
		want   error
	}{
		{rollout.Scale{Name: "v1", From: 2, To: 1}, rollout.ErrConflict},
		{rollout.Scale{Name: "v9", From: 3, To: 1}, rollout.ErrConflict},
		{rollout.Adopt{Name: "v9"}, rollout.ErrConflict},
		{rollout.Settle{Name: "v9"}, rollout.ErrConflict},
		{rollout.Delete{Name: "v9"}, rollout.ErrConflict},
		{rollout.Delete{Name: "v1"}, rollout.ErrConflict},
		{rollout.Create{Template: "v1"}, rollout.ErrConflict},
		{rollout.Create{Template: "v3"}, rollout.ErrConflict},
		{rollout.Switch{Route: "nowhere"}, rollout.ErrConflict},
		{unknown("dance"), rollout.ErrUnsupported},
	} {
		w := sim.New(rollout.State{Replicas: 3, Template: "v2", Revisions: []rollout.Revision{serving("v1", 3)}}, sim.Options{})
		before := observe(t, w)
		if err := w.Apply(context.Background(), c.action); !errors.Is(err, c.want) {
			t.Errorf("%v: %v, want %v", c.action, err, c.want)
		}
		if diff := cmp.Diff(before, observe(t, w)); diff != "" {
			t.Errorf("%v changed something:\n%s", c.action, diff)
		}
	}
}

type unknown string

func (u unknown) String() string { return string(u) }

func TestApplyStampsAndNumbers(t *testing.T) {
	route := rollout.Route{Name: "svc"}
	w := sim.New(rollout.State{Replicas: 3, Template: "v2", Routes: []rollout.Route{route}, Revisions: []rollout.Revision{serving("v1", 3)}}, sim.Options{})
	w.Advance(time.Minute)
	basis := rollout.Basis{Desired: 3, Max: 4}
	apply(t, w,
		rollout.Create{Template: "v2", Replicas: 1, Basis: basis},
		rollout.Adopt{Name: "v1"},
		rollout.Adopt{Name: "v1"},
		rollout.Settle{Name: "v1"},
		rollout.Switch{Route: "svc", To: "v1"},
		rollout.Reject{Template: "v2", Why: "slow", BackTo: "v1"})
	s := observe(t, w)
	now := w.Now()
	v1 := serving("v1", 3)
	v1.Number, v1.Settled, v1.ReadySince = 3, now, now.Add(-time.Minute)
	want := rollout.State{
		Now: now, Replicas: 3, Template: "v2", Rejected: map[string]rollout.Rejection{"v2": {Why: "slow", BackTo: "v1", At: now}},
		Routes: []rollout.Route{{Name: "svc", To: "v1", Since: now, Serving: 3}},
		Revisions: []rollout.Revision{
			{Name: "v2", Label: "v2", Template: "v2", Number: 2, Replicas: 1, Basis: basis, Created: now, Scaled: now},
			v1,
		},
	}
	if diff := cmp.Diff(want, s); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestRefreshKeepsTheCounts(t *testing.T) {
	r := serving("v1", 3)
	r.Outdated = true
	w := sim.New(rollout.State{Replicas: 3, Template: "v1", Revisions: []rollout.Revision{r}}, sim.Options{})
	apply(t, w, rollout.Scale{Name: "v1", From: 3, To: 3, Basis: rollout.Basis{Desired: 3, Max: 9}})
	if got := observe(t, w).Revisions[0]; got.Outdated || !got.Observed || !got.Scaled.IsZero() || got.Basis.Max != 9 {
		t.Errorf("%+v", got)
	}
}

func TestNamesAreUnique(t *testing.T) {
	w := sim.New(rollout.State{}, sim.Options{})
	for _, template := range []string{"h1-0123456789", "h1-0123456777"} {
		w.Template = template
		apply(t, w, rollout.Create{Template: template})
	}
	s := observe(t, w)
	if a, b := s.Revisions[0].Name, s.Revisions[1].Name; a != "h1-0123456" || b != "h1-0123456-2" {
		t.Error(a, b)
	}
}

func TestNewSizeIsObservedWhenItsControllerActs(t *testing.T) {
	w := sim.New(rollout.State{Replicas: 3, Template: "v1", Revisions: []rollout.Revision{serving("v1", 3)}},
		sim.Options{React: func(string) time.Duration { return time.Second }})
	apply(t, w, rollout.Scale{Name: "v1", From: 3, To: 2})
	for _, observed := range []bool{false, true} {
		if got := observe(t, w).Revisions[0].Observed; got != observed {
			t.Errorf("at %v: observed is %v", w.Now(), got)
		}
		w.Advance(time.Second)
	}
}

func TestWatchTellsOfWritesAndOfTime(t *testing.T) {
	w := sim.New(rollout.State{Template: "v1"}, sim.Options{})
	changes, err := w.Watch(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		change func()
		told   int
	}{
		"nothing":    {func() {}, 0},
		"time":       {func() { w.Advance(time.Second) }, 1},
		"a write":    {func() { apply(t, w, rollout.Reject{Template: "v0"}) }, 1},
		"a conflict": {func() { _ = w.Apply(context.Background(), rollout.Settle{Name: "v9"}) }, 0},
	} {
		c.change()
		if len(changes) != c.told {
			t.Errorf("%s: told %d times", name, len(changes))
		}
		for len(changes) > 0 {
			<-changes
		}
	}
}

// The endpoints of a route follow its selector later.
func TestRoutesFollowLate(t *testing.T) {
	w := sim.New(rollout.State{Replicas: 3, Template: "v2", Routes: []rollout.Route{{Name: "svc"}},
		Revisions: []rollout.Revision{serving("v1", 3), serving("v2", 2)}}, sim.Options{Routing: func(string) time.Duration { return time.Second }})
	route := func(want rollout.Route) {
		t.Helper()
		want.Name = "svc"
		if diff := cmp.Diff(want, observe(t, w).Routes[0]); diff != "" {
			t.Error(diff)
		}
	}
	route(rollout.Route{Stale: 5})
	apply(t, w, rollout.Switch{Route: "svc", To: "v1"})
	since := w.Now()
	route(rollout.Route{To: "v1", Since: since, Serving: 3, Stale: 2})
	w.Next()
	route(rollout.Route{To: "v1", Since: since, Serving: 3})
	apply(t, w, rollout.Switch{Route: "svc", To: "v2"})
	route(rollout.Route{To: "v2", Since: w.Now(), Stale: 3})
	w.Advance(time.Second)
	route(rollout.Route{To: "v2", Since: since.Add(time.Second), Serving: 2})
	if !w.Route("svc", "", time.Time{}) || w.Route("other", "", time.Time{}) {
		t.Error("a route that is there, and one that is not")
	}
	w.Advance(time.Minute)
	route(rollout.Route{Stale: 5})
}

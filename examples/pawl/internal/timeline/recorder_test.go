package timeline_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gopawl/pawl/examples/pawl/internal/timeline"
	"github.com/gopawl/pawl/rollout"
	"github.com/gopawl/pawl/rollout/sim"
)

// told are the events, one a line, without those of a kind.
func told(tl timeline.Timeline, without ...timeline.Kind) (all []string) {
	for _, e := range tl.Events {
		if !slices.Contains(without, e.Kind) {
			all = append(all, fmt.Sprintf("%d %v %s: %s (%s)", e.Number, e.At.Sub(tl.Begun), e.Kind, e.What, e.Why))
		}
	}
	return all
}

func TestEventsAreInOrder(t *testing.T) {
	want := []string{
		"1 0s grow: Scaled up replica set web-v2 from 0 to 1 (3 wanted, at most 4 may exist)",
		"2 4s shrink: Scaled down replica set web-v1 from 3 to 2 (1 beyond the 3 that must stay available)",
		"3 4s grow: Scaled up replica set web-v2 from 1 to 2 (3 wanted, at most 4 may exist)",
		"4 8s shrink: Scaled down replica set web-v1 from 2 to 1 (1 beyond the 3 that must stay available)",
		"5 8s grow: Scaled up replica set web-v2 from 2 to 3 (3 wanted, at most 4 may exist)",
		"6 12s shrink: Scaled down replica set web-v1 from 1 to 0 (1 beyond the 3 that must stay available)",
		"7 12s other: Settled replica set web-v2 (the rollout is complete)",
		"8 12s end: Complete (3 of 3 updated replicas are available)",
	}
	if diff := cmp.Diff(want, told(ordinary(t))); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestPauseAndChangeOfSizeAreTold(t *testing.T) {
	tl := paused(t)
	if got, want := tl.Facts.Held[timeline.Paused], 560*time.Second; got != want {
		t.Errorf("paused for %v, not %v", got, want)
	}
	var changes []string
	for _, e := range tl.Events {
		if e.Kind == timeline.Change {
			changes = append(changes, fmt.Sprintf("%v %s", e.At.Sub(begun), e.What))
		}
	}
	want := []string{"40s Paused", "6m0s 8 replicas are wanted instead of 6", "10m0s Resumed"}
	if diff := cmp.Diff(want, changes); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if n := len(tl.Bounds); n != 2 {
		t.Errorf("%d bounds: %v", n, tl.Bounds)
	}
}

// A gate that is asked again and again is one wait.
func TestGateIsOneWait(t *testing.T) {
	s := newStory(t, serving(1), sim.Options{})
	answer := rollout.Verdict{Answer: rollout.Pending, Message: "the error rate is not known yet", Retry: time.Second}
	s.engine.Gates = map[string]rollout.Gate{"errors": rollout.GateFunc(func(context.Context, rollout.State) (rollout.Verdict, error) { return answer, nil })}
	strategy := rollout.StrategyFunc(func(state rollout.State) (rollout.Plan, error) {
		return rollout.Plan{
			Phase: rollout.Progressing,
			Steps: []rollout.Step{{Action: rollout.Scale{Name: "web-v1", From: 1, To: 1}, Gate: "errors", Why: "it is open"}},
		}, nil
	})
	for range 5 {
		if _, err := s.engine.Reconcile(t.Context(), s, strategy); err != nil {
			t.Fatal(err)
		}
		s.Advance(time.Second)
	}
	answer.Answer = rollout.Open
	if _, err := s.engine.Reconcile(t.Context(), s, strategy); err != nil {
		t.Fatal(err)
	}
	s.Advance(time.Second)
	tl := s.end(nil)
	want := []string{
		`1 0s change: Waiting (gate "errors" is pending: the error rate is not known yet)`,
		"2 5s other: Refreshed replica set web-v1 (it is open)",
	}
	if diff := cmp.Diff(want, told(tl, timeline.End)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if got := tl.Facts.Held[timeline.Waiting]; got != 5*time.Second {
		t.Errorf("waited for %v", got)
	}
}

// A bound that something else broke is told; one that was not kept from the beginning, or that moved
// away, is not broken.
func TestBrokenBounds(t *testing.T) {
	tl := disturbed(t)
	if tl.Facts.Short == 0 || tl.Facts.LowestAvailable >= 8 {
		t.Errorf("replicas failed, and yet: %+v", tl.Facts)
	}
	first := serving(3)
	first.Revisions = nil
	tl = newStory(t, first, sim.Options{StartUp: sim.After(time.Second)}).finish()
	if tl.Facts.Short != 0 || tl.Facts.LowestAvailable != 0 {
		t.Errorf("the first rollout of all has no floor to break: %+v", tl.Facts)
	}
	if tl = paused(t); tl.Facts.Short != 0 || tl.Facts.Over != 0 {
		t.Errorf("a bound was not broken but moved: %+v", tl.Facts)
	}
}

func TestOutcomes(t *testing.T) {
	for _, c := range []struct {
		err     error
		outcome timeline.Outcome
		message string
	}{
		{nil, timeline.Complete, "1 of 1 updated replicas are available"},
		{fmt.Errorf("stopped: %w", context.Canceled), timeline.Interrupted, "the rollout was left as it is"},
		{timeline.ErrStalled, timeline.Stalled, "nothing more happens by itself"},
		{errors.New("forbidden"), timeline.Failed, "forbidden"},
	} {
		s := newStory(t, serving(1), sim.Options{})
		if !s.until(time.Minute) {
			t.Fatal("it does not end")
		}
		tl := s.end(c.err)
		if tl.Outcome != c.outcome || tl.Message != c.message {
			t.Errorf("%v: %s: %s", c.err, tl.Outcome, tl.Message)
		}
	}
}

// What is kept is bounded, and no extreme is lost.
func TestLongRolloutsAreBounded(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 7))
	recorder := timeline.Recorder{Bounds: func() (int32, int32) { return 500, 1500 }}
	lowest, highest := 1<<30, 0
	const looks = 50_000
	for i := range looks {
		s := serving(1000)
		s.Now = begun.Add(time.Duration(i) * time.Second)
		of := &s.Revisions[0]
		of.Actual = 400 + r.Int32N(1000) + r.Int32N(2)*r.Int32N(50)
		of.Available = of.Actual - r.Int32N(300)
		lowest, highest = min(lowest, int(of.Available)), max(highest, int(of.Actual))
		recorder.Look(s, rollout.Plan{Phase: rollout.Progressing})
		recorder.Write(s.Now, rollout.Step{Action: rollout.Scale{Name: "web-v1", From: 1, To: 2}}, "web-v1", nil)
	}
	recorder.Now = func() time.Time { return begun.Add(looks * time.Second) }
	recorder.End(nil)
	tl := recorder.Timeline()
	if n := len(tl.Samples); n > 4000 || n < 1000 {
		t.Errorf("%d samples are kept", n)
	}
	least, most := 1<<30, 0
	for i, s := range tl.Samples {
		least, most = min(least, s.Available()), max(most, s.Existing())
		if i > 0 && !s.At.After(tl.Samples[i-1].At) {
			t.Fatalf("sample %d is not after the one before", i)
		}
	}
	if least != lowest || most != highest || tl.Facts.LowestAvailable != lowest || tl.Facts.HighestExisting != highest {
		t.Errorf("the extremes were %d and %d; kept are %d and %d, told %+v", lowest, highest, least, most, tl.Facts)
	}
	if n := len(tl.Events); n > 2000 || tl.Omitted != looks+1-n {
		t.Errorf("%d events are kept, %d are said to be left out", n, tl.Omitted)
	}
	if first, last := tl.Events[0].Number, tl.Events[len(tl.Events)-1]; first != 1 || last.Number != looks+1 || last.Kind != timeline.End {
		t.Errorf("the events begin with %d and end with %+v", first, last)
	}
	if tl.Facts.Writes != looks {
		t.Errorf("%d writes", tl.Facts.Writes)
	}
	page, err := timeline.HTML(tl)
	if err != nil {
		t.Fatal(err)
	}
	if len(page) > 3<<20 {
		t.Errorf("the page has %d bytes", len(page))
	}
}

package rollouttest_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/gopawl/pawl/rollout"
	"github.com/gopawl/pawl/rollout/rollouttest"
	"github.com/gopawl/pawl/strategies"
)

func TestStoriesThatCannotBePlayedAreRefused(t *testing.T) {
	for _, c := range []struct{ line, path string }{
		{"dance", "command"},
		{"workload order=upwards", "workload order"},
		{"workload replicas=many", "workload replicas"},
		{"workload replicas=-1", "workload replicas"},
		{"workload start-up=soon", "workload start-up"},
		{"workload stop=never", "workload stop"},
		{"workload react=never", "workload react"},
		{"workload gates=ajar", "workload gates"},
		{"workload zone=a", "workload zone"},
		{"workload routes=(web,web)", "workload routes"},
		{"workload routing=late", "workload routing"},
		{"look steps=x", "look steps"},
		{"look torn=maybe", "look torn"},
		{"wait for=-1s", "wait for"},
		{"wait for=(1s,2s)", "wait for"},
		{"fail revision=v1 pod=0 for=1s", "fail pod"},
		{"add replicas=1", "add template"},
		{"want version=2", "want version"},
	} {
		err := rollouttest.Replay(oneByOne{}, rollouttest.Options{}, "workload\n"+c.line)
		var invalid *rollout.InvalidError
		if !errors.As(err, &invalid) || invalid.Path != c.path {
			t.Errorf("%s: %v", c.line, err)
		}
	}
	for text, want := range map[string]string{
		"look":                  "begins with a workload",
		"workload (":            "",
		"workload start-up=(1s": "line 1: cannot parse",
	} {
		if err := rollouttest.Replay(oneByOne{}, rollouttest.Options{}, text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// What a story names and is not there is passed over.
func TestWhatDoesNotApplyChangesNothing(t *testing.T) {
	err := rollouttest.Replay(oneByOne{}, rollouttest.Options{Promises: oneAway}, `
		workload replicas=2 serving=v1
		fail revision=v1 pod=9 for=1s
		fail revision=v9 pod=1 for=1s
		evict revision=v9 pod=1
		scale revision=v9 to=3
		scale revision=v1 to=2
		remove revision=v9
		outdate revision=v9
		run
		finish
	`)
	if err != nil {
		t.Error(err)
	}
}

// What others did, and could not be seen, is not the strategy's doing.
func TestNobodyIsBlamedForWhatOthersDo(t *testing.T) {
	r := strategies.Rolling{}
	for name, story := range map[string]string{
		"scaled a revision that we write to": `
			workload serving=v1
			lag by=(0s,1s)
			want template=v2
			look
			scale revision=v1 to=2
			want replicas=2 template=v1
			look`,
		"put another revision in the place of one that we write to": `
			workload
			look
			lag by=4s
			wait for=1s
			remove revision=v1
			wait for=1s
			add template=v1
			wait for=2s
			look`,
		"removed what we still see": `
			workload
			lag by=2s
			look
			want template=v3
			wait for=1s
			remove revision=v1
			wait for=2s
			run`,
	} {
		if err := rollouttest.Replay(r, rollouttest.Options{Promises: rollouttest.Promises{Bounds: r.Bounds}}, story); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A floor that is broken already is judged once it is kept; where minReadySeconds and a late
// controller leave a gap, as many as it says are ready.
func TestFloorIsJudgedFromWhenItIsKept(t *testing.T) {
	r := strategies.Rolling{MaxSurge: rollout.Count(1), MaxUnavailable: rollout.Count(0)}
	o := rollouttest.Options{Promises: rollouttest.Promises{Bounds: r.Bounds}}
	const gap = `
		workload replicas=2 start-up=1s react=1s min-ready=1s order=mixed
		look
		want template=v2
		run for=1s
		run for=2s
		want template=v1
		run`
	if err := rollouttest.Replay(r, o, gap); err != nil {
		t.Error(err)
	}
	strict := o
	strict.Invariants = []rollouttest.Invariant{{Name: "available", Always: func(s rollout.State) error {
		if s.Now.Second() > 4 && s.Counts().Available < 2 {
			return errors.New("too few")
		}
		return nil
	}}}
	if err := rollouttest.Replay(r, strict, gap); err == nil {
		t.Error("the story has no gap")
	}
}

// seenBy returns the states that a strategy sees in a story in which it does what plan says.
func seenBy(t *testing.T, story string, plan func(rollout.State) []rollout.Action) (seen []rollout.State) {
	t.Helper()
	twice := false
	s := rollout.StrategyFunc(func(s rollout.State) (rollout.Plan, error) {
		if twice = !twice; twice {
			seen = append(seen, s)
		}
		p := rollout.Plan{Phase: rollout.Progressing, Message: "on its way"}
		for _, a := range plan(s) {
			p.Steps = append(p.Steps, rollout.Step{Action: a, Why: "to see"})
		}
		return p, nil
	})
	if err := rollouttest.Replay(s, rollouttest.Options{}, story); err != nil {
		t.Fatal(err)
	}
	return seen
}

func nothing(rollout.State) []rollout.Action { return nil }

// shrinkOnce takes v1 from 2 to 1.
func shrinkOnce(s rollout.State) []rollout.Action {
	if s.Revisions[0].Replicas != 2 {
		return nil
	}
	return []rollout.Action{rollout.Scale{Name: "v1", From: 2, To: 1, Basis: rollout.Basis{Desired: 1, Max: 1}}}
}

func TestLateReadsHaveOurOwnWritesButOldCounts(t *testing.T) {
	seen := seenBy(t, `
		workload replicas=2 serving=v1
		lag by=3s
		look
		wait for=1s
		look
		wait for=3s
		look
	`, shrinkOnce)
	for i, want := range []rollout.Revision{
		{Replicas: 2, Actual: 2, Ready: 2, Available: 2, Observed: true},
		{Replicas: 1, Actual: 2, Ready: 2, Available: 2, Observed: false},
		{Replicas: 1, Actual: 1, Ready: 1, Available: 1, Observed: true},
	} {
		r := seen[i].Revisions[0]
		got := rollout.Revision{Replicas: r.Replicas, Actual: r.Actual, Ready: r.Ready, Available: r.Available, Observed: r.Observed}
		if got.Replicas != want.Replicas || got.Actual != want.Actual || got.Available != want.Available || got.Observed != want.Observed {
			t.Errorf("look %d: %+v, want %+v", i+1, got, want)
		}
		if stamped := r.Basis.Desired == 1; stamped != (i > 0) {
			t.Errorf("look %d: basis %+v", i+1, r.Basis)
		}
	}
}

func TestLateReadsNeverGoBack(t *testing.T) {
	seen := seenBy(t, `
		workload replicas=1 serving=v1
		wait for=1s
		lag by=(0s,0s,9s,9s)
		want template=v2
		fail revision=v1 pod=1 for=5s
		look
		look
	`, nothing)
	for i, s := range seen {
		if s.Template != "v2" || s.Revisions[0].Available != 0 {
			t.Errorf("look %d: wants %s, %d available", i+1, s.Template, s.Revisions[0].Available)
		}
	}
}

func TestEachObjectIsReadAtItsOwnTime(t *testing.T) {
	seen := seenBy(t, `
		workload replicas=1 serving=v1
		lag by=(0s,9s)
		wait for=1s
		want template=v2
		fail revision=v1 pod=1 for=5s
		look
	`, nothing)
	if s := seen[0]; s.Template != "v2" || s.Revisions[0].Available != 1 {
		t.Errorf("wants %s, %d available", s.Template, s.Revisions[0].Available)
	}
}

func TestLateReadsMissWhatOthersDo(t *testing.T) {
	seen := seenBy(t, `
		workload replicas=2 serving=v1
		lag by=3s
		wait for=1s
		scale revision=v1 to=5
		add template=v2
		look
		wait for=3s
		look
	`, nothing)
	if s := seen[0]; len(s.Revisions) != 1 || s.Revisions[0].Replicas != 2 {
		t.Errorf("at once: %+v", s.Revisions)
	}
	if s := seen[1]; len(s.Revisions) != 2 || s.Revisions[1].Replicas != 5 {
		t.Errorf("later: %+v", s.Revisions)
	}
}

// A revision that took the place of another is not written to, and its counts are its own.
func TestLateReadsTellRevisionsOfOneNameApart(t *testing.T) {
	seen := seenBy(t, `
		workload replicas=2 serving=v1
		lag by=3s
		wait for=1s
		remove revision=v1
		add template=v1 replicas=2
		look
		wait for=3s
		look
	`, shrinkOnce)
	if r := seen[0].Revisions[0]; r.Number != 1 || r.Available != 2 {
		t.Errorf("at once: %+v", r)
	}
	if r := seen[1].Revisions[0]; r.Number != 0 || r.Replicas != 2 {
		t.Errorf("later: %+v", r)
	}
}

package rollouttest_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gopawl/pawl/rollout"
	"github.com/gopawl/pawl/rollout/rollouttest"
	"github.com/gopawl/pawl/strategies"
)

// allAtOnce ends the old revisions before the new one serves.
func allAtOnce(s rollout.State) (rollout.Plan, error) {
	p := rollout.Plan{Phase: rollout.Progressing, Message: "under way"}
	basis := rollout.Basis{Desired: s.Replicas, Max: s.Replicas}
	for _, r := range s.Old() {
		if r.Replicas > 0 {
			p.Steps = append(p.Steps, rollout.Step{Action: rollout.Scale{Name: r.Name, From: r.Replicas, Basis: basis}, Why: "it is old"})
		}
	}
	if _, ok := s.New(); !ok {
		p.Steps = append(p.Steps, rollout.Step{Action: rollout.Create{Template: s.Template, Replicas: s.Replicas, Basis: basis}, Why: "it is new"})
	}
	return p, nil
}

func ExampleExplore() {
	oneAway := func(n int32) (floor, ceiling int32, err error) { return max(0, n-1), n, nil }
	_, err := rollouttest.Explore(rollout.StrategyFunc(allAtOnce), rollouttest.Scope{
		Promises: rollouttest.Promises{Bounds: oneAway},
		Replicas: 2,
	})
	fmt.Println(err)
	// Output:
	// floor: lowers what is sure to be available from 2 to 0, the floor is 1
	//   2 replicas of v1 are wanted; v1 2: 2/2/2
	//   v2 is wanted; v1 2: 2/2/2
	//   plan: Progressing: under way, 2 steps
	//   scale v1 from 2 to 0 (it is old); v1 0: 2/2/2?
}

func TestExploreFindsWhatIsBroken(t *testing.T) {
	calls := 0
	for name, c := range map[string]struct {
		change func(rollout.State, *rollout.Plan)
		scope  rollouttest.Scope
		law    string
	}{
		"one plan after the other": {func(_ rollout.State, p *rollout.Plan) { calls++; p.Message = fmt.Sprint(calls) }, rollouttest.Scope{}, "pure"},
		"a plan that changes the state": {func(s rollout.State, _ *rollout.Plan) {
			for i := range s.Revisions {
				s.Revisions[i].Replicas++
			}
		}, rollouttest.Scope{}, "pure"},
		"no reason": {func(_ rollout.State, p *rollout.Plan) {
			for i := range p.Steps {
				p.Steps[i].Why = ""
			}
		}, rollouttest.Scope{}, "sound"},
		"what is not there": {func(_ rollout.State, p *rollout.Plan) {
			p.Steps = slices.Insert(p.Steps, 0, rollout.Step{Action: rollout.Adopt{Name: "v9"}, Why: "no"})
		}, rollouttest.Scope{}, "sound"},
		"going on in a pause": {func(s rollout.State, p *rollout.Plan) {
			if s.Paused {
				p.Phase = rollout.Progressing
			}
		}, rollouttest.Scope{Pauses: true}, "sound"},
		"complete too early": {func(s rollout.State, p *rollout.Plan) {
			if len(p.Steps) == 0 {
				p.Phase = rollout.Complete
			}
		}, rollouttest.Scope{}, "quiet"},
		"nothing done": {func(_ rollout.State, p *rollout.Plan) {
			p.Steps, p.Phase = nil, rollout.Progressing
		}, rollouttest.Scope{}, "convergent"},
		"a write on every look": {func(s rollout.State, p *rollout.Plan) {
			if now, ok := s.New(); ok && len(p.Steps) == 0 {
				p.Phase = rollout.Progressing
				p.Steps = []rollout.Step{{Action: rollout.Settle{Name: now.Name}, Why: "again"}}
			}
		}, rollouttest.Scope{}, "convergent"},
		"one version": {func(rollout.State, *rollout.Plan) {}, rollouttest.Scope{Promises: rollouttest.Promises{
			Invariants: []rollouttest.Invariant{{Name: "no v2", Always: func(s rollout.State) error {
				if len(s.Revisions) > 1 {
					return errors.New("there it is")
				}
				return nil
			}}},
		}}, "no v2"},
	} {
		t.Run(name, func(t *testing.T) {
			c.scope.Replicas = 1
			_, err := rollouttest.Explore(rollout.StrategyFunc(func(s rollout.State) (rollout.Plan, error) {
				p, err := strategies.Recreate{}.Plan(s)
				c.change(s, &p)
				return p, err
			}), c.scope)
			var broken *rollouttest.BrokenError
			if !errors.As(err, &broken) || broken.Law != c.law {
				t.Fatalf("found %v, want that %s is broken", err, c.law)
			}
			if len(broken.Path) == 0 || !strings.Contains(broken.Path[0], "replicas of v1 are wanted") {
				t.Errorf("the path does not begin at the start: %q", broken.Path)
			}
		})
	}
}

// A rest between two versions is a wait for a moment that no event leads to.
func TestExploreWaitsForTheMomentThatAPlanAsksFor(t *testing.T) {
	const rest = 30 * time.Second
	patient := func(awake bool) rollout.StrategyFunc {
		return func(s rollout.State) (rollout.Plan, error) {
			now, ok := s.New()
			if until := now.Created.Add(rest); ok && s.Now.Before(until) {
				p := rollout.Plan{Phase: rollout.Progressing, Message: "resting"}
				if awake {
					p.Wake = until
				}
				return p, nil
			}
			return strategies.Recreate{}.Plan(s)
		}
	}
	explored, err := rollouttest.Explore(patient(true), rollouttest.Scope{Replicas: 1})
	if err != nil || explored.Complete == 0 {
		t.Errorf("%v, %v", explored, err)
	}
	var broken *rollouttest.BrokenError
	if _, err := rollouttest.Explore(patient(false), rollouttest.Scope{Replicas: 1}); !errors.As(err, &broken) || broken.Law != "convergent" {
		t.Errorf("found %v, want that it does not converge when nobody wakes it", err)
	}
}

func TestExploreDatesSizesWhereTheScopeSaysSo(t *testing.T) {
	for _, dated := range []bool{false, true} {
		shown := false
		watching := rollout.StrategyFunc(func(s rollout.State) (rollout.Plan, error) {
			for _, r := range s.Revisions {
				shown = shown || !r.Scaled.IsZero()
			}
			return strategies.Recreate{}.Plan(s)
		})
		if _, err := rollouttest.Explore(watching, rollouttest.Scope{Replicas: 1, Scaled: dated}); err != nil || shown != dated {
			t.Errorf("%v; stamps of sizes are shown: %t, want %t", err, shown, dated)
		}
	}
}

type dance struct{}

func (dance) String() string { return "dance" }

func TestExploreDoesNotKnowOtherActions(t *testing.T) {
	_, err := rollouttest.Explore(rollout.StrategyFunc(func(rollout.State) (rollout.Plan, error) {
		return rollout.Plan{
			Phase: rollout.Progressing, Message: "dancing", Steps: []rollout.Step{{Action: dance{}, Why: "music"}},
		}, nil
	}), rollouttest.Scope{})
	if !errors.Is(err, rollout.ErrUnsupported) {
		t.Errorf("%v, want %v", err, rollout.ErrUnsupported)
	}
}

func TestExploreNeverStopsSilently(t *testing.T) {
	var limit *rollouttest.LimitError
	explored, err := rollouttest.Explore(strategies.Recreate{}, rollouttest.Scope{Replicas: 2, Limit: 100})
	if !errors.As(err, &limit) || limit.Limit != 100 || explored.States != 100 {
		t.Errorf("%v, %v, want a limit of 100", explored, err)
	}
	for path, scope := range map[string]rollouttest.Scope{
		"replicas": {Replicas: -1}, "templates": {Templates: 5}, "limit": {Limit: -1},
		"lingering": {Lingering: -1}, "disturbances": {Disturbances: -1},
	} {
		var invalid *rollout.InvalidError
		if _, err := rollouttest.Explore(strategies.Recreate{}, scope); !errors.As(err, &invalid) || invalid.Path != path {
			t.Errorf("%v, want that %s is refused", err, path)
		}
	}
}

// Without replicas and with one template there are three states: as adopted, with the step that
// settles it planned, and settled.
func TestExploreCountsStates(t *testing.T) {
	got, err := rollouttest.Explore(strategies.Recreate{}, rollouttest.Scope{Templates: 1})
	want := rollouttest.Explored{States: 3, Transitions: 3, Plans: 2, Writes: 1, Complete: 1, Deepest: 2}
	if err != nil || got != want {
		t.Errorf("%+v, %v, want %+v", got, err, want)
	}
}

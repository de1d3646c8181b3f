package strategies_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gopawl/pawl/rollout"
	"github.com/gopawl/pawl/strategies"
)

var both = []rollout.Strategy{strategies.Rolling{}, strategies.Recreate{}}

// wanted is a state that wants n of v2 and has the given revisions, numbered in their order.
func wanted(n int32, revisions ...rollout.Revision) rollout.State {
	for i := range revisions {
		revisions[i].Number = int64(i + 1)
		revisions[i].Created = time.Unix(int64(i), 0)
	}
	return rollout.State{Now: time.Unix(1000, 0), Replicas: n, Template: "v2", Revisions: revisions}
}

func mustPlan(t *testing.T, strategy rollout.Strategy, s rollout.State) rollout.Plan {
	t.Helper()
	plan, err := strategy.Plan(s)
	if err != nil {
		t.Fatal(err)
	}
	return plan
}

func actions(p rollout.Plan) (all []string) {
	for _, s := range p.Steps {
		all = append(all, s.Action.String())
	}
	return all
}

func TestSizesCarryTheirBasis(t *testing.T) {
	for _, c := range []struct {
		strategy rollout.Strategy
		max      int32
	}{{strategies.Rolling{MaxSurge: rollout.Count(2), MaxUnavailable: rollout.Count(1)}, 6}, {strategies.Recreate{}, 4}} {
		for _, s := range []rollout.State{
			wanted(4), wanted(4, revision("a", "v1", 4, 4)), wanted(4, revision("a", "v2", 3, 3)),
		} {
			for _, step := range mustPlan(t, c.strategy, s).Steps {
				var got rollout.Basis
				switch a := step.Action.(type) {
				case rollout.Create:
					got = a.Basis
				case rollout.Scale:
					got = a.Basis
				}
				if want := (rollout.Basis{Desired: 4, Max: c.max}); got != want {
					t.Errorf("%T: %v has basis %v, want %v", c.strategy, step.Action, got, want)
				}
			}
		}
	}
}

func TestOutdatedRevisionIsRefreshedAsItIs(t *testing.T) {
	for _, strategy := range both {
		basis := rollout.Basis{Desired: 3, Max: 4}
		if strategy == (strategies.Recreate{}) {
			basis.Max = 3
		}
		r := revision("a", "v2", 3, 3)
		r.Outdated, r.Settled, r.Basis = true, time.Unix(1, 0), basis
		plan := mustPlan(t, strategy, wanted(3, r))
		if len(plan.Steps) != 1 || plan.Steps[0].Action != rollout.Action(rollout.Scale{Name: "a", From: 3, To: 3, Basis: r.Basis}) {
			t.Errorf("%T: %+v", strategy, plan)
		}
	}
}

func TestRejectedTemplateIsLeftAsItIs(t *testing.T) {
	for _, strategy := range both {
		s := wanted(3, revision("a", "v1", 3, 3), revision("b", "v2", 1, 0))
		s.Rejected = map[string]rollout.Rejection{"v2": {Why: "it does not start"}}
		want := rollout.Plan{Phase: rollout.Failed, Message: "it does not start"}
		if diff := cmp.Diff(want, mustPlan(t, strategy, s)); diff != "" {
			t.Errorf("%T: (-want +got)\n%s", strategy, diff)
		}
	}
}

func TestInvalidStateIsRefused(t *testing.T) {
	for _, strategy := range both {
		var invalid *rollout.InvalidError
		if plan, err := strategy.Plan(rollout.State{}); !errors.As(err, &invalid) || invalid.Path != "template" {
			t.Errorf("%T: %+v, %v", strategy, plan, err)
		}
	}
}

func TestNewRevisionBecomesTheNewest(t *testing.T) {
	for name, c := range map[string]struct {
		old, current int64
		adopted      bool
	}{
		"newest already":  {1, 2, false},
		"older":           {2, 1, true},
		"as old":          {2, 2, true},
		"not numbered":    {0, 0, true},
		"none numbered 2": {2, 0, true},
	} {
		s := wanted(3, revision("a", "v1", 3, 3), revision("b", "v2", 0, 0))
		s.Revisions[0].Number, s.Revisions[1].Number = c.old, c.current
		for _, strategy := range both {
			got := actions(mustPlan(t, strategy, s))
			if (got[0] == "adopt b") != c.adopted {
				t.Errorf("%s: %T: %v", name, strategy, got)
			}
		}
	}
	alone := wanted(3, revision("b", "v2", 3, 3))
	alone.Revisions[0].Number = 0
	if got := actions(mustPlan(t, strategies.Rolling{}, alone)); len(got) == 0 || got[0] != "adopt b" {
		t.Errorf("alone and not numbered: %v", got)
	}
}

func TestCompleteRevisionIsSettledOnce(t *testing.T) {
	for name, c := range map[string]struct {
		old, current int64 // seconds, of a present of 1000; 0 is never
		settle       bool
	}{
		"never":                            {0, 0, true},
		"already":                          {0, 10, false},
		"before the other":                 {20, 10, true},
		"after the other":                  {10, 20, false},
		"with the other":                   {10, 10, false},
		"the other one is from the future": {2000, 10, false},
	} {
		s := wanted(3, revision("a", "v1", 0, 0), revision("b", "v2", 3, 3))
		for i, at := range []int64{c.old, c.current} {
			if at > 0 {
				s.Revisions[i].Settled = time.Unix(at, 0)
			}
		}
		for _, strategy := range both {
			plan := mustPlan(t, strategy, s)
			if (fmt.Sprint(actions(plan)) == "[settle b]") != c.settle || plan.Phase.Over() == c.settle {
				t.Errorf("%s: %T: %+v", name, strategy, plan)
			}
		}
	}
}

func TestRolloutIsNotCompleteWhile(t *testing.T) {
	for want, change := range map[string]func(old, current *rollout.Revision){
		"the new size has yet to be observed":        func(_, c *rollout.Revision) { c.Observed = false },
		"2 out of 3 new replicas have been updated":  func(_, c *rollout.Revision) { c.Actual, c.Ready, c.Available = 2, 2, 2 },
		"1 old replicas are pending termination":     func(o, _ *rollout.Revision) { o.Actual = 1 },
		"2 surplus replicas are pending termination": func(_, c *rollout.Revision) { c.Actual = 5 },
		"2 of 3 updated replicas are available":      func(_, c *rollout.Revision) { c.Available = 2 },
	} {
		s := wanted(3, revision("a", "v1", 0, 0), revision("b", "v2", 3, 3))
		change(&s.Revisions[0], &s.Revisions[1])
		for _, strategy := range both {
			plan := mustPlan(t, strategy, s)
			if plan.Phase != rollout.Progressing || plan.Message != want || len(plan.Steps) > 0 {
				t.Errorf("%T: %+v, want %s", strategy, plan, want)
			}
		}
	}
	for _, strategy := range both {
		s := wanted(0)
		if plan := mustPlan(t, strategy, s); plan.Phase != rollout.Progressing || len(plan.Steps) != 1 {
			t.Errorf("%T of nothing: %+v", strategy, plan)
		}
	}
}

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

// mistaken is oneByOne with one mistake: what it plans is changed.
func mistaken(change func(rollout.State, rollout.Plan) rollout.Plan) rollout.Strategy {
	return rollout.StrategyFunc(func(s rollout.State) (rollout.Plan, error) {
		plan, err := oneByOne{}.Plan(s)
		return change(s, plan), err
	})
}

// mistakes break one law each, by its name.
func mistakes() map[string]map[string]rollout.Strategy {
	looks, seen := 0, map[string]bool{}
	return map[string]map[string]rollout.Strategy{
		"pure": {
			"counts its calls": mistaken(func(_ rollout.State, p rollout.Plan) rollout.Plan {
				looks++
				p.Message += fmt.Sprint(looks)
				return p
			}),
			"resumes from memory": mistaken(func(s rollout.State, p rollout.Plan) rollout.Plan {
				if s.Paused {
					seen[s.Template] = true
				}
				if seen[s.Template] {
					p.Message += " after a pause"
				}
				return p
			}),
			"writes to the state": mistaken(func(s rollout.State, p rollout.Plan) rollout.Plan {
				slices.Reverse(s.Revisions)
				return p
			}),
		},
		"sound": {
			"gives no reason": mistaken(func(_ rollout.State, p rollout.Plan) rollout.Plan {
				p.Message = ""
				return p
			}),
			"gives no reason for a step": mistaken(func(_ rollout.State, p rollout.Plan) rollout.Plan {
				return withSteps(p, func(s rollout.Step) rollout.Step { s.Why = ""; return s })
			}),
			"plans what cannot be done": mistaken(func(_ rollout.State, p rollout.Plan) rollout.Plan {
				return withSteps(p, func(s rollout.Step) rollout.Step {
					if a, ok := s.Action.(rollout.Scale); ok {
						a.From++
						s.Action = a
					}
					return s
				})
			}),
			"goes on in a pause": rollout.StrategyFunc(func(s rollout.State) (rollout.Plan, error) {
				s.Paused = false
				return oneByOne{}.Plan(s)
			}),
			"completes what was given up": rollout.StrategyFunc(func(s rollout.State) (rollout.Plan, error) {
				s.Rejected = nil
				return oneByOne{}.Plan(s)
			}),
			"rolls back what nobody gave up": mistaken(func(_ rollout.State, p rollout.Plan) rollout.Plan {
				if p.Phase == rollout.Complete {
					p.Phase = rollout.RolledBack
				}
				return p
			}),
			"gives up on a state": rollout.StrategyFunc(func(s rollout.State) (rollout.Plan, error) {
				if s.Paused {
					return rollout.Plan{}, errors.New("paused")
				}
				return oneByOne{}.Plan(s)
			}),
		},
		"quiet": {
			"calls what it gave up rolled back": mistaken(func(s rollout.State, p rollout.Plan) rollout.Plan {
				if p.Phase == rollout.Failed {
					p.Phase = rollout.RolledBack
				}
				return p
			}),
			"calls it complete too early": mistaken(func(_ rollout.State, p rollout.Plan) rollout.Plan {
				if len(p.Steps) == 0 && p.Phase == rollout.Progressing {
					p.Phase = rollout.Complete
				}
				return p
			}),
		},
		"convergent": {
			"never starts": mistaken(func(_ rollout.State, p rollout.Plan) rollout.Plan {
				p.Steps = nil
				return p
			}),
			"never ends": mistaken(func(s rollout.State, p rollout.Plan) rollout.Plan {
				if p.Phase == rollout.Complete {
					p.Phase = rollout.Progressing
					r := s.Revisions[0]
					p.Steps = []rollout.Step{{Action: rollout.Scale{Name: r.Name, From: r.Replicas, To: r.Replicas}, Why: "to be sure"}}
				}
				return p
			}),
			"relies on its saved status": mistaken(func(s rollout.State, p rollout.Plan) rollout.Plan {
				if s.Last == (rollout.Status{}) && len(s.Revisions) > 1 {
					p.Steps = nil
				}
				return p
			}),
		},
		"floor": {
			"believes counts of another size": oneByOne{hasty: true},
			"takes ready for available": rollout.StrategyFunc(func(s rollout.State) (rollout.Plan, error) {
				really, err := oneByOne{}.Plan(s)
				s.Revisions = slices.Clone(s.Revisions)
				for i := range s.Revisions {
					s.Revisions[i].Available = s.Revisions[i].Ready
				}
				if plan, err := (oneByOne{}).Plan(s); len(plan.Steps) > 0 && plan.Steps[0].Why == "one may go" {
					return plan, err
				}
				return really, err
			}),
		},
		"ceiling": {
			"starts one too many": mistaken(func(s rollout.State, p rollout.Plan) rollout.Plan {
				return withSteps(p, func(step rollout.Step) rollout.Step {
					if a, ok := step.Action.(rollout.Create); ok {
						a.Replicas = min(1, s.Replicas)
						step.Action = a
					}
					return step
				})
			}),
		},
	}
}

func withSteps(p rollout.Plan, change func(rollout.Step) rollout.Step) rollout.Plan {
	p.Steps = slices.Clone(p.Steps)
	for i, s := range p.Steps {
		p.Steps[i] = change(s)
	}
	return p
}

// TestMistakesAreFound also holds each failure to what it promises: the shortest story breaks the
// same law again, in the same words, and no line of it can be left out.
func TestMistakesAreFound(t *testing.T) {
	for law, strategies := range mistakes() {
		for name, s := range strategies {
			t.Run(law+", "+name, func(t *testing.T) {
				o := rollouttest.Options{Promises: oneAway}
				_, err := rollouttest.Check(s, o)
				var f *rollouttest.Failure
				if !errors.As(err, &f) || f.Law != law {
					t.Fatalf("found %v", err)
				}
				if law == "pure" {
					return // another play may go another way
				}
				t.Log(f)
				again := &rollouttest.Failure{}
				if err := rollouttest.Replay(s, o, f.Shortest); !errors.As(err, &again) || again.Law != law {
					t.Errorf("replayed: %v", err)
				}
				if !strings.HasSuffix(again.Error(), told(f)) {
					t.Errorf("found\n%v\nreplayed\n%v", f, again)
				}
				o.Seed, o.Rollouts = f.Seed, 1
				if _, err := rollouttest.Check(s, o); err == nil || err.Error() != f.Error() {
					t.Errorf("found\n%v\nagain\n%v", f, err)
				}
				shortest(t, s, o, f)
			})
		}
	}
}

// told is the transcript in a failure.
func told(f *rollouttest.Failure) string {
	text := f.Error()[strings.Index(f.Error(), f.Shortest+"----\n"):]
	return text[:strings.Index(text, "\nSee it again")]
}

func shortest(t *testing.T, s rollout.Strategy, o rollouttest.Options, f *rollouttest.Failure) {
	t.Helper()
	lines := strings.Split(strings.TrimSpace(f.Shortest), "\n")
	if long := strings.Count(f.Story, "\n"); len(lines) > 25 || len(lines) > long {
		t.Errorf("%d lines of %d", len(lines), long)
	}
	for i := 1; i < len(lines); i++ {
		without := strings.Join(slices.Delete(slices.Clone(lines), i, i+1), "\n")
		var again *rollouttest.Failure
		if err := rollouttest.Replay(s, o, without); errors.As(err, &again) && again.Law == f.Law {
			t.Errorf("fails without line %d (%s) too:\n%s", i+1, lines[i], f.Shortest)
		}
	}
}

func TestInvariantsAreJudgedByTheirNames(t *testing.T) {
	for name, i := range map[string]rollouttest.Invariant{
		"no more than three exist": {Always: func(s rollout.State) error {
			if n := s.Counts().Total; n > 3 {
				return fmt.Errorf("%d exist", n)
			}
			return nil
		}},
		"nothing is adopted": {Write: func(before, after rollout.State) error {
			for i, r := range after.Revisions {
				if len(before.Revisions) == len(after.Revisions) && before.Revisions[i].Name != r.Name {
					return fmt.Errorf("%s was adopted", r.Name)
				}
			}
			return nil
		}},
	} {
		i.Name = name
		_, err := rollouttest.Check(oneByOne{}, rollouttest.Options{Promises: rollouttest.Promises{Invariants: []rollouttest.Invariant{i}}})
		var f *rollouttest.Failure
		if !errors.As(err, &f) || f.Law != name {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// An invariant that holds in calm weather only is not judged in a storm.
func TestInvariantsAreJudgedInTheirWeather(t *testing.T) {
	promises := rollouttest.Promises{Invariants: []rollouttest.Invariant{{
		Name: "two", In: rollouttest.Calm,
		Always: func(s rollout.State) error {
			if s.Replicas != 2 {
				return errors.New("resized")
			}
			return nil
		},
	}}}
	if err := rollouttest.Replay(oneByOne{}, rollouttest.Options{Promises: promises}, "workload replicas=2 serving=v1\nwant replicas=3\nrun"); err != nil {
		t.Error(err)
	}
	promises.Invariants[0].In = rollouttest.Stormy
	if err := rollouttest.Replay(oneByOne{}, rollouttest.Options{Promises: promises}, "workload replicas=2 serving=v1\nwant replicas=3\nrun"); err == nil {
		t.Error("not judged")
	}
}

func TestReportCountsWhatWasTried(t *testing.T) {
	var stories int
	check := func(seed uint64, n int) rollouttest.Report {
		report, err := rollouttest.Check(oneByOne{}, rollouttest.Options{
			Promises: oneAway, Seed: seed, Rollouts: n, Log: func(string, ...any) { stories++ },
		})
		if err != nil {
			t.Fatal(err)
		}
		return report
	}
	whole := check(1, 200)
	if halves := check(1, 100).Plus(check(101, 100)); halves != whole {
		t.Errorf("in two parts %v, in one %v", halves, whole)
	}
	total := whole.Total()
	if whole.First != 1 || whole.Last != 200 || total.Rollouts != 200 || total.Completed != 200 || stories != 400 {
		t.Errorf("%v, %d stories", whole, stories)
	}
	for what, n := range map[string]int{
		"looks": total.Looks, "writes": total.Writes, "crashes": total.Crashes, "conflicts": total.Conflicts,
		"at the floor": total.AtFloor, "calm": whole.ByWeather[rollouttest.Calm].Rollouts,
		"stormy": whole.ByWeather[rollouttest.Stormy].Rollouts, "wild": whole.ByWeather[rollouttest.Wild].Rollouts,
	} {
		if n == 0 {
			t.Errorf("%s: none", what)
		}
	}
}

func TestCheckKeepsToItsOptions(t *testing.T) {
	most, templates := int32(0), map[string]bool{}
	_, err := rollouttest.Check(oneByOne{}, rollouttest.Options{
		Rollouts: 100, Replicas: 2, Templates: 2, Weathers: []rollouttest.Weather{rollouttest.Stormy},
		Routes: []string{"web"},
		Promises: rollouttest.Promises{Invariants: []rollouttest.Invariant{{Name: "seen", In: rollouttest.Wild, Always: func(s rollout.State) error {
			most, templates[s.Template] = max(most, s.Replicas), true
			if len(s.Routes) != 1 {
				return errors.New("no route")
			}
			return nil
		}}}},
		Log: func(format string, args ...any) {
			if text := fmt.Sprintf(format, args...); strings.Contains(text, "remove ") || strings.Contains(text, "add ") {
				t.Errorf("wild:\n%s", text)
			}
		},
	})
	if err != nil || most != 2 || len(templates) != 2 {
		t.Errorf("%v; %d replicas, templates %v", err, most, templates)
	}
}

func TestInvalidOptionsAreRefused(t *testing.T) {
	for path, o := range map[string]rollouttest.Options{
		"rollouts":  {Rollouts: -1},
		"replicas":  {Replicas: -1},
		"templates": {Templates: -1},
		"weathers":  {Weathers: []rollouttest.Weather{7}},
		"routes":    {Routes: []string{"web", "web"}},
		"traffic":   {Promises: webServes().Promises},
	} {
		var invalid *rollout.InvalidError
		if _, err := rollouttest.Check(oneByOne{}, o); !errors.As(err, &invalid) || invalid.Path != path {
			t.Errorf("%s: %v", path, err)
		}
	}
}

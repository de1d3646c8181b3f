package strategies_test

import (
	"flag"
	"fmt"
	"testing"
	"time"

	"github.com/gopawl/pawl/rollout"
	"github.com/gopawl/pawl/rollout/rollouttest"
	"github.com/gopawl/pawl/strategies"
)

var exhaustive = flag.Bool("exhaustive", false, "explore the large scopes, too: minutes")

// Scopes of which every state is visited in a second or so.
var (
	calm  = rollouttest.Scope{Replicas: 3}
	late  = rollouttest.Scope{Replicas: 2, Lag: true}
	slow  = rollouttest.Scope{Replicas: 2, MinReady: true}
	three = rollouttest.Scope{Replicas: 3, Templates: 3, Disturbances: 3}
	size  = rollouttest.Scope{Replicas: 3, Pauses: true, Resizes: true, Disturbances: 3}
	storm = rollouttest.Scope{Replicas: 2, Lag: true, MinReady: true, Disturbances: 2,
		Pauses: true, Resizes: true, Failures: true, Evictions: true}
	wild = rollouttest.Scope{Replicas: 2, Lag: true, Disturbances: 2,
		Pauses: true, Resizes: true, Failures: true, Evictions: true, Rejections: true, Interference: true}
)

func TestRollingKeepsTheLawsInEverySmallState(t *testing.T) {
	var all []exploration
	for surge := range int32(3) {
		for unavailable := range int32(3) {
			all = append(all, in(rollingOf(surge, unavailable, strategies.TerminationStarted), calm, slow)...)
			all = append(all, in(rollingOf(surge, unavailable, strategies.TerminationComplete), calm, slow)...)
		}
	}
	exploreAll(t, all)
}

func TestRollingKeepsTheLawsInEverySmallStorm(t *testing.T) {
	four := calm
	four.Replicas = 4
	all := in(rollingOf(1, 0, strategies.TerminationStarted), late, three, size, storm, wild)
	all = append(all, in(rollingOf(0, 1, strategies.TerminationComplete), late, three, size, storm, wild)...)
	all = append(all, in(rollingOf(1, 1, strategies.TerminationStarted), late, four)...)
	exploreAll(t, all)
}

func TestRecreateNeverMixesInAnySmallState(t *testing.T) {
	exploreAll(t, in(subject{"recreate", settledLast(strategies.Recreate{}), recreatePromises}, calm, slow, late, three, size, storm, wild))
}

// TestExhaustively has larger scopes, in which most of what happens may do so any number of times.
func TestExhaustively(t *testing.T) {
	if !*exhaustive {
		t.Skip("minutes, a few GB: run it with -exhaustive")
	}
	// Scopes without a limit to how often anything happens.
	var (
		four     = rollouttest.Scope{Replicas: 4, Pauses: true}
		later    = rollouttest.Scope{Replicas: 3, Lag: true, Pauses: true}
		slower   = rollouttest.Scope{Replicas: 3, MinReady: true}
		threes   = rollouttest.Scope{Replicas: 1, Templates: 3}
		resizes  = rollouttest.Scope{Replicas: 2, Resizes: true}
		failures = rollouttest.Scope{Replicas: 2, Failures: true, Evictions: true, Lag: true}
		others   = rollouttest.Scope{Replicas: 1, Interference: true}
		storms   = storm
		wilder   = wild
	)
	storms.Disturbances, wilder.Disturbances = 3, 3
	var all []exploration
	for _, s := range []subject{
		rollingOf(1, 0, strategies.TerminationStarted), rollingOf(0, 1, strategies.TerminationStarted),
		rollingOf(1, 0, strategies.TerminationComplete), {"recreate", settledLast(strategies.Recreate{}), recreatePromises},
	} {
		all = append(all, in(s, four, later, slower, threes, resizes, failures, others, storms, wilder)...)
	}
	twos := rollouttest.Scope{Replicas: 2, Templates: 3}
	all = append(all, in(rollingOf(1, 0, strategies.TerminationStarted), twos)...)
	all = append(all, in(rollingOf(1, 1, strategies.TerminationStarted), later)...)
	exploreAll(t, all)
}

// subject is a strategy with what it promises.
type subject struct {
	name     string
	strategy rollout.Strategy
	promises rollouttest.Promises
}

func rollingOf(surge, unavailable int32, termination strategies.Termination) subject {
	r := strategies.Rolling{
		MaxSurge: rollout.Count(surge), MaxUnavailable: rollout.Count(unavailable), Termination: termination,
	}
	name := fmt.Sprintf("rolling, surge %d, unavailable %d, termination %d", surge, unavailable, termination)
	return subject{name, settledLast(r), promised(termination, func(int32) (int32, int32) { return surge, unavailable })}
}

// settledLast makes it an error to call a rollout complete that is not the last one settled:
// going back to a revision settles it again.
func settledLast(s rollout.Strategy) rollout.Strategy {
	return rollout.StrategyFunc(func(state rollout.State) (rollout.Plan, error) {
		p, err := s.Plan(state)
		current, _ := state.New()
		for _, r := range state.Old() {
			if p.Phase == rollout.Complete && r.Settled.After(current.Settled) && !r.Settled.After(state.Now) {
				return p, fmt.Errorf("complete on %s, but settled last is %s", current.Name, r.Name)
			}
		}
		return p, err
	})
}

// promised is what a Rolling promises, worked out anew.
func promised(termination strategies.Termination, amounts func(replicas int32) (surge, unavailable int32)) rollouttest.Promises {
	return rollouttest.Promises{
		Bounds: func(n int32) (floor, ceiling int32, err error) {
			surge, unavailable := amounts(n)
			if surge+unavailable == 0 {
				unavailable = 1
			}
			return max(0, n-unavailable), n + surge, nil
		},
		Terminating: termination == strategies.TerminationComplete,
		Invariants: []rollouttest.Invariant{
			{Name: "oldest first", Write: oldestFirst},
			{Name: "newest has the highest number", Write: newestNumbered},
			{Name: "not beyond what is wanted", Write: notBeyond},
			{Name: "what is given up stays", Write: givenUp},
		},
	}
}

// oldestFirst: no available old replica is taken down while an older revision has some, but for
// a share of another number of replicas.
func oldestFirst(before, after rollout.State) error {
	var older []string
	for _, r := range before.Old() {
		is := named(after, r.Name)
		if sure(is) < sure(r) && len(older) > 0 && r.Basis.Desired == before.Replicas {
			return fmt.Errorf("%s is paid for while %v serve", r.Name, older)
		}
		if r.Observed && sure(r) > 0 {
			older = append(older, r.Name)
		}
	}
	return nil
}

// sure is how many replicas stay available whichever the controller ends.
func sure(r rollout.Revision) int32 {
	return max(0, r.Available-max(0, r.Ready-r.Replicas))
}

func named(s rollout.State, name string) rollout.Revision {
	for _, r := range s.Revisions {
		if r.Name == name {
			return r
		}
	}
	return rollout.Revision{}
}

// newestNumbered: the new revision grows only when it has the highest number, but for a share of
// another number of replicas in a pause. The number of one that is made is the workload's.
func newestNumbered(before, after rollout.State) error {
	was, _ := before.New()
	is, _ := after.New()
	if before.Paused || was.Name == "" || is.Replicas <= was.Replicas {
		return nil
	}
	for _, r := range after.Old() {
		if r.Number >= is.Number {
			return fmt.Errorf("%s grows with number %d beside %s with %d", is.Name, is.Number, r.Name, r.Number)
		}
	}
	return nil
}

// notBeyond: the new revision does not grow beyond what is wanted.
func notBeyond(before, after rollout.State) error {
	was, _ := before.New()
	if is, _ := after.New(); is.Replicas > was.Replicas && is.Replicas > before.Replicas {
		return fmt.Errorf("%s grows to %d, wanted are %d", is.Name, is.Replicas, before.Replicas)
	}
	return nil
}

func givenUp(before, _ rollout.State) error {
	if given, ok := before.Rejected[before.Template]; ok {
		return fmt.Errorf("template %s: %s", before.Template, given.Why)
	}
	return nil
}

// exploration is a strategy in a scope.
type exploration struct {
	subject
	scope rollouttest.Scope
}

// in puts a strategy into scopes.
func in(s subject, scopes ...rollouttest.Scope) (all []exploration) {
	for _, scope := range scopes {
		scope.Promises, scope.Lingering = s.promises, lingering(s)
		all = append(all, exploration{s, scope})
	}
	return all
}

func exploreAll(t *testing.T, all []exploration) {
	if raced {
		t.Log("under the race detector with 1 replica only: the code is on one goroutine")
	}
	states := make([]int, len(all))
	t.Run("all", func(t *testing.T) {
		for i, e := range all {
			if raced {
				e.scope.Replicas = 1
			}
			t.Run(fmt.Sprintf("%s; %v", e.name, e.scope), func(t *testing.T) {
				t.Parallel()
				start := time.Now()
				explored, err := rollouttest.Explore(e.strategy, e.scope)
				t.Logf("%v, in %v", explored, time.Since(start).Round(time.Millisecond))
				if err != nil {
					t.Error(err)
				}
				states[i] = explored.States
			})
		}
	})
	sum := 0
	for _, n := range states {
		sum += n
	}
	t.Logf("%d explorations, %d states", len(all), sum)
}

// lingering is how many terminating replicas a strategy can tell apart, or as good as.
func lingering(s subject) int32 {
	if s.promises.Terminating || s.promises.Bounds == nil {
		return 2
	}
	return 0
}

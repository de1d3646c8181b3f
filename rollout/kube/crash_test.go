package kube_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gopawl/pawl/internal/faults"
	"github.com/gopawl/pawl/rollout"
	"github.com/gopawl/pawl/rollout/kube"
	"github.com/gopawl/pawl/rollout/kube/kubetest"
	"github.com/gopawl/pawl/strategies"
)

// story is a rollout during which something goes wrong.
type story struct {
	name           string
	strategy       rollout.Strategy
	cached         bool
	floor, ceiling int32
	routed         bool
}

// A fault at every API call in turn: the rollout ends as without it, by the same process or, where
// that one is killed, by the next, within the bounds, with one ReplicaSet per template.
func TestFaultAtEveryCall(t *testing.T) {
	for _, s := range []story{
		{"rolling live", rolling, false, 3, 4, false},
		{"rolling cached", rolling, true, 3, 4, false},
		{"recreate live", strategies.Recreate{}, false, -1, 3, false},
		{"recreate cached", strategies.Recreate{}, true, -1, 3, false},
		{"blue-green live", blueGreen, false, 3, 6, true},
		{"blue-green cached", blueGreen, true, 3, 6, true},
	} {
		t.Run(s.name, func(t *testing.T) {
			var calls []faults.Call
			synctest.Test(t, func(t *testing.T) { calls, _ = s.tell(t, 0, func(func()) faults.Kind { return faults.Kinds()[0] }) })
			struck := 0
			for i, kind := range kinds(nil) {
				n := 0
				for _, c := range calls {
					if !kind.Fits(c) {
						continue
					}
					if n++; few() && n%s.every() != 3 {
						continue
					}
					t.Run(fmt.Sprintf("%s at call %d", kind.Name, n), func(t *testing.T) {
						synctest.Test(t, func(t *testing.T) {
							if _, hit := s.tell(t, n, func(kill func()) faults.Kind { return kinds(kill)[i] }); hit {
								struck++
							}
						})
					})
				}
			}
			t.Logf("%d calls, %d faults", len(calls), struck)
		})
	}
}

// every is of how many calls one has a fault where there is time for few. Blue-green makes many.
func (s story) every() int {
	if s.routed {
		return 23
	}
	return 7
}

// tell rolls out two templates, with a fault of a kind at the n-th call that it fits. It returns the
// calls of the first process, and whether the fault struck.
func (s story) tell(t *testing.T, n int, kind func(kill func()) faults.Kind) ([]faults.Call, bool) {
	e := start(t, kubetest.Options{Stop: time.Second})
	guard := e.guard(s.floor, s.ceiling, 0)
	target := e.target
	if s.routed {
		e.service(map[string]string{"app": "web"}, nil)
		target = func(image string, n int32) kube.Target { return e.routed(image, "", n) }
		users := e.traffic(3)
		defer func() { users.check(t, "web:1", "web:2") }()
	}
	alive, kill := context.WithTimeout(t.Context(), time.Hour)
	defer kill()
	strike := &faults.Strike{Kind: kind(kill), N: n}
	api, calls := e.through(strike.Inject)
	images := []string{"web:1", "web:2"}
	process := func(ctx context.Context, c *kube.Client) error {
		if s.cached {
			c.Cache = e.informers()
		}
		engine := rollout.Engine{Poll: time.Second}
		for ; len(images) > 0; images = images[1:] { // the next process goes on with the same
			if _, err := engine.Run(ctx, e.workload(c, target(images[0], 3)), s.strategy); err != nil {
				return err
			}
		}
		return nil
	}
	err := process(alive, &kube.Client{API: api})
	if alive.Err() != nil {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("killed: %v", err)
		}
		err = process(t.Context(), &kube.Client{API: e.api})
	}
	e.check(err)
	time.Sleep(strike.After)
	s.ended(e)
	guard.check(t)
	return calls.Take(), strike.Struck()
}

// kinds are all the ways in which a call goes wrong.
func kinds(kill func()) []faults.Kind { return append(faults.Kinds(), faults.Killed(kill)...) }

func (s story) ended(e *env) {
	e.Helper()
	sets := e.sets()
	if len(sets) != 2 || *sets[0].Spec.Replicas != 0 || *sets[1].Spec.Replicas != 3 ||
		sets[1].Status.AvailableReplicas != 3 || sets[1].Spec.Template.Spec.Containers[0].Image != "web:2" {
		for _, rs := range sets {
			e.Errorf("%s %s: %d replicas, %d available", rs.Name, rs.Spec.Template.Spec.Containers[0].Image, *rs.Spec.Replicas, rs.Status.AvailableReplicas)
		}
	}
}

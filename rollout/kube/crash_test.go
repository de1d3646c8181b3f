package kube_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gopawl/pawl/rollout"
	"github.com/gopawl/pawl/rollout/kube"
	"github.com/gopawl/pawl/rollout/kube/kubetest"
	"github.com/gopawl/pawl/strategies"
)

// fault is what becomes of one call.
type fault struct {
	kills bool // the process with it
	write bool // happens to writes only
	do    func(pass func() (*http.Response, error)) (*http.Response, error)
}

func answer(code int, reason string, header ...string) fault {
	return fault{do: func(func() (*http.Response, error)) (*http.Response, error) {
		r, err := refuse(code, reason, "injected")
		for _, h := range header {
			r.Header.Set("Retry-After", h)
		}
		return r, err
	}}
}

var faultKinds = map[string]fault{
	"killed before": {kills: true, do: func(func() (*http.Response, error)) (*http.Response, error) { return nil, errBroken }},
	"killed after":  {kills: true, do: func(pass func() (*http.Response, error)) (*http.Response, error) { return lose(pass, errBroken) }},
	"refused connection": {do: func(func() (*http.Response, error)) (*http.Response, error) {
		return nil, syscall.ECONNREFUSED
	}},
	"timeout after it landed": {do: func(pass func() (*http.Response, error)) (*http.Response, error) { return lose(pass, timeout{}) }},
	"conflict":                {write: true, do: answer(http.StatusConflict, "Conflict").do},
	"throttled":               answer(http.StatusTooManyRequests, "TooManyRequests", "2"),
	"throttled, no hint":      answer(http.StatusTooManyRequests, "TooManyRequests"),
	"server error":            answer(http.StatusInternalServerError, "InternalError"),
	"unavailable":             answer(http.StatusServiceUnavailable, "ServiceUnavailable"),
}

// story is a rollout during which something goes wrong.
type story struct {
	name           string
	strategy       rollout.Strategy
	cached         bool
	floor, ceiling int32
}

// A fault at every API call in turn: the rollout ends as without it, by the same process or, where
// that one was killed, by the next, within the bounds, with one ReplicaSet per template.
func TestFaultAtEveryCall(t *testing.T) {
	for _, s := range []story{
		{"rolling live", rolling, false, 3, 4},
		{"rolling cached", rolling, true, 3, 4},
		{"recreate live", strategies.Recreate{}, false, -1, 3},
		{"recreate cached", strategies.Recreate{}, true, -1, 3},
	} {
		t.Run(s.name, func(t *testing.T) {
			calls := 0
			synctest.Test(t, func(t *testing.T) { calls, _ = s.tell(t, 0, fault{}) })
			struck := 0
			for _, kind := range slices.Sorted(maps.Keys(faultKinds)) {
				for n := 1; n <= calls; n++ {
					if few() && n%7 != 3 {
						continue
					}
					t.Run(fmt.Sprintf("%s at call %d", kind, n), func(t *testing.T) {
						synctest.Test(t, func(t *testing.T) {
							if _, hit := s.tell(t, n, faultKinds[kind]); hit {
								struck++
							}
						})
					})
				}
			}
			t.Logf("%d calls, %d faults", calls, struck)
		})
	}
}

// tell rolls out two templates, with a fault at the n-th call. It returns the number of calls of
// the first process, and whether the fault struck.
func (s story) tell(t *testing.T, n int, f fault) (made int, struck bool) {
	e := start(t, kubetest.Options{Stop: time.Second})
	guard := e.guard(s.floor, s.ceiling, 0)
	alive, kill := context.WithTimeout(t.Context(), time.Hour)
	defer kill()
	api, calls := e.through(func(x *faults) {
		x.inject = func(at int, c call, pass func() (*http.Response, error)) (*http.Response, error) {
			if at != n || f.write && !c.write() {
				return pass()
			}
			struck = true
			if f.kills {
				defer kill()
			}
			return f.do(pass)
		}
	})
	process := func(ctx context.Context, c *kube.Client) (err error) {
		if s.cached {
			c.Cache = e.informers()
		}
		engine := rollout.Engine{Poll: time.Second}
		for _, image := range []string{"web:1", "web:2"} {
			if image == "web:1" && len(e.sets()) > 1 {
				continue // this is the next process
			}
			if _, err = engine.Run(ctx, e.workload(c, e.target(image, 3)), s.strategy); err != nil {
				return err
			}
		}
		return nil
	}
	err := process(alive, &kube.Client{API: api})
	if killed := alive.Err() != nil; killed {
		if !errors.Is(err, context.Canceled) && !errors.Is(err, errBroken) {
			t.Errorf("killed: %v", err)
		}
		err = process(t.Context(), &kube.Client{API: e.api})
	}
	e.check(err)
	s.ended(e)
	guard.check(t)
	return len(calls.take()), struck
}

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

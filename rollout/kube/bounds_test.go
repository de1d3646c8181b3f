package kube_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gopawl/pawl/history"
	"github.com/gopawl/pawl/internal/faults"
	"github.com/gopawl/pawl/rollout"
	"github.com/gopawl/pawl/rollout/kube"
	"github.com/gopawl/pawl/rollout/kube/kubetest"
)

// Bounds hold over random rollouts, resizes and rollbacks, whatever the cache shows.
func TestBoundsHoldWithALaggingCache(t *testing.T) {
	seeds := []int{35, 53, 61, 63, 126, 136, 191, 389} // each once found a count that should not be believed
	for seed := range 50 {
		if few() && seed == 2 {
			break
		}
		seeds = append(seeds, 1000+seed)
	}
	for _, seed := range seeds {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { lag(t, rand.New(rand.NewPCG(uint64(seed), 1))) })
		})
	}
}

func lag(t *testing.T, rnd *rand.Rand) {
	e := start(t, kubetest.Options{StartUp: 3 * time.Second, Stop: time.Second, Seed: rnd.Uint64()})
	minReady := int32(rnd.IntN(2) * 4)
	target := func(image int) kube.Target {
		t := e.target(fmt.Sprintf("web:%d", image), 4)
		t.MinReadySeconds = minReady
		return t
	}
	e.run(&kube.Client{API: e.api}, target(1))
	guard := e.guard(4, 5, time.Duration(minReady)*time.Second)
	cache := e.lagging()
	late := func(behind int) int { return rnd.IntN(1 + behind/(1+rnd.IntN(4))) }
	cache.sets.advance, cache.pods.advance = late, late
	api, calls := e.through(nil)
	c := &kube.Client{API: api, Cache: cache}
	strategy := history.Keep(rolling, 1)
	engine := rollout.Engine{Trace: rollout.Trace{Observed: func(s rollout.State) {
		live := e.liveSizes()
		if d := cmp.Diff(live, sizes(s)); d != "" {
			t.Errorf("-live +observed:\n%s", d)
		}
	}}}
	image := 1
	for round := range 150 {
		switch {
		case round > 110: // let it end
			image, cache.sets.advance, cache.pods.advance = 2, nil, nil
		case rnd.IntN(12) == 0:
			image = 1 + rnd.IntN(3)
		}
		calls.Take()
		_, err := engine.Reconcile(t.Context(), e.workload(c, target(image)), strategy)
		e.check(err)
		atMostOneGet(t, calls.Take())
		time.Sleep(time.Duration(rnd.IntN(2000)) * time.Millisecond)
	}
	guard.check(t)
	status, err := engine.Run(t.Context(), e.workload(c, target(2)), strategy)
	if err != nil || status.Phase != rollout.Complete {
		t.Errorf("%+v: %v", status, err)
	}
}

// atMostOneGet checks the reads of a Claim, an Observe and what refused writes look at.
func atMostOneGet(t *testing.T, calls []faults.Call) {
	t.Helper()
	gets := map[string]int{}
	for _, c := range calls {
		if c.Verb == "get" {
			gets[c.Name]++
		}
		if gets[c.Name] > 2 && !slices.ContainsFunc(calls, faults.Call.Writes) {
			t.Errorf("%s is read %d times in a Claim and an Observe", c.Name, gets[c.Name])
		}
	}
}

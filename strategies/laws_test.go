package strategies_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"testing"

	"github.com/gopawl/pawl/rollout"
	"github.com/gopawl/pawl/rollout/rollouttest"
	"github.com/gopawl/pawl/strategies"
)

var (
	seed  = flag.Uint64("seed", 0, "make the rollout with this seed and tell its story")
	seeds = flag.Uint64("seeds", defaultSeeds, "number of rollouts, each with a seed of its own")
)

func TestRollingKeepsTheLaws(t *testing.T) {
	checkAll(t, func(rng *rand.Rand) (rollout.Strategy, rollouttest.Promises) {
		r := anyRolling(rng)
		return r, promisesOf(r)
	})
}

func TestRecreateKeepsTheLawsAndNeverMixes(t *testing.T) {
	checkAll(t, func(*rand.Rand) (rollout.Strategy, rollouttest.Promises) {
		return strategies.Recreate{}, oneVersion
	})
}

func promisesOf(r strategies.Rolling) rollouttest.Promises {
	return rollouttest.Promises{Bounds: r.Bounds, Terminating: r.Termination == strategies.TerminationComplete}
}

// oneVersion is what Recreate promises. Somebody else may make replicas of another version.
var oneVersion = rollouttest.Promises{Invariants: []rollouttest.Invariant{
	{Name: "one version", Always: notMixed, In: rollouttest.Stormy},
}}

// notMixed holds when the replicas that exist, the terminating ones included, are of one
// template.
func notMixed(s rollout.State) error {
	of := ""
	for _, r := range s.Revisions {
		switch {
		case r.Actual+r.Terminating == 0:
		case of != "" && of != r.Template:
			return fmt.Errorf("replicas of %s beside those of %s", r.Template, of)
		default:
			of = r.Template
		}
	}
	return nil
}

func anyRolling(rng *rand.Rand) strategies.Rolling {
	r := strategies.Rolling{MaxSurge: anyAmount(rng), MaxUnavailable: anyAmount(rng)}
	if rng.IntN(3) == 0 {
		r.Termination = strategies.TerminationComplete
	}
	return r
}

func anyAmount(rng *rand.Rand) rollout.Amount {
	switch rng.IntN(4) {
	case 0:
		return rollout.Amount{}
	case 1:
		return rollout.Percent(int32(rng.IntN(130)))
	}
	return rollout.Count(int32(rng.IntN(4)))
}

// perSetting is how many seeds in a row share the settings of the strategy.
const perSetting = 50

// checkAll checks a strategy with many settings, on all processors, or with the one seed asked for.
// Everything follows from the seeds.
func checkAll(t *testing.T, choose func(*rand.Rand) (rollout.Strategy, rollouttest.Promises)) {
	t.Helper()
	t.Parallel()
	check := func(first uint64, rollouts int, log func(string, ...any)) (rollouttest.Report, error) {
		s, p := choose(rand.New(rand.NewPCG((first-1)/perSetting, 2)))
		report, err := rollouttest.Check(s, rollouttest.Options{Promises: p, Seed: first, Rollouts: rollouts, Routes: []string{"web", "next"}, Log: log})
		if err != nil {
			err = fmt.Errorf("%T%+v: %w", s, s, err)
		}
		return report, err
	}
	if *seed != 0 {
		if _, err := check(*seed, 1, t.Logf); err != nil {
			t.Error(err)
		}
		return
	}
	n := *seeds
	if testing.Short() {
		n /= 10
	}
	total, failures := rollouttest.Report{}, 0
	for _, r := range inParallel(int((n+perSetting-1)/perSetting), func(i int) result {
		first := uint64(i)*perSetting + 1
		report, err := check(first, int(min(perSetting, n+1-first)), nil)
		return result{report, err}
	}) {
		total = total.Plus(r.report)
		if r.err != nil && failures < 3 {
			t.Error(r.err)
			failures++
		}
	}
	t.Logf("%s: %v", t.Name(), total)
}

type result struct {
	report rollouttest.Report
	err    error
}

// inParallel returns the results in their order.
func inParallel(n int, do func(int) result) []result {
	results := make([]result, n)
	work := make(chan int)
	var group sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		group.Go(func() {
			for i := range work {
				results[i] = do(i)
			}
		})
	}
	for i := range n {
		work <- i
	}
	close(work)
	group.Wait()
	return results
}

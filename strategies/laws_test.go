package strategies_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/gopawl/pawl/rollout"
	"github.com/gopawl/pawl/strategies"
)

var (
	seed  = flag.Uint64("seed", 0, "replay the trial with this seed and print it")
	seeds = flag.Uint64("seeds", defaultSeeds, "number of trials, each with a seed of its own")
)

func TestRollingKeepsTheLaws(t *testing.T) {
	tryAll(t, func(rng *rand.Rand) subject {
		r := strategies.Rolling{MaxSurge: anyAmount(rng), MaxUnavailable: anyAmount(rng)}
		if rng.IntN(3) == 0 {
			r.Termination = strategies.TerminationComplete
		}
		b := bounds{r}
		return subject{
			name:     fmt.Sprintf("rolling, surge %q, unavailable %q, termination %d", r.MaxSurge, r.MaxUnavailable, r.Termination),
			strategy: r, write: b.notWorsened, always: b.kept, alwaysIn: calm,
		}
	})
}

func TestRecreateNeverMixes(t *testing.T) {
	tryAll(t, func(*rand.Rand) subject {
		return subject{name: "recreate", strategy: strategies.Recreate{}, always: notMixed, alwaysIn: stormy}
	})
}

// tryAll makes a trial of each seed, or of the one asked for.
func tryAll(t *testing.T, choose func(*rand.Rand) subject) {
	t.Helper()
	t.Parallel()
	if *seed != 0 {
		if err := try(*seed, choose, t.Logf); err != nil {
			t.Error(err)
		}
		return
	}
	n, failures := *seeds, 0
	if testing.Short() {
		n /= 10
	}
	for seed := range n {
		if err := try(seed+1, choose, nil); err != nil {
			t.Errorf("seed %d: %v", seed+1, err)
			if failures++; failures == 1 {
				_ = try(seed+1, choose, t.Logf)
			}
			if failures == 5 {
				return
			}
		}
	}
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

// bounds are the promises of a Rolling.
type bounds struct{ r strategies.Rolling }

// notWorsened holds for every write: it does not lower what is sure to stay available when that
// ends below the floor, nor raise the number of replicas when that ends above the ceiling.
func (b bounds) notWorsened(before, after rollout.State) error {
	floor, ceiling, err := b.r.Bounds(before.Replicas)
	if err != nil {
		return err
	}
	if was, is := guaranteed(before), guaranteed(after); is < was && is < floor {
		return fmt.Errorf("lowers what is sure to be available from %d to %d, the floor is %d", was, is, floor)
	}
	if was, is := b.counted(before), b.counted(after); is > was && is > ceiling {
		return fmt.Errorf("raises the replicas from %d to %d, the ceiling is %d", was, is, ceiling)
	}
	return nil
}

// kept holds at every moment of a rollout that nobody disturbs.
func (b bounds) kept(s rollout.State) error {
	floor, ceiling, err := b.r.Bounds(s.Replicas)
	if err != nil {
		return err
	}
	if n := s.Counts().Available; n < floor {
		return fmt.Errorf("%d are available, the floor is %d", n, floor)
	}
	if n := b.counted(s); n > ceiling {
		return fmt.Errorf("%d replicas, the ceiling is %d", n, ceiling)
	}
	return nil
}

// guaranteed is how many replicas stay available whichever the controllers choose to end among
// those that are ready.
func guaranteed(s rollout.State) (n int32) {
	for _, r := range s.Revisions {
		n += max(0, r.Available-max(0, r.Ready-r.Replicas))
	}
	return n
}

// counted is the number of replicas that counts against the ceiling.
func (b bounds) counted(s rollout.State) (n int32) {
	for _, r := range s.Revisions {
		if b.r.Termination == strategies.TerminationStarted {
			n += r.Replicas
		} else {
			n += max(r.Replicas, r.Actual) + r.Terminating
		}
	}
	return n
}

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

package history_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/gopawl/pawl/history"
	"github.com/gopawl/pawl/rollout"
	"github.com/gopawl/pawl/rollout/rollouttest"
	"github.com/gopawl/pawl/strategies"
)

// TestKeepKeepsTheLaws holds the strategies with Keep around them to what they promise without it,
// and to a history that is never longer than asked for when it is over.
func TestKeepKeepsTheLaws(t *testing.T) {
	rolling := strategies.Rolling{}
	for _, strategy := range []rollout.Strategy{rolling, strategies.Recreate{}} {
		for _, limit := range []int32{0, 1, 3} {
			t.Run(fmt.Sprintf("%T %d", strategy, limit), func(t *testing.T) {
				o := rollouttest.Options{Rollouts: 300, Templates: 6}
				if strategy == rollout.Strategy(rolling) {
					o.Bounds = rolling.Bounds
				}
				o.Invariants = []rollouttest.Invariant{{Name: "a way back", Write: wayBackKept}}
				report, err := rollouttest.Check(history.Keep(strategy, limit), o)
				t.Log(report)
				if err != nil {
					t.Error(err)
				}
			})
		}
	}
}

// wayBackKept holds for a write that does not take away where an undo goes back to.
func wayBackKept(before, after rollout.State) error {
	before.Paused = false
	was, err := history.History{State: before}.LastSettled()
	if errors.Is(err, history.ErrNoneSettled) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, r := range after.Revisions {
		if r.Name == was.Name {
			return nil
		}
	}
	return fmt.Errorf("%s is gone, the last that a rollout completed on", was.Name)
}

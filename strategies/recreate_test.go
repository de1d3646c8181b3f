package strategies_test

import (
	"testing"

	"github.com/gopawl/pawl/rollout"
	"github.com/gopawl/pawl/strategies"
)

func TestRecreateWaitsForReplicasThatMayStillCome(t *testing.T) {
	for name, c := range map[string]struct {
		change func(old *rollout.Revision)
		want   []string
	}{
		"none":                 {func(*rollout.Revision) {}, []string{"create v2 with 3"}},
		"existing":             {func(o *rollout.Revision) { o.Actual = 1 }, nil},
		"terminating":          {func(o *rollout.Revision) { o.Terminating = 1 }, nil},
		"size not observed":    {func(o *rollout.Revision) { o.Observed = false }, nil},
		"asked for, not there": {func(o *rollout.Revision) { o.Replicas = 2 }, []string{"scale a from 2 to 0"}},
	} {
		old := revision("a", "v1", 0, 0)
		c.change(&old)
		t.Run(name, func(t *testing.T) { wantSteps(t, strategies.Recreate{}, wanted(3, old), c.want...) })
	}
}

func TestRecreateShrinksWithoutWaiting(t *testing.T) {
	wantSteps(t, strategies.Recreate{}, wanted(3, revision("a", "v1", 1, 1), revision("b", "v2", 5, 5)),
		"scale a from 1 to 0", "scale b from 5 to 3")
	wantSteps(t, strategies.Recreate{}, wanted(3, revision("a", "v1", 1, 1), revision("b", "v2", 1, 1)),
		"scale a from 1 to 0")
}

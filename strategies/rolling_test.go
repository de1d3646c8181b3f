package strategies_test

import (
	"fmt"
	"testing"

	"github.com/gopawl/pawl/rollout"
	"github.com/gopawl/pawl/strategies"
)

// unobserved is a revision of whose size the counts are not yet.
func unobserved(name, template string, size, shown int32) rollout.Revision {
	r := revision(name, template, size, shown)
	r.Actual, r.Observed = shown, false
	return r
}

func wantSteps(t *testing.T, strategy rollout.Strategy, s rollout.State, want ...string) {
	t.Helper()
	if got := actions(mustPlan(t, strategy, s)); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("plans %q, want %q", got, want)
	}
}

func TestRollingUsesTheRoomItMakesAtOnce(t *testing.T) {
	s := wanted(4, revision("a", "v1", 3, 3), revision("b", "v2", 2, 2))
	one := strategies.Rolling{MaxSurge: rollout.Count(1), MaxUnavailable: rollout.Count(1)}
	wantSteps(t, one, s, "scale a from 3 to 1", "scale b from 2 to 4")
}

func TestRollingCreatesInOneStep(t *testing.T) {
	one := strategies.Rolling{MaxSurge: rollout.Count(0), MaxUnavailable: rollout.Count(2)}
	wantSteps(t, one, wanted(4, revision("a", "v1", 4, 4)), "create v2 with 0", "scale a from 4 to 2")
}

func TestCountsThatAreNotOfTheSizeSayNothing(t *testing.T) {
	surge := strategies.Rolling{MaxSurge: rollout.Count(2), MaxUnavailable: rollout.Count(0)}
	gone := surge
	gone.Termination = strategies.TerminationComplete
	for name, c := range map[string]struct {
		strategy rollout.Strategy
		state    rollout.State
		want     []string
	}{
		"new replicas that may be gone pay for nothing": {surge,
			wanted(3, revision("a", "v1", 2, 2), unobserved("b", "v2", 3, 3)), nil},
		"old replicas that may be gone pay for nothing": {surge,
			wanted(3, unobserved("a", "v1", 2, 3), revision("b", "v2", 3, 2)), nil},
		"old replicas are not taken for unready": {surge,
			wanted(3, unobserved("a", "v1", 2, 0), revision("b", "v2", 3, 3)), nil},
		"surplus new replicas are not taken for unready": {surge,
			wanted(3, unobserved("b", "v2", 6, 3)), nil},
		"no room while the old ones may be more than they show": {gone,
			wanted(3, unobserved("a", "v1", 0, 0), revision("b", "v2", 1, 1)), nil},
		"room is made of sizes where terminating ones do not count": {surge,
			wanted(3, unobserved("a", "v1", 0, 3), revision("b", "v2", 1, 1)), []string{"scale b from 1 to 3"}},
	} {
		t.Run(name, func(t *testing.T) { wantSteps(t, c.strategy, c.state, c.want...) })
	}
}

func TestWhatIsNotObservedIsNotPaidFor(t *testing.T) {
	surge := strategies.Rolling{MaxSurge: rollout.Count(2), MaxUnavailable: rollout.Count(0)}
	wantSteps(t, surge, wanted(3, unobserved("a", "v1", 1, 1), revision("c", "v0", 1, 1), revision("b", "v2", 3, 3)),
		"scale c from 1 to 0")
}

func TestUnreadyOldReplicasAreKeptWhileTheNewOnesAreUnready(t *testing.T) {
	one := strategies.Rolling{MaxSurge: rollout.Count(1), MaxUnavailable: rollout.Count(1)}
	wantSteps(t, one, wanted(4, revision("a", "v1", 2, 1), revision("c", "v0", 2, 1), revision("b", "v2", 2, 0)),
		"scale a from 2 to 1")
}

func TestUnreadyReplicasThatAreNotObservedDoNotCount(t *testing.T) {
	one := strategies.Rolling{MaxSurge: rollout.Count(1), MaxUnavailable: rollout.Count(1)}
	wantSteps(t, one, wanted(4, unobserved("a", "v1", 1, 0), revision("c", "v0", 3, 2), revision("b", "v2", 0, 0)),
		"scale b from 0 to 1", "scale c from 3 to 2", "scale b from 1 to 2")
}

func TestRevisionWithNothingAvailableCostsNothing(t *testing.T) {
	a := revision("a", "v1", 2, 0)
	a.Ready = 2
	one := strategies.Rolling{MaxSurge: rollout.Count(1), MaxUnavailable: rollout.Count(1)}
	wantSteps(t, one, wanted(4, a, revision("c", "v0", 3, 3), revision("b", "v2", 0, 0)),
		"scale a from 2 to 0", "scale b from 0 to 2")
}

func TestSurplusAndOldReplicasGoTogether(t *testing.T) {
	surge := strategies.Rolling{MaxSurge: rollout.Count(1), MaxUnavailable: rollout.Count(0)}
	wantSteps(t, surge, wanted(4, revision("a", "v1", 2, 2), revision("b", "v2", 6, 6)),
		"scale b from 6 to 4", "scale a from 2 to 0")
}

func TestNoFloorNeedsNoCounts(t *testing.T) {
	none := strategies.Rolling{MaxUnavailable: rollout.Percent(100)}
	wantSteps(t, none, wanted(3, unobserved("b", "v2", 6, 0)), "scale b from 6 to 3")
}

func TestReadyIsNotHarmlessToTakeDown(t *testing.T) {
	// Five are ready but only three of them are available: a smaller size may cost any of them
	// (semantics of the ReplicaSet's deletion order), so only the one that is not ready goes.
	a := revision("a", "v1", 6, 3)
	a.Ready = 5
	one := strategies.Rolling{MaxSurge: rollout.Count(0), MaxUnavailable: rollout.Count(1)}
	wantSteps(t, one, wanted(4, a, revision("b", "v2", 0, 0)), "scale a from 6 to 5")
}

func TestSurplusOfTheNewRevisionKeepsTheFloor(t *testing.T) {
	b := revision("b", "v2", 6, 3)
	one := strategies.Rolling{MaxSurge: rollout.Count(1), MaxUnavailable: rollout.Count(1)}
	wantSteps(t, one, wanted(4, b), "scale b from 6 to 4")
	b.Ready = 6
	wantSteps(t, one, wanted(4, b))
	b.Available = 5
	wantSteps(t, one, wanted(4, b), "scale b from 6 to 4")
}

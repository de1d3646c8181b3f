package traffic

import (
	"fmt"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/gopawl/pawl/rollout"
	"github.com/gopawl/pawl/strategies"
)

var rolling = strategies.Rolling{MaxSurge: rollout.Count(1), MaxUnavailable: rollout.Count(1)}

func TestRollingServesBothVersionsAndLosesNothing(t *testing.T) {
	t.Parallel()
	tally, versions := start(t).during(rolling, enough)
	wantServed(t, tally)
	mixed := slices.ContainsFunc(tally.Phases, func(p Phase) bool { return slices.Equal(p.Versions, []string{"v1", "v2"}) })
	first, last := tally.Phases[0], tally.Phases[len(tally.Phases)-1]
	if !slices.Equal(first.Versions, []string{"v1"}) || !mixed || len(tally.Phases) < mostPhases && !slices.Equal(last.Versions, []string{fmt.Sprint("v", versions)}) {
		t.Errorf("not v1, then both, then the last version alone: %+v", tally.Phases)
	}
}

// A new connection goes where the route points, and to no other version; those that are kept stay with
// their pods.
func TestBlueGreenSwitchesAtOnceAndLosesNothing(t *testing.T) {
	t.Parallel()
	tally, versions := start(t).during(strategies.BlueGreen{Active: "kubia", Keep: 2 * time.Second}, enough)
	wantServed(t, tally)
	for v := 2; v <= versions; v++ {
		old, now := tally.Versions[fmt.Sprint("v", v-1)], tally.Versions[fmt.Sprint("v", v)]
		if old.LastFresh.IsZero() || now.LastFresh.IsZero() || old.LastFresh.After(now.First) {
			t.Errorf("v%d answered a connection of %v, v%d one before %v", v-1, old.LastFresh, v, now.First)
		}
	}
}

func wantServed(t *testing.T, tally Tally) {
	t.Helper()
	if tally.Failed > 0 || tally.Requests < enough || tally.Fresh < 100 {
		t.Errorf("%d of %d requests failed, %d on new connections: %v", tally.Failed, tally.Requests, tally.Fresh, tally.Errors)
	}
}

func TestRecreateFailsBetweenTheVersions(t *testing.T) {
	t.Parallel()
	tally, _ := start(t).during(strategies.Recreate{}, 0)
	if tally.Failed == 0 || len(tally.Errors) == 0 {
		t.Errorf("nothing failed: %+v", tally)
	}
	var order []string
	for _, p := range tally.Phases {
		if len(p.Versions) > 1 {
			t.Errorf("versions at once: %+v", p)
		}
		order = append(order, p.Versions...)
	}
	if order = slices.Compact(order); !slices.Equal(order, []string{"v1", "v2"}) {
		t.Errorf("answered by %v", order)
	}
}

// The proxy is late, so that it costs requests when pods end at once.
func TestPodsThatDoNotDrainLoseRequests(t *testing.T) {
	t.Parallel()
	e := start(t)
	e.annotations = map[string]string{"sim/stop-delay": "0s"}
	if tally, _ := e.during(rolling, 0); tally.Failed == 0 {
		t.Errorf("nothing failed: %+v", tally)
	}
}

// Nothing is left running, whether a network is closed at rest, in the middle or before it began.
func TestCloseLeavesNothing(t *testing.T) {
	before := runtime.NumGoroutine()
	t.Run("", func(t *testing.T) {
		e := start(t)
		e.annotations = map[string]string{"sim/stop-delay": "25s"}
		empty := e.open()
		e.rollOut(rolling, "v1")
		<-empty.proxy.served
		other := e.open()
		run := Load{Address: empty.Address()}.Start()
		e.rollOut(strategies.Rolling{MaxUnavailable: rollout.Percent(100)}, "v2")
		if other.Address() == empty.Address() || !empty.node.draining() {
			t.Error("nothing is in the middle")
		}
		e.check(other.Close())
		e.check(empty.Close())
		if tally := run.Stop(); len(tally.Versions) == 0 {
			t.Errorf("nobody answered: %+v", tally)
		}
	})
	for deadline := time.Now().Add(10 * time.Second); runtime.NumGoroutine() > before; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			stacks := make([]byte, 1<<20)
			t.Fatalf("%d goroutines, %d before:\n%s", runtime.NumGoroutine(), before, stacks[:runtime.Stack(stacks, true)])
		}
	}
}

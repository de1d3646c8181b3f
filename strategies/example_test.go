package strategies_test

import (
	"context"
	"fmt"
	"time"

	"github.com/gopawl/pawl/rollout"
	"github.com/gopawl/pawl/rollout/sim"
	"github.com/gopawl/pawl/strategies"
)

// web is a workload that serves version v1 and wants v2.
func web(replicas int32) rollout.State {
	return rollout.State{Replicas: replicas, Template: "v2", Revisions: []rollout.Revision{{
		Name: "v1", Template: "v1", Number: 1, Observed: true,
		Replicas: replicas, Actual: replicas, Ready: replicas, Available: replicas,
	}}}
}

// preview prints what a strategy does, when a replica takes 5 seconds to start and 20 to end.
func preview(s rollout.Strategy, from rollout.State) {
	report, err := sim.Preview(s, from, sim.Options{StartUp: sim.After(5 * time.Second), Stop: 20 * time.Second})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, step := range report.Steps {
		fmt.Printf("%3v  %v\n", step.At, step.Step.Action)
	}
	fmt.Printf("%3v  %v: %s\n", report.Duration, report.End.Phase, report.End.Message)
	fmt.Printf("%d or more available, %d or fewer existing\n", report.LowestAvailable, report.HighestExisting)
}

func ExampleRolling() {
	preview(strategies.Rolling{
		MaxSurge:       rollout.Count(2),
		MaxUnavailable: rollout.Percent(25),
	}, web(4))
	// Output:
	//  0s  create v2 with 2
	//  0s  scale v1 from 4 to 3
	//  0s  scale v2 from 2 to 3
	//  5s  scale v1 from 3 to 0
	//  5s  scale v2 from 3 to 4
	// 10s  settle v2
	// 10s  Complete: 4 of 4 updated replicas are available
	// 3 or more available, 6 or fewer existing
}

func ExampleRolling_Bounds() {
	floor, ceiling, err := strategies.Rolling{}.Bounds(10)
	fmt.Println(floor, ceiling, err)
	_, _, err = strategies.Rolling{MaxSurge: rollout.Count(-1)}.Bounds(10)
	fmt.Println(err)
	// Output:
	// 8 13 <nil>
	// maxSurge: invalid value -1: must be 0 or more
}

func ExampleRecreate() {
	preview(strategies.Recreate{}, web(3))
	// Output:
	//  0s  scale v1 from 3 to 0
	// 20s  create v2 with 3
	// 25s  settle v2
	// 25s  Complete: 3 of 3 updated replicas are available
	// 0 or more available, 3 or fewer existing
}

func ExampleBlueGreen() {
	state := web(3)
	state.Routes = []rollout.Route{{Name: "web"}}
	preview(strategies.BlueGreen{Active: "web", Keep: time.Minute}, state)
	// Output:
	//  0s  switch web to v1
	//  0s  create v2 with 3
	//  5s  switch web to v2
	// 1m5s  scale v1 from 3 to 0
	// 1m5s  settle v2
	// 1m5s  Complete: 3 of 3 updated replicas are available
	// 3 or more available, 6 or fewer existing
}

func ExampleCanary() {
	preview(strategies.Canary{
		Rolling: strategies.Rolling{MaxSurge: rollout.Count(1), MaxUnavailable: rollout.Count(0)},
		Steps:   []strategies.CanaryStep{{Size: rollout.Percent(10), Pause: time.Minute}},
	}, web(2))
	// Output:
	//  0s  create v2 with 1
	//  5s  scale v1 from 2 to 1
	// 1m5s  scale v2 from 1 to 2
	// 1m10s  scale v1 from 1 to 0
	// 1m10s  settle v2
	// 1m10s  Complete: 2 of 2 updated replicas are available
	// 2 or more available, 3 or fewer existing
}

// A version that does not start is given up, and what worked is gone back to.
func ExampleRollBack() {
	state := web(2)
	state.Revisions[0].Settled = time.Unix(1, 0)
	broken := sim.New(state, sim.Options{StartUp: sim.After(0, "v2")})
	strategy := strategies.Deadline(strategies.RollBack(strategies.Rolling{}), 30*time.Second)
	engine := rollout.Engine{Trace: rollout.Trace{Applied: func(s rollout.Step, _ error) { fmt.Println(s.Action) }}}
	for {
		status, err := engine.Reconcile(context.Background(), broken, strategy)
		if err != nil {
			fmt.Println(err)
			return
		}
		if status.Phase.Over() {
			fmt.Printf("%s: %s\n", status.Phase, status.Message)
			return
		}
		if _, ok := broken.Next(); !ok {
			broken.Advance(status.RequeueAfter)
		}
	}
	// Output:
	// create v2 with 1
	// reject v2: no progress for 30s: 1 out of 2 new replicas have been updated
	// reject v2, back to v1: no progress for 30s: 1 out of 2 new replicas have been updated
	// adopt v1
	// scale v2 from 1 to 0
	// settle v1
	// RolledBack: rolled back to revision 3: no progress for 30s: 1 out of 2 new replicas have been updated
}

// A strategy of one's own: a rolling update that takes no step on a Friday.
func ExampleStrategyFunc() {
	noFridays := rollout.StrategyFunc(func(s rollout.State) (rollout.Plan, error) {
		if s.Now.Weekday() == time.Friday {
			return rollout.Plan{Phase: rollout.Waiting, Message: "it is Friday", Wake: s.Now.Add(time.Hour)}, nil
		}
		return strategies.Rolling{}.Plan(s)
	})
	state := web(3)
	state.Now = time.Date(2026, time.July, 3, 23, 0, 0, 0, time.UTC)
	preview(noFridays, state)
	// Output:
	// 1h0m0s  create v2 with 1
	// 1h0m5s  scale v1 from 3 to 2
	// 1h0m5s  scale v2 from 1 to 2
	// 1h0m10s  scale v1 from 2 to 1
	// 1h0m10s  scale v2 from 2 to 3
	// 1h0m15s  scale v1 from 1 to 0
	// 1h0m15s  settle v2
	// 1h0m15s  Complete: 3 of 3 updated replicas are available
	// 3 or more available, 4 or fewer existing
}

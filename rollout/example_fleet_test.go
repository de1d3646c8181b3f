package rollout_test

import (
	"context"
	"fmt"
	"time"

	"github.com/gopawl/pawl/rollout"
	"github.com/gopawl/pawl/rollout/sim"
	"github.com/gopawl/pawl/strategies"
)

// Three rollouts, two at a time. Each has a deadline of its own, so that none keeps the others
// waiting for ever, and one that fails does not end them.
func ExampleFleet() {
	var members []rollout.Member
	for _, name := range []string{"web", "mail", "shop"} {
		wanted := rollout.State{Replicas: 3, Template: "v1"}
		if name == "mail" {
			wanted.Rejected = map[string]rollout.Rejection{"v1": {Why: "crashes"}}
		}
		workload := sim.New(wanted, sim.Options{})
		engine := rollout.Engine{Trace: rollout.Trace{Waiting: func(rollout.Status) { workload.Next() }}}
		members = append(members, rollout.Member{Name: name, Run: func(ctx context.Context) (rollout.Status, error) {
			ctx, cancel := context.WithTimeout(ctx, time.Minute)
			defer cancel()
			return engine.Run(ctx, workload, strategies.Rolling{})
		}})
	}
	results, err := rollout.Fleet{Limit: 2, KeepGoing: true}.Run(context.Background(), members...)
	for i, r := range results {
		fmt.Println(members[i].Name, r.Status.Phase)
	}
	fmt.Println(err)
	// Output:
	// web Complete
	// mail Failed
	// shop Complete
	// mail: rollout Failed: crashes
}

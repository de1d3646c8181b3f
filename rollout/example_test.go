package rollout_test

import (
	"context"
	"fmt"
	"log"
	"time"

	"github.com/gopawl/pawl/rollout"
	"github.com/gopawl/pawl/rollout/sim"
	"github.com/gopawl/pawl/strategies"
)

// A controller calls Reconcile whenever something may have changed, and asks to be called again
// after the time that the outcome names. Here the workload is a simulated one, and time moves
// from event to event.
func ExampleEngine_Reconcile() {
	ctx := context.Background()
	engine := rollout.Engine{}
	strategy := strategies.Rolling{MaxSurge: rollout.Count(1)}
	web := sim.New(rollout.State{Replicas: 3, Template: "v1"}, sim.Options{StartUp: sim.After(5 * time.Second)})
	for {
		status, err := engine.Reconcile(ctx, web, strategy)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%s: %s\n", status.Phase, status.Message)
		if status.Phase.Over() {
			break
		}
		web.Next()
	}
	// Output:
	// Progressing: 0 out of 3 new replicas have been updated
	// Progressing: 0 of 3 updated replicas are available
	// Progressing: all replicas are updated and available
	// Complete: 3 of 3 updated replicas are available
}

// A command calls Run, which returns when the rollout is over. Time of the simulated workload
// moves whenever Run waits.
func ExampleEngine_Run() {
	web := sim.New(rollout.State{Replicas: 2, Template: "v2", Revisions: []rollout.Revision{{
		Name: "v1", Template: "v1", Number: 1, Observed: true, Replicas: 2, Actual: 2, Ready: 2, Available: 2,
	}}}, sim.Options{})
	engine := rollout.Engine{Trace: rollout.Trace{
		Applied: func(s rollout.Step, err error) { fmt.Println(s.Action) },
		Waiting: func(rollout.Status) { web.Next() },
	}}
	status, err := engine.Run(context.Background(), web, strategies.Rolling{})
	fmt.Println(status.Phase, err)
	// Output:
	// create v2 with 1
	// scale v1 from 2 to 1
	// scale v2 from 1 to 2
	// scale v1 from 1 to 0
	// settle v2
	// Complete <nil>
}

// A dry run: what would be done now.
func ExampleEngine_Plan() {
	web := sim.New(rollout.State{Replicas: 3, Template: "v1"}, sim.Options{})
	engine := rollout.Engine{}
	_, plan, err := engine.Plan(context.Background(), web, strategies.Rolling{})
	fmt.Println(plan.Phase, err)
	for _, step := range plan.Steps {
		fmt.Printf("%v, because %s\n", step.Action, step.Why)
	}
	// Output:
	// Progressing <nil>
	// create v1 with 3, because 3 wanted, at most 4 may exist
}

package sim_test

import (
	"fmt"
	"time"

	"github.com/gopawl/pawl/rollout"
	"github.com/gopawl/pawl/rollout/sim"
	"github.com/gopawl/pawl/strategies"
)

func ExamplePreview() {
	from := rollout.State{Replicas: 3, Template: "v2", Revisions: []rollout.Revision{{
		Name: "web-v1", Template: "v1", Number: 1, Observed: true,
		Replicas: 3, Actual: 3, Ready: 3, Available: 3,
	}}}
	report, err := sim.Preview(strategies.Rolling{}, from, sim.Options{
		StartUp: sim.After(4 * time.Second),
		Name:    func(template string) string { return "web-" + template },
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, s := range report.Steps {
		fmt.Printf("%3v  %v (%s)\n", s.At, s.Step.Action, s.Step.Why)
	}
	fmt.Printf("%v after %v: %d to %d replicas\n",
		report.End.Phase, report.Duration, report.LowestAvailable, report.HighestExisting)
	// Output:
	//  0s  create v2 with 1 (3 wanted, at most 4 may exist)
	//  4s  scale web-v1 from 3 to 2 (1 beyond the 3 that must stay available)
	//  4s  scale web-v2 from 1 to 2 (3 wanted, at most 4 may exist)
	//  8s  scale web-v1 from 2 to 1 (1 beyond the 3 that must stay available)
	//  8s  scale web-v2 from 2 to 3 (3 wanted, at most 4 may exist)
	// 12s  scale web-v1 from 1 to 0 (1 beyond the 3 that must stay available)
	// 12s  settle web-v2 (the rollout is complete)
	// Complete after 12s: 3 to 4 replicas
}

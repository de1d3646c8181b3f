package gates_test

import (
	"testing"
	"time"

	"github.com/gopawl/pawl/rollout"
	"github.com/gopawl/pawl/rollout/gates"
	"github.com/gopawl/pawl/rollout/sim"
	"github.com/gopawl/pawl/strategies"
)

// newWeb is a workload that is complete but for the last step.
func newWeb() *sim.Workload {
	return sim.New(rollout.State{Replicas: 2, Template: "v2", Revisions: []rollout.Revision{{
		Name: "v2", Template: "v2", Number: 1, Observed: true, Replicas: 2, Actual: 2, Ready: 2, Available: 2,
	}}}, sim.Options{})
}

// lastly is a rolling update that counts as complete only when a gate is open.
func lastly(gate string) rollout.Strategy {
	return rollout.StrategyFunc(func(s rollout.State) (rollout.Plan, error) {
		p, err := strategies.Rolling{}.Plan(s)
		for i, step := range p.Steps {
			if _, ok := step.Action.(rollout.Settle); ok {
				p.Steps[i].Gate = gate
			}
		}
		return p, err
	})
}

// A pod that fails while the new version bakes starts the time anew.
func TestBakeBeginsAgainWhenAReplicaFails(t *testing.T) {
	web := sim.New(rollout.State{Replicas: 3, Template: "v2"}, sim.Options{StartUp: sim.After(10 * time.Second)})
	engine := rollout.Engine{Gates: map[string]rollout.Gate{"bake": gates.Bake{For: time.Minute}}}
	begun, failed := web.Now(), false
	for range 1000 {
		status, err := engine.Reconcile(t.Context(), web, lastly("bake"))
		if err != nil {
			t.Fatal(err)
		}
		if status.Phase == rollout.Complete {
			break
		}
		web.Advance(time.Second)
		if !failed && web.Now().Sub(begun) >= 40*time.Second {
			failed = true
			web.Pods("v2")[0].Ready = web.Now().Add(5 * time.Second)
		}
	}
	// Not ready from 40 s to 45 s, and then it takes a minute.
	if took := web.Now().Sub(begun); took < 105*time.Second || took > 107*time.Second {
		t.Errorf("complete after %v", took)
	}
}

package history_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/gopawl/pawl/history"
	"github.com/gopawl/pawl/rollout"
	"github.com/gopawl/pawl/rollout/sim"
	"github.com/gopawl/pawl/strategies"
)

// Fifty rollouts in a row fail. In Kubernetes each leaves a ReplicaSet behind until one completes
// (#40068, #81761).
func TestFailuresDoNotPileUp(t *testing.T) {
	const limit = 3
	for name, inner := range map[string]rollout.Strategy{
		"rolling":     strategies.Rolling{MaxSurge: rollout.Count(1), MaxUnavailable: rollout.Count(0)},
		"all at once": strategies.Rolling{MaxUnavailable: rollout.Percent(100)},
		"recreate":    strategies.Recreate{},
	} {
		for _, looks := range []int{1, 2, 12} { // how long each is given before the next
			t.Run(fmt.Sprintf("%s, %d looks", name, looks), func(t *testing.T) {
				f := newFailures(t, history.Keep(inner, limit))
				f.want("v1", 30)
				f.active = "v1"
				for i := range 50 {
					f.want(fmt.Sprintf("bad-%d", i), looks)
				}
				// The limit, the new one, the one that worked, and the one that is routed to.
				if f.most > limit+3 {
					t.Errorf("there were %d revisions at a time", f.most)
				}
				f.want("v1", 60)
				if f.status.Phase != rollout.Complete {
					t.Errorf("no way back to what worked: %+v", f.status)
				}
			})
		}
	}
}

// failures is a workload of which only the template v1 becomes ready.
type failures struct {
	*testing.T
	web      *sim.Workload
	strategy rollout.Strategy
	engine   rollout.Engine
	state    rollout.State // as observed last
	status   rollout.Status
	active   string // the template that worked
	most     int    // revisions at a time
}

func newFailures(t *testing.T, strategy rollout.Strategy) *failures {
	startUp := func(template string, _ int) time.Duration {
		if template == "v1" {
			return time.Second
		}
		return sim.Never
	}
	f := &failures{T: t, strategy: strategy, web: sim.New(
		rollout.State{Replicas: 3, Routes: []rollout.Route{{Name: "preview", To: "bad-7"}}},
		sim.Options{StartUp: startUp, Stop: 2 * time.Second, Name: func(template string) string { return template }},
	)}
	f.engine.Trace = rollout.Trace{
		Observed: func(s rollout.State) { f.state, f.most = s, max(f.most, len(s.Revisions)) },
		Applying: func(step rollout.Step) {
			if a, ok := step.Action.(rollout.Delete); ok {
				f.deleted(a.Name)
			}
		},
	}
	return f
}

// want makes a template the wanted one and looks a number of times, a second apart.
func (f *failures) want(template string, looks int) {
	f.Helper()
	f.web.Template = template
	for range looks {
		var err error
		if f.status, err = f.engine.Reconcile(context.Background(), f.web, f.strategy); err != nil {
			f.Fatal(err)
		}
		f.web.Advance(time.Second)
	}
}

// deleted checks that a revision is not needed. Its name is its template.
func (f *failures) deleted(name string) {
	f.Helper()
	i := slices.IndexFunc(f.state.Revisions, func(r rollout.Revision) bool { return r.Name == name })
	r := f.state.Revisions[i]
	if name == f.active || name == f.state.Template || name == "bad-7" || r.Replicas+r.Actual+r.Terminating > 0 || !r.Observed {
		f.Errorf("deletes %+v, wanted is %s", r, f.state.Template)
	}
}

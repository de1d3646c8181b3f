package e2e

import (
	"testing"
	"time"

	"github.com/gopawl/pawl/rollout"
	"github.com/gopawl/pawl/strategies"
)

// Through informers, as a controller reads. Where pods count until they are gone, there are never
// more of them than the ceiling. Where they count until one less is asked for, as with a Deployment,
// there may be: the controllers of two ReplicaSets do not wait for one another.
func TestBoundsHoldThroughInformers(t *testing.T) {
	for _, test := range []struct {
		name        string
		termination strategies.Termination
		strict      bool
	}{
		{"until gone", strategies.TerminationComplete, true},
		{"until shrunk", strategies.TerminationStarted, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := newFixture(t)
			client := f.informed()
			target := f.target("web", "web:1", 3)
			f.roll(client, target)

			template := replicaSet("web", "web:2", 3).Spec.Template
			template.Annotations["sim/ready-delay"], template.Annotations["sim/stop-delay"] = "300ms", "300ms"
			target.Template = template
			o := f.observer()
			begin := time.Now()
			strategy := strategies.Rolling{Termination: test.termination}
			if _, err := (&rollout.Engine{}).Run(t.Context(), f.workload(client, target), strategy); err != nil {
				t.Fatal(err)
			}
			b := o.bounds()
			t.Logf("%+v in %v", b, time.Since(begin).Round(100*time.Millisecond))
			if b.available < 3 || b.asked > 4 || test.strict && b.all > 4 {
				t.Errorf("%+v: want at least 3 available, at most 4 asked for (and there: %v)", b, test.strict)
			}
		})
	}
}

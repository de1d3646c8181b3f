package e2e

import (
	"testing"
	"time"

	"github.com/gopawl/pawl/rollout"
	"github.com/gopawl/pawl/strategies"
	"github.com/gopawl/pawl/test/cluster/suite"
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
			f := suite.New(t)
			client := f.Informed()
			target := f.Target("web", "web:1", 3)
			f.Roll(client, target)

			template := suite.ReplicaSet("web", "web:2", 3).Spec.Template
			template.Annotations["sim/ready-delay"], template.Annotations["sim/stop-delay"] = "300ms", "300ms"
			target.Template = template
			o := f.Observer()
			begin := time.Now()
			strategy := strategies.Rolling{Termination: test.termination}
			if _, err := (&rollout.Engine{}).Run(t.Context(), f.Workload(client, target), strategy); err != nil {
				t.Fatal(err)
			}
			b := o.Bounds()
			t.Logf("%+v in %v", b, time.Since(begin).Round(100*time.Millisecond))
			if err := (suite.Promise{Floor: 3, Ceiling: 4}).Judge(b); err != nil {
				t.Error(err)
			}
			if test.strict && b.All > 4 {
				t.Errorf("%d pods, want at most 4", b.All)
			}
		})
	}
}

package view_test

import (
	"encoding/json"
	"os"
	"strconv"
	"testing"

	"github.com/gopawl/pawl/examples/pawl/internal/app"
	"github.com/gopawl/pawl/examples/pawl/internal/manifest"
	"github.com/gopawl/pawl/examples/pawl/internal/view"
	"github.com/gopawl/pawl/rollout"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// statusCase is a Deployment and what kubectl's own DeploymentStatusViewer says of it.
type statusCase struct {
	Name               string  `json:"name"`
	AskedRevision      int64   `json:"askedRevision"`
	RevisionAnnotation *string `json:"revisionAnnotation"`
	Generation         int64   `json:"generation"`
	ObservedGeneration int64   `json:"observedGeneration"`
	SpecReplicas       *int32  `json:"specReplicas"`
	Replicas           int32   `json:"replicas"`
	UpdatedReplicas    int32   `json:"updatedReplicas"`
	AvailableReplicas  int32   `json:"availableReplicas"`
	ProgressingReason  string  `json:"progressingReason"`

	ExpectedMessage string `json:"expectedMessage"`
	ExpectedDone    bool   `json:"expectedDone"`
	ExpectedError   string `json:"expectedError"`
}

// TestRolloutStatusIsKubectls leaves out the cases in which a revision is asked for and the
// annotation is no number: ours is one.
func TestRolloutStatusIsKubectls(t *testing.T) {
	const cases, leftOut = 40, 3
	data, err := os.ReadFile("testdata/rollout_status.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct{ Cases []statusCase }
	if err := json.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	tried := 0
	for i, c := range file.Cases {
		d, ok := c.deployment()
		if !ok {
			continue
		}
		tried++
		message, done, err := d.RolloutStatus()
		got := statusCase{ExpectedMessage: message, ExpectedDone: done}
		if err != nil {
			got.ExpectedError = err.Error()
		}
		want := statusCase{ExpectedMessage: c.ExpectedMessage, ExpectedDone: c.ExpectedDone, ExpectedError: c.ExpectedError}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("case %d %+v (-kubectl +ours):\n%s", i, c, diff)
		}
	}
	if tried != cases-leftOut {
		t.Errorf("tried %d cases, not %d", tried, cases-leftOut)
	}
}

func (c statusCase) deployment() (view.Deployment, bool) {
	revision := int64(0)
	if c.RevisionAnnotation != nil {
		n, err := strconv.ParseInt(*c.RevisionAnnotation, 10, 64)
		if err != nil && c.AskedRevision > 0 {
			return view.Deployment{}, false
		}
		revision = n
	}
	return view.Deployment{
		Name: c.Name, Asked: c.AskedRevision, Revision: revision,
		Generation: c.Generation, Observed: c.ObservedGeneration, Replicas: c.SpecReplicas,
		Updated: c.UpdatedReplicas, Total: c.Replicas, Available: c.AvailableReplicas,
		DeadlineExceeded: c.ProgressingReason == "ProgressDeadlineExceeded",
	}, true
}

func TestDeploymentOf(t *testing.T) {
	record := &app.Record{
		Manifest:   &unstructured.Unstructured{Object: map[string]any{"metadata": map[string]any{"name": "web"}}},
		Spec:       manifest.Spec{Replicas: new(int32(3))},
		Generation: 2,
	}
	status := app.Status{Observed: 2, Number: 4, Rollout: rollout.Status{Counts: rollout.Counts{Total: 4, Updated: 2, Ready: 4, Available: 3}}}
	replicas := int32(3)
	want := view.Deployment{Name: "web", Revision: 4, Generation: 2, Observed: 2, Replicas: &replicas, Updated: 2, Total: 4, Available: 3}
	if diff := cmp.Diff(want, view.DeploymentOf(record, status)); diff != "" {
		t.Error(diff)
	}
}

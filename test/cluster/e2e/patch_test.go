package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/gopawl/pawl/rollout"
	"github.com/gopawl/pawl/rollout/kube"
	"github.com/gopawl/pawl/test/cluster/suite"
)

// The API server answers a test that fails and a result that is not valid with one code and one
// reason, and says nothing more of the first. That is why the adapter looks again to tell them apart.
func TestFailedTestIsAnsweredAsInvalid(t *testing.T) {
	f := suite.New(t)
	f.Roll(&kube.Client{API: f.Client}, f.Target("web", "web:1", 0))
	name := f.Only().Name
	answer := func(patch string) metav1.Status {
		t.Helper()
		_, err := f.Client.AppsV1().ReplicaSets(f.Namespace).Patch(t.Context(), name, types.JSONPatchType, []byte(patch), metav1.PatchOptions{})
		var status apierrors.APIStatus
		if !errors.As(err, &status) || !apierrors.IsInvalid(err) {
			t.Fatalf("%s: got %v, want an answer that is Invalid", patch, err)
		}
		text, _ := json.Marshal(status.Status())
		t.Logf("%s:\n%s", patch, text)
		return status.Status()
	}
	failed := answer(`[{"op":"test","path":"/spec/replicas","value":7}]`)
	invalid := answer(`[{"op":"replace","path":"/spec/replicas","value":-1}]`)
	absent := answer(`[{"op":"remove","path":"/metadata/annotations/none"}]`)
	for _, s := range []metav1.Status{failed, invalid, absent} {
		if s.Code != http.StatusUnprocessableEntity {
			t.Errorf("code %d: %s", s.Code, s.Message)
		}
	}
	if failed.Message != absent.Message || len(failed.Details.Causes) > 0 || len(absent.Details.Causes) > 0 {
		t.Errorf("there is more to tell than before: %+v, %+v", failed, absent)
	}
	if c := invalid.Details.Causes; len(c) != 1 || c[0].Field != "spec.replicas" || invalid.Details.Name != name {
		t.Errorf("invalid result: details %+v", invalid.Details)
	}
}

func TestInvalidResultIsRefused(t *testing.T) {
	f := suite.New(t)
	var wire suite.Wire
	client := f.Over(&wire)
	target := f.Target("web", "web:1", 1)
	f.Roll(client, target)
	name, before := f.Only().Name, len(wire.Writes())
	w := f.Workload(client, target)
	f.Observe(w)
	refused(t, w.Apply(t.Context(), rollout.Scale{Name: name, From: 1, To: -1}), kube.Invalid)

	template := suite.ReplicaSet("web", "web:1", 0).Spec.Template
	template.Spec.Containers[0].Name = "Not a name"
	target.Template = template
	_, err := f.Reconcile(client, target)
	refused(t, err, kube.Invalid)
	t.Log(err)
	if wrote := wire.Writes()[before:]; len(wrote) > 0 {
		t.Errorf("written all the same: %v", wrote)
	}
}

// Every kind of write leaves alone what somebody else has put on a ReplicaSet.
func TestForeignFieldsSurvive(t *testing.T) {
	f := suite.New(t)
	client := &kube.Client{API: f.Client}
	target := f.Target("web", "web:1", 2)
	target.Annotations = map[string]string{"team": "one"}
	f.Roll(client, target)
	name := f.Only().Name
	grace := int64(7)
	theirs := f.Update(name, func(rs *appsv1.ReplicaSet) {
		rs.Annotations["theirs"], rs.Labels["theirs"] = "kept", "kept"
		rs.Finalizers = append(rs.Finalizers, "example.com/kept")
		template := &rs.Spec.Template
		template.Annotations = map[string]string{"theirs": "kept"}
		template.Spec.TerminationGracePeriodSeconds = &grace
		template.Spec.Containers[0].Env = []corev1.EnvVar{{Name: "THEIRS", Value: "kept"}}
	})
	t.Cleanup(func() { unblock(f, name) })

	target.Replicas = 3 // Scale
	target.Annotations = map[string]string{"team": "two"}
	f.Roll(client, target)
	f.Roll(client, suite.WithImage(target, "web:2")) // Scale to 0
	f.Roll(client, target)                           // Adopt, Scale, Settle
	got := f.Settled(name)

	want := theirs.Spec.DeepCopy()
	*want.Replicas = 3
	if diff := cmp.Diff(want, &got.Spec); diff != "" {
		t.Errorf("spec: %s", diff)
	}
	if got.Annotations["theirs"] != "kept" || got.Labels["theirs"] != "kept" || !cmp.Equal(got.Finalizers, theirs.Finalizers) {
		t.Errorf("metadata: %+v", got.ObjectMeta)
	}
	if got.Annotations["team"] != "two" || got.Annotations[kube.RevisionKey] != "3" || got.Annotations[kube.RevisionHistoryKey] != "1" {
		t.Errorf("our own annotations: %v", got.Annotations)
	}
}

// unblock takes the finalizers away that keep a ReplicaSet from going.
func unblock(f *suite.Fixture, name string) {
	api := f.Client.AppsV1().ReplicaSets(f.Namespace)
	_, err := api.Patch(context.WithoutCancel(f.Context()), name, types.MergePatchType, []byte(`{"metadata":{"finalizers":null}}`), metav1.PatchOptions{})
	if err != nil {
		f.Errorf("take the finalizers away: %v", err)
	}
}

package e2e

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gopawl/pawl/rollout"
	"github.com/gopawl/pawl/rollout/kube"
	"github.com/gopawl/pawl/test/cluster/suite"
)

// templateKey is where a ReplicaSet carries the identity of its template.
const templateKey = kube.DefaultPrefix + "/template"

// What a Deployment leaves behind is taken over as it runs. Its ReplicaSet carries no stamp, and a
// template with defaults in it; a dry run of the user's own template tells that it is the same.
func TestDeploymentIsTakenOverWithoutARestart(t *testing.T) {
	f := suite.New(t)
	var wire suite.Wire
	client := f.Over(&wire)
	target := f.Target("web", "web:1", 3)
	deployAndOrphan(f, "web", "web:1", 3)
	before, pods := f.Settled(f.Only().Name), f.PodUIDs()
	if stamp, ok := before.Annotations[templateKey]; ok || len(before.OwnerReferences) > 0 {
		t.Fatalf("not an orphan of a Deployment: stamp %q, owners %v", stamp, before.OwnerReferences)
	}

	f.Roll(client, target)
	after := f.Only()
	if ref := metav1.GetControllerOf(after); after.UID != before.UID || ref == nil || ref.UID != target.Owner.UID {
		t.Errorf("uid %s after %s, owner %+v", after.UID, before.UID, ref)
	}
	if got, want := after.Annotations[templateKey], f.Workload(client, target).Identity(); got != want {
		t.Errorf("stamp %q, want %q", got, want)
	}
	if diff := cmp.Diff(before.Spec, after.Spec); diff != "" {
		t.Errorf("spec: %s", diff)
	}
	if diff := cmp.Diff(pods, f.PodUIDs()); diff != "" {
		t.Errorf("pods: %s", diff)
	}
	for _, c := range wire.Writes() {
		if c.Verb == "create" {
			t.Errorf("%v", c)
		}
	}
	if !slices.ContainsFunc(wire.All(), func(c suite.Call) bool { return c.Verb == "create" && c.DryRun && c.Code == 201 }) {
		t.Error("there was no dry run")
	}

	f.Roll(client, suite.WithImage(target, "web:2")) // and it goes on from there
	if rs := f.Get(before.Name); *rs.Spec.Replicas != 0 || len(f.Sets()) != 2 {
		t.Errorf("%d old replicas, %d replica sets", *rs.Spec.Replicas, len(f.Sets()))
	}
}

// The template that is wanted never equals the one that is stored, which has defaults in it. It is
// found all the same, however often and by whomever it is looked for.
func TestTemplateWithoutDefaultsMakesOneReplicaSet(t *testing.T) {
	f := suite.New(t)
	var wire suite.Wire
	client := f.Over(&wire)
	target := f.Target("web", "web:1", 2)
	f.Roll(client, target)
	before, writes := f.Settled(f.Only().Name), len(wire.Writes())
	for i := range 50 {
		if i%10 == 0 { // a process that starts anew
			client = f.Over(&wire)
		}
		if status, err := f.Reconcile(client, target); err != nil || status.Phase != rollout.Complete {
			t.Fatalf("reconcile %d: %v, %+v", i, err, status)
		}
	}
	if diff := cmp.Diff(before, f.Only()); diff != "" {
		t.Errorf("it was touched: %s", diff)
	}
	if wrote := wire.Writes()[writes:]; len(wrote) > 0 {
		t.Errorf("written: %v", wrote)
	}
}

// deployAndOrphan makes a native Deployment, waits for it, and deletes it but not what it made.
func deployAndOrphan(f *suite.Fixture, name, image string, replicas int32) {
	f.Helper()
	like := suite.ReplicaSet(name, image, replicas).Spec
	api := f.Client.AppsV1().Deployments(f.Namespace)
	_, err := api.Create(f.Context(), &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec:       appsv1.DeploymentSpec{Replicas: &replicas, Selector: like.Selector, Template: like.Template},
	}, metav1.CreateOptions{})
	if err != nil {
		f.Fatal(err)
	}
	f.Eventually(30*time.Second, func(ctx context.Context) error {
		d, err := api.Get(ctx, name, metav1.GetOptions{})
		if err == nil && d.Status.AvailableReplicas != replicas {
			err = fmt.Errorf("%d available", d.Status.AvailableReplicas)
		}
		return err
	})
	orphan := metav1.DeletePropagationOrphan
	if err := api.Delete(f.Context(), name, metav1.DeleteOptions{PropagationPolicy: &orphan}); err != nil {
		f.Fatal(err)
	}
	f.Eventually(30*time.Second, func(ctx context.Context) error {
		_, err := api.Get(ctx, name, metav1.GetOptions{})
		if apierrors.IsNotFound(err) {
			return nil
		}
		return fmt.Errorf("the deployment is still there: %w", err)
	})
}

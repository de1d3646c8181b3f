package e2e

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gopawl/pawl/hashing"
	"github.com/gopawl/pawl/rollout"
	"github.com/gopawl/pawl/rollout/kube"
	"github.com/gopawl/pawl/test/cluster/suite"
)

// The ReplicaSet is made, but the answer does not arrive, and the cache does not show it for a
// while: the next create finds its name taken by itself.
func TestLostAnswerOfACreateMakesOneReplicaSet(t *testing.T) {
	f := suite.New(t)
	lost := 0
	wire := suite.Wire{Lose: func(c suite.Call) bool {
		lose := c.Verb == "create" && c.Resource == "replicasets.apps" && lost == 0
		if lose {
			lost++
		}
		return lose
	}}
	client := f.Over(&wire)
	client.Cache = &frozen{} // shows nothing
	target := f.Target("web", "web:1", 3)

	_, err := f.Reconcile(client, target)
	var transient *rollout.TransientError
	if !errors.As(err, &transient) || lost != 1 {
		t.Fatalf("the answer is lost %d times: got %v, want a transient error", lost, err)
	}
	made := f.Settled(f.Only().Name)

	status, err := f.Reconcile(client, target)
	if !errors.Is(err, rollout.ErrConflict) || status.RequeueAfter == 0 {
		t.Errorf("created again: got %v, %+v; want a conflict, to look again", err, status)
	}
	t.Log(err)
	client.Cache = &frozen{pods: f.PodsNow()}
	for range 2 { // settles, then is complete; the ReplicaSet is read past the cache
		if status, err = f.Reconcile(client, target); err != nil {
			t.Fatal(err)
		}
	}
	if status.Phase != rollout.Complete || f.Only().UID != made.UID {
		t.Errorf("%+v, uid %s after %s", status, f.Only().UID, made.UID)
	}
}

func TestNameThatIsTakenIsPassedOver(t *testing.T) {
	f := suite.New(t)
	client := &kube.Client{API: f.Client}
	target := f.Target("web", "web:1", 2)
	identity := f.Workload(client, target).Identity()
	nameOf := func(collision int) string { return hashing.Name("web", hashing.Label(identity, collision)) }

	foreign := suite.ReplicaSet("foreign", "web:1", 0)
	foreign.Name = nameOf(0)
	f.Create(foreign)
	owned := suite.ReplicaSet("owned", "web:1", 0) // even with our own stamp
	owned.Name, owned.Annotations = nameOf(1), map[string]string{templateKey: identity}
	owned.OwnerReferences = []metav1.OwnerReference{*metav1.NewControllerRef(
		&metav1.ObjectMeta{Name: "they", UID: f.Owner("they").UID}, corev1.SchemeGroupVersion.WithKind("ConfigMap"))}
	f.Create(owned)
	before := []any{f.Settled(nameOf(0)), f.Settled(nameOf(1))}

	f.Roll(client, target)
	if diff := cmp.Diff(before, []any{f.Get(nameOf(0)), f.Get(nameOf(1))}); diff != "" {
		t.Errorf("what has the names was touched: %s", diff)
	}
	ours := f.Settled(nameOf(2))
	if ref := metav1.GetControllerOf(ours); ref == nil || ref.UID != target.Owner.UID {
		t.Errorf("owner of the third: %+v", ref)
	}
	f.Roll(client, suite.WithImage(target, "web:2"))
	f.Roll(client, target) // found again by its stamp, not by its name
	if sets := f.Sets(); len(sets) != 4 {
		t.Errorf("%d replica sets, want theirs and two of ours", len(sets))
	}
}

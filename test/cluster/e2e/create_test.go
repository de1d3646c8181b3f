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
)

// The ReplicaSet is made, but the answer does not arrive, and the cache does not show it for a
// while: the next create finds its name taken by itself.
func TestLostAnswerOfACreateMakesOneReplicaSet(t *testing.T) {
	f := newFixture(t)
	lost := 0
	wire := wire{Lose: func(c call) bool {
		lose := c.verb == "create" && c.resource == "replicasets.apps" && lost == 0
		if lose {
			lost++
		}
		return lose
	}}
	client := f.over(&wire)
	client.Cache = &frozen{} // shows nothing
	target := f.target("web", "web:1", 3)

	_, err := f.reconcile(client, target)
	var transient *rollout.TransientError
	if !errors.As(err, &transient) || lost != 1 {
		t.Fatalf("the answer is lost %d times: got %v, want a transient error", lost, err)
	}
	made := f.settled(f.only().Name)

	status, err := f.reconcile(client, target)
	if !errors.Is(err, rollout.ErrConflict) || status.RequeueAfter == 0 {
		t.Errorf("created again: got %v, %+v; want a conflict, to look again", err, status)
	}
	t.Log(err)
	client.Cache = &frozen{pods: f.podsNow()}
	for range 2 { // settles, then is complete; the ReplicaSet is read past the cache
		if status, err = f.reconcile(client, target); err != nil {
			t.Fatal(err)
		}
	}
	if status.Phase != rollout.Complete || f.only().UID != made.UID {
		t.Errorf("%+v, uid %s after %s", status, f.only().UID, made.UID)
	}
}

func TestNameThatIsTakenIsPassedOver(t *testing.T) {
	f := newFixture(t)
	client := &kube.Client{API: f.client}
	target := f.target("web", "web:1", 2)
	identity := f.workload(client, target).Identity()
	nameOf := func(collision int) string { return hashing.Name("web", hashing.Label(identity, collision)) }

	foreign := replicaSet("foreign", "web:1", 0)
	foreign.Name = nameOf(0)
	f.create(foreign)
	owned := replicaSet("owned", "web:1", 0) // even with our own stamp
	owned.Name, owned.Annotations = nameOf(1), map[string]string{templateKey: identity}
	owned.OwnerReferences = []metav1.OwnerReference{*metav1.NewControllerRef(
		&metav1.ObjectMeta{Name: "they", UID: f.owner("they").UID}, corev1.SchemeGroupVersion.WithKind("ConfigMap"))}
	f.create(owned)
	before := []any{f.settled(nameOf(0)), f.settled(nameOf(1))}

	f.roll(client, target)
	if diff := cmp.Diff(before, []any{f.get(nameOf(0)), f.get(nameOf(1))}); diff != "" {
		t.Errorf("what has the names was touched: %s", diff)
	}
	ours := f.settled(nameOf(2))
	if ref := metav1.GetControllerOf(ours); ref == nil || ref.UID != target.Owner.UID {
		t.Errorf("owner of the third: %+v", ref)
	}
	f.roll(client, withImage(target, "web:2"))
	f.roll(client, target) // found again by its stamp, not by its name
	if sets := f.sets(); len(sets) != 4 {
		t.Errorf("%d replica sets, want theirs and two of ours", len(sets))
	}
}

package e2e

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gopawl/pawl/rollout"
	"github.com/gopawl/pawl/rollout/kube"
	"github.com/gopawl/pawl/test/cluster/suite"
)

// labelled is a ReplicaSet whose own labels are those of its pods, as a workload selects it.
func labelled(name, app, image string, replicas int32) *appsv1.ReplicaSet {
	rs := suite.ReplicaSet(app, image, replicas)
	rs.Name, rs.Labels = name, rs.Spec.Template.Labels
	return rs
}

func TestWhatAnotherOwnsIsNotTouched(t *testing.T) {
	f := suite.New(t)
	client := &kube.Client{API: f.Client}
	target := f.Target("web", "web:1", 2)
	theirs := labelled("theirs", "web", "web:1", 1) // the very template that is wanted
	theirs.OwnerReferences = []metav1.OwnerReference{*metav1.NewControllerRef(
		&metav1.ObjectMeta{Name: "they", UID: f.Owner("they").UID}, corev1.SchemeGroupVersion.WithKind("ConfigMap"))}
	f.Create(theirs)
	before := f.Settled("theirs")

	f.Roll(client, target)
	f.Roll(client, suite.WithImage(target, "web:2"))
	if diff := cmp.Diff(before, f.Get("theirs")); diff != "" {
		t.Errorf("it was touched: %s", diff)
	}
	if sets := f.Sets(); len(sets) != 3 {
		t.Errorf("%d replica sets, want theirs and two of ours", len(sets))
	}
}

func TestOrphanIsAdopted(t *testing.T) {
	f := suite.New(t)
	f.Create(labelled("orphan", "web", "web:0", 1))
	f.Settled("orphan")
	target := f.Target("web", "web:1", 2)
	f.Roll(&kube.Client{API: f.Client}, target)
	orphan := f.Settled("orphan")
	if ref := metav1.GetControllerOf(orphan); ref == nil || ref.UID != target.Owner.UID || *orphan.Spec.Replicas != 0 {
		t.Errorf("owner %+v, %d replicas; want it ours and replaced", ref, *orphan.Spec.Replicas)
	}
}

// Nothing is adopted for an owner that is gone, however fresh the owner's copy at hand looks.
func TestNothingIsAdoptedForAnOwnerThatIsGone(t *testing.T) {
	f := suite.New(t)
	target := f.Target("web", "web:1", 2)
	f.Create(labelled("orphan", "web", "web:0", 1))
	before := f.Settled("orphan")
	client := &kube.Client{API: f.Client}

	nobody := target
	nobody.Owner.Live = nil
	if err := f.Workload(client, nobody).Claim(t.Context()); err != nil {
		t.Errorf("nobody to ask: %v", err)
	}
	other := target
	other.Owner.UID = "other"
	refused(t, f.Workload(client, other).Claim(t.Context()), kube.OwnerGone)

	if err := f.Client.CoreV1().ConfigMaps(f.Namespace).Delete(t.Context(), "web", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	_, err := f.Reconcile(client, target)
	refused(t, err, kube.OwnerGone)
	if diff := cmp.Diff(before, f.Get("orphan")); diff != "" {
		t.Errorf("it was touched: %s", diff)
	}
}

// A ReplicaSet that the selector no longer matches is let go, with its pods, and the rollout goes
// on without it.
func TestWhatNoLongerMatchesIsReleased(t *testing.T) {
	f := suite.New(t)
	client := &kube.Client{API: f.Client}
	target := f.Target("web", "web:1", 2)
	f.Roll(client, target)
	name, pods := f.Only().Name, f.PodUIDs()
	f.Update(name, func(rs *appsv1.ReplicaSet) { rs.Labels["app"] = "other" })

	if err := f.Workload(client, target).Claim(t.Context()); err != nil {
		t.Fatal(err)
	}
	if rs := f.Get(name); len(rs.OwnerReferences) > 0 || *rs.Spec.Replicas != 2 {
		t.Errorf("owners %v, %d replicas", rs.OwnerReferences, *rs.Spec.Replicas)
	}
	if diff := cmp.Diff(pods, f.PodUIDs()); diff != "" {
		t.Errorf("pods: %s", diff)
	}
	f.Roll(client, target)
	if sets := f.Sets(); len(sets) != 2 {
		t.Errorf("%d replica sets, want the released one and one of ours", len(sets))
	}
}

// refused checks that an error is a refusal for a reason.
func refused(t *testing.T, err error, why kube.Refusal) {
	t.Helper()
	var refusal *kube.RefusedError
	if !errors.As(err, &refusal) || refusal.Why != why || errors.Is(err, rollout.ErrConflict) {
		t.Errorf("got %v, want a refusal: %s", err, why)
	}
}

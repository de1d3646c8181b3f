package e2e

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"

	"github.com/gopawl/pawl/rollout"
	"github.com/gopawl/pawl/rollout/kube"
	"github.com/gopawl/pawl/test/cluster/suite"
)

// frozen is a cache that shows what it is told to: one moment of the cluster.
type frozen struct {
	sets []*appsv1.ReplicaSet
	pods []*corev1.Pod
}

func (c *frozen) ReplicaSets(context.Context, string) ([]*appsv1.ReplicaSet, error) {
	return c.sets, nil
}

func (c *frozen) Pods(context.Context, string, labels.Selector) ([]*corev1.Pod, error) {
	return c.pods, nil
}

// A size that is written is not observed before the ReplicaSet controller has acted on it and its
// counts are those of the pods. Every version of the ReplicaSet on the way is shown to Observe, with
// the pods before and after.
func TestObservedFollowsTheController(t *testing.T) {
	for _, test := range []struct {
		name     string
		from, to int32
	}{{"grows", 1, 3}, {"shrinks", 3, 1}} {
		t.Run(test.name, func(t *testing.T) {
			f := suite.New(t)
			target := f.Target("web", "web:1", test.from)
			f.Roll(&kube.Client{API: f.Client}, target)
			before := f.Settled(f.Only().Name)
			cache := &frozen{pods: f.PodsNow()}
			w := f.Workload(&kube.Client{API: f.Client, Cache: cache}, target)
			if r := f.Observe(w).Revisions[0]; !r.Observed || r.Actual != test.from {
				t.Fatalf("at rest: %+v", r)
			}
			versions := follow(f, before, func() {
				if err := w.Apply(t.Context(), rollout.Scale{Name: before.Name, From: test.from, To: test.to}); err != nil {
					t.Fatal(err)
				}
			}, test.to)
			f.Eventually(10*time.Second, f.PodsReady("", int(test.to), int(test.to)))
			moments := [][]*corev1.Pod{cache.pods, f.PodsNow()}

			first := versions[0]
			if first.Generation != before.Generation+1 || !cmp.Equal(first.Status, before.Status) {
				t.Errorf("a write of the size: generation %d after %d, status %s", first.Generation, before.Generation, cmp.Diff(before.Status, first.Status))
			}
			for _, rs := range versions {
				if rs.Generation != first.Generation {
					t.Errorf("a write of the status: generation %d after %d", rs.Generation, first.Generation)
				}
				cache.sets = []*appsv1.ReplicaSet{rs}
				for _, cache.pods = range moments {
					checkObserved(f, w, rs, int32(len(cache.pods)))
				}
			}
		})
	}
}

// checkObserved checks what is seen of a version of the ReplicaSet beside so many ready pods. The
// controller reports a new generation with the pods that it counted before it acted.
func checkObserved(f *suite.Fixture, w *kube.Workload, rs *appsv1.ReplicaSet, pods int32) {
	f.Helper()
	r, s := f.Observe(w).Revisions[0], rs.Status
	f.Logf("version %s: generation %d, observed %d, %d replicas wanted, %d there, %d ready, %d pods: %v",
		rs.ResourceVersion, rs.Generation, s.ObservedGeneration, *rs.Spec.Replicas, s.Replicas, s.ReadyReplicas, pods, r.Observed)
	want := s.ObservedGeneration == rs.Generation && pods <= *rs.Spec.Replicas && s.Replicas == pods && s.ReadyReplicas == pods
	if r.Replicas != *rs.Spec.Replicas || r.Actual != pods || r.Ready != pods || r.Observed != want {
		f.Errorf("%+v; want it observed: %v", r, want)
	}
}

// The API server keeps spec and status apart: what is written to one does not reach the other.
func TestSpecAndStatusAreApart(t *testing.T) {
	f := suite.New(t)
	f.Roll(&kube.Client{API: f.Client}, f.Target("web", "web:1", 1))
	before := f.Settled(f.Only().Name)
	both := []byte(`{"metadata":{"annotations":{"kept":"by one"}},"spec":{"replicas":0},"status":{"replicas":7,"fullyLabeledReplicas":7}}`)
	patch := func(subresources ...string) *appsv1.ReplicaSet {
		api := f.Client.AppsV1().ReplicaSets(f.Namespace)
		rs, err := api.Patch(t.Context(), before.Name, types.MergePatchType, both, metav1.PatchOptions{}, subresources...)
		if err != nil {
			t.Fatal(err)
		}
		return rs
	}
	if rs := patch("status"); *rs.Spec.Replicas != 1 || rs.Generation != before.Generation || rs.Status.Replicas != 7 {
		t.Errorf("through status: %d replicas, generation %d, status %+v", *rs.Spec.Replicas, rs.Generation, rs.Status)
	}
	f.Settled(before.Name) // the controller puts it right
	if rs := patch(); *rs.Spec.Replicas != 0 || rs.Generation != before.Generation+1 || rs.Status.Replicas == 7 {
		t.Errorf("through the object: %d replicas, generation %d, status %+v", *rs.Spec.Replicas, rs.Generation, rs.Status)
	}
}

func TestMinReadySecondsChangesInPlace(t *testing.T) {
	f := suite.New(t)
	client := &kube.Client{API: f.Client}
	target := f.Target("web", "web:1", 2)
	f.Roll(client, target)
	before, pods := f.Settled(f.Only().Name), f.PodUIDs()

	target.MinReadySeconds = 2
	f.Roll(client, target)
	after := f.Only()
	if after.UID != before.UID || after.Spec.MinReadySeconds != 2 || after.Generation != before.Generation+1 {
		t.Errorf("uid %s, minReadySeconds %d, generation %d", after.UID, after.Spec.MinReadySeconds, after.Generation)
	}
	if was, is := before.Annotations[kube.RevisionKey], after.Annotations[kube.RevisionKey]; was != is {
		t.Errorf("revision %s after %s", is, was)
	}
	if diff := cmp.Diff(pods, f.PodUIDs()); diff != "" {
		t.Errorf("pods: %s", diff)
	}
	if counts := f.Observe(f.Workload(client, target)).Counts(); counts.Available != 2 {
		t.Errorf("%+v", counts)
	}
}

// follow returns every version of a ReplicaSet from act's write to the first that has the size.
func follow(f *suite.Fixture, from *appsv1.ReplicaSet, act func(), size int32) []*appsv1.ReplicaSet {
	f.Helper()
	ctx, cancel := context.WithTimeout(f.Context(), 30*time.Second)
	defer cancel()
	watch, err := f.Client.AppsV1().ReplicaSets(f.Namespace).Watch(ctx, metav1.ListOptions{
		FieldSelector: "metadata.name=" + from.Name, ResourceVersion: from.ResourceVersion,
	})
	if err != nil {
		f.Fatal(err)
	}
	defer watch.Stop()
	act()
	var versions []*appsv1.ReplicaSet
	for event := range watch.ResultChan() {
		rs, ok := event.Object.(*appsv1.ReplicaSet)
		if !ok {
			break
		}
		versions = append(versions, rs)
		if s := rs.Status; s.ObservedGeneration == rs.Generation && s.Replicas == size && s.AvailableReplicas == size {
			return versions
		}
	}
	f.Fatalf("the watch ended: %v", ctx.Err())
	return nil
}

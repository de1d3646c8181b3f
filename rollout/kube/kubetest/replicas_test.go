package kubetest_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/gopawl/pawl/rollout/kube/kubetest"
)

func TestPodsAreAdoptedReleasedAndReplaced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := start(t, kubetest.Options{})
		pods := client.CoreV1().Pods("default")
		orphan := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "orphan", Labels: map[string]string{"app": "web"}},
			Spec: replicaSet("web", 0).Spec.Template.Spec}
		must[*corev1.Pod](t)(pods.Create(t.Context(), orphan, metav1.CreateOptions{}))
		must[*appsv1.ReplicaSet](t)(client.AppsV1().ReplicaSets("default").Create(t.Context(), replicaSet("web", 2), metav1.CreateOptions{}))
		time.Sleep(time.Minute)
		list := podsOf(t, client)
		if len(list) != 2 || list[0].Name != "orphan" || metav1.GetControllerOf(&list[0]) == nil {
			t.Fatalf("the orphan is not adopted: %v", list)
		}

		relabel := []byte(`{"metadata":{"labels":{"app":"other"}}}`)
		must[*corev1.Pod](t)(pods.Patch(t.Context(), "orphan", types.MergePatchType, relabel, metav1.PatchOptions{}))
		fail := []byte(`{"status":{"phase":"Failed"}}`)
		must[*corev1.Pod](t)(pods.Patch(t.Context(), list[1].Name, types.MergePatchType, fail, metav1.PatchOptions{}, "status"))
		time.Sleep(time.Minute)
		var active int
		for _, p := range podsOf(t, client) {
			switch {
			case p.Name == "orphan":
				if len(p.OwnerReferences) > 0 {
					t.Error("a pod that no longer matches is not released")
				}
			case p.Status.Phase == corev1.PodRunning:
				active++
			}
		}
		if active != 2 {
			t.Errorf("%d active pods, want 2", active)
		}
	})
}

func TestRefusedPodsShowInTheStatus(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := start(t, kubetest.Options{})
		sets := client.AppsV1().ReplicaSets("default")
		rs := replicaSet("web", 2)
		rs.Spec.Template.Annotations = map[string]string{"sim/fail": "quota"}
		must[*appsv1.ReplicaSet](t)(sets.Create(t.Context(), rs, metav1.CreateOptions{}))
		time.Sleep(time.Minute)
		rs = must[*appsv1.ReplicaSet](t)(sets.Get(t.Context(), "web", metav1.GetOptions{}))
		if len(rs.Status.Conditions) != 1 || !strings.Contains(rs.Status.Conditions[0].Message, "exceeded quota") {
			t.Errorf("status %+v", rs.Status)
		}
		allow := []byte(`{"spec":{"template":{"metadata":{"annotations":null}}}}`)
		must[*appsv1.ReplicaSet](t)(sets.Patch(t.Context(), "web", types.MergePatchType, allow, metav1.PatchOptions{}))
		time.Sleep(time.Minute)
		rs = must[*appsv1.ReplicaSet](t)(sets.Get(t.Context(), "web", metav1.GetOptions{}))
		if len(rs.Status.Conditions) != 0 || rs.Status.AvailableReplicas != 2 {
			t.Errorf("status %+v", rs.Status)
		}
	})
}

func TestScalingDownCountsTerminatingPods(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := settled(t, kubetest.Options{Stop: 10 * time.Second})
		sets := client.AppsV1().ReplicaSets("default")
		size := []byte(`{"spec":{"replicas":1}}`)
		rs := must[*appsv1.ReplicaSet](t)(sets.Patch(t.Context(), "web", types.MergePatchType, size, metav1.PatchOptions{}))
		if rs.Generation != rs.Status.ObservedGeneration+1 {
			t.Errorf("generation %d, observed %d", rs.Generation, rs.Status.ObservedGeneration)
		}
		synctest.Wait()
		rs = must[*appsv1.ReplicaSet](t)(sets.Get(t.Context(), "web", metav1.GetOptions{}))
		if *rs.Status.TerminatingReplicas != 1 || rs.Status.Replicas != 1 {
			t.Errorf("while a pod stops: %+v", rs.Status)
		}
		time.Sleep(11 * time.Second)
		rs = must[*appsv1.ReplicaSet](t)(sets.Get(t.Context(), "web", metav1.GetOptions{}))
		if *rs.Status.TerminatingReplicas != 0 || len(podsOf(t, client)) != 1 {
			t.Errorf("in the end: %+v", rs.Status)
		}
		events := must[*corev1.EventList](t)(client.CoreV1().Events("default").List(t.Context(),
			metav1.ListOptions{FieldSelector: "involvedObject.kind=ReplicaSet,reason=SuccessfulDelete"}))
		if len(events.Items) != 1 || !strings.HasPrefix(events.Items[0].Message, "Deleted pod: web-") {
			t.Errorf("events %+v", events.Items)
		}
	})
}

func TestNamesFollowFromTheSeed(t *testing.T) {
	names := func(seed uint64) (all string) {
		synctest.Test(t, func(t *testing.T) {
			for _, p := range podsOf(t, settled(t, kubetest.Options{Seed: seed})) {
				all += p.Name + " " + string(p.UID) + "\n"
			}
		})
		return all
	}
	if one, again, other := names(1), names(1), names(2); one != again || one == other {
		t.Errorf("seed 1:\n%s%sseed 2:\n%s", one, again, other)
	}
}

package kubetest

import (
	"fmt"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// candidate is a running pod that has been ready for an hour, changed as given.
func candidate(name string, now time.Time, change func(*corev1.Pod)) pod {
	p := &corev1.Pod{}
	p.Name, p.UID = name, types.UID(name)
	p.CreationTimestamp = metav1.NewTime(now.Add(-2 * time.Hour))
	p.Spec.NodeName = nodeName
	p.Status.Phase = corev1.PodRunning
	setCondition(&p.Status, corev1.PodReady, true, "", "", metav1.NewTime(now.Add(-time.Hour)))
	p.Status.ContainerStatuses = []corev1.ContainerStatus{{}}
	if change != nil {
		change(p)
	}
	return pod{Pod: p}
}

func TestSurplusPodsGoInTheOrderOfKubernetes(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	readyFor := func(d time.Duration) func(*corev1.Pod) {
		return func(p *corev1.Pod) {
			p.Status.Conditions[0].LastTransitionTime = metav1.NewTime(now.Add(-d))
		}
	}
	notReady := func(restarts int32, age time.Duration) func(*corev1.Pod) {
		return func(p *corev1.Pod) {
			p.Status.Conditions[0].Status = corev1.ConditionFalse
			p.Status.ContainerStatuses[0].RestartCount = restarts
			p.CreationTimestamp = metav1.NewTime(now.Add(-age))
		}
	}
	pods := []pod{
		candidate("old-ready", now, readyFor(100*time.Hour)),
		candidate("b-ready", now, readyFor(61*time.Minute)), // in one bucket with the next: by UID
		candidate("a-ready", now, readyFor(62*time.Minute)),
		candidate("young-ready", now, readyFor(time.Minute)),
		candidate("cheap", now, func(p *corev1.Pod) { p.Annotations = map[string]string{corev1.PodDeletionCost: "-5"} }),
		candidate("unready", now, notReady(0, 2*time.Hour)),
		candidate("unready-young", now, notReady(0, time.Minute)),
		candidate("restarting", now, notReady(3, 2*time.Hour)),
		candidate("pending", now, func(p *corev1.Pod) { p.Status.Phase = corev1.PodPending }),
		candidate("unassigned", now, func(p *corev1.Pod) { p.Spec.NodeName = "" }),
	}
	rank(pods, now)
	var got []string
	for _, p := range pods {
		got = append(got, p.Name)
	}
	want := []string{"unassigned", "pending", "restarting", "unready-young", "unready", "cheap", "young-ready", "a-ready", "b-ready", "old-ready"}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
}

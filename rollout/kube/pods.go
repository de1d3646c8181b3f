package kube

import (
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/gopawl/pawl/rollout"
)

// podCount is what the pods of one ReplicaSet are good for.
type podCount struct {
	actual, ready, available, terminating int32
	readySince                            time.Time // of the last that became ready
	problems                              []rollout.Problem
}

func (c podCount) none() bool { return c.actual == 0 && c.terminating == 0 }

// countPods counts the pods of each ReplicaSet as the ReplicaSet controller does: failed and
// succeeded pods are none, terminating ones are counted apart.
func countPods(pods []*corev1.Pod, sets []*appsv1.ReplicaSet, now time.Time) map[types.UID]podCount {
	minReady := make(map[types.UID]time.Duration, len(sets))
	for _, rs := range sets {
		minReady[rs.UID] = time.Duration(rs.Spec.MinReadySeconds) * time.Second
	}
	counts := make(map[types.UID]podCount, len(sets))
	for _, pod := range pods {
		ref := metav1.GetControllerOf(pod)
		if ref == nil {
			continue
		}
		wait, ok := minReady[ref.UID]
		if !ok {
			continue
		}
		c := counts[ref.UID]
		c.add(pod, wait, now)
		counts[ref.UID] = c
	}
	return counts
}

func (c *podCount) add(pod *corev1.Pod, minReady time.Duration, now time.Time) {
	if pod.Status.Phase == corev1.PodFailed || pod.Status.Phase == corev1.PodSucceeded {
		return
	}
	if pod.DeletionTimestamp != nil {
		c.terminating++
		return
	}
	c.actual++
	ready := condition(pod, corev1.PodReady)
	if ready == nil || ready.Status != corev1.ConditionTrue {
		c.problems = append(c.problems, podProblem(pod, now)...)
		return
	}
	c.ready++
	if at := ready.LastTransitionTime.Time; at.After(c.readySince) {
		c.readySince = at
	}
	if minReady == 0 || !ready.LastTransitionTime.IsZero() && !ready.LastTransitionTime.Add(minReady).After(now) {
		c.available++
	}
}

func condition(pod *corev1.Pod, kind corev1.PodConditionType) *corev1.PodCondition {
	for i := range pod.Status.Conditions {
		if pod.Status.Conditions[i].Type == kind {
			return &pod.Status.Conditions[i]
		}
	}
	return nil
}

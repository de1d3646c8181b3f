package kube

import (
	"cmp"
	"slices"
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

// slowStart is how long a running pod may take to become ready before that is worth a word.
const slowStart = 10 * time.Second

// podProblem says why a pod is not ready, in the scheduler's or the kubelet's own words. A pod
// that is merely on its way has no problem.
func podProblem(pod *corev1.Pod, now time.Time) []rollout.Problem {
	if s := condition(pod, corev1.PodScheduled); s != nil && s.Status == corev1.ConditionFalse {
		return []rollout.Problem{{Replica: pod.Name, Reason: s.Reason, Message: s.Message, Since: s.LastTransitionTime.Time}}
	}
	var found []rollout.Problem
	for _, st := range slices.Concat(pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses) {
		if p, ok := containerProblem(st); ok {
			p.Replica, p.Since = pod.Name, since(pod)
			found = append(found, p)
		}
	}
	if len(found) > 0 {
		return found
	}
	if r := condition(pod, corev1.PodReady); r != nil && pod.Status.Phase == corev1.PodRunning && now.Sub(since(pod)) >= slowStart {
		return []rollout.Problem{{Replica: pod.Name, Reason: cmp.Or(r.Reason, "NotReady"), Message: r.Message, Since: r.LastTransitionTime.Time}}
	}
	return nil
}

// containerProblem reports what keeps a container from running.
func containerProblem(st corev1.ContainerStatus) (rollout.Problem, bool) {
	switch s := st.State; {
	case s.Waiting != nil && s.Waiting.Reason != "ContainerCreating" && s.Waiting.Reason != "PodInitializing" && s.Waiting.Reason != "":
		return rollout.Problem{Container: st.Name, Reason: s.Waiting.Reason, Message: s.Waiting.Message}, true
	case s.Terminated != nil && s.Terminated.ExitCode != 0:
		return rollout.Problem{Container: st.Name, Reason: s.Terminated.Reason, Message: s.Terminated.Message}, true
	}
	return rollout.Problem{}, false
}

func since(pod *corev1.Pod) time.Time {
	if r := condition(pod, corev1.PodReady); r != nil {
		return r.LastTransitionTime.Time
	}
	return pod.CreationTimestamp.Time
}

// replicaFailure is why a ReplicaSet could not make pods: a quota, an admission refusal.
func replicaFailure(rs *appsv1.ReplicaSet) []rollout.Problem {
	for _, c := range rs.Status.Conditions {
		if c.Type == appsv1.ReplicaSetReplicaFailure && c.Status == corev1.ConditionTrue {
			return []rollout.Problem{{Reason: c.Reason, Message: c.Message, Since: c.LastTransitionTime.Time}}
		}
	}
	return nil
}

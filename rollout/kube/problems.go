package kube

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/gopawl/pawl/rollout"
)

// slowStart is how long a pod may take to start, or a running one to become ready, before that is
// worth a word.
const slowStart = 10 * time.Second

// problems are why replicas of a ReplicaSet are not ready, or do not come to be: the longest first.
func problems(c podCount, rs *appsv1.ReplicaSet) []rollout.Problem {
	all := append(c.problems, replicaFailure(rs)...)
	slices.SortStableFunc(all, func(a, b rollout.Problem) int {
		return cmp.Or(a.Since.Compare(b.Since), cmp.Compare(a.Replica, b.Replica))
	})
	return all
}

// podProblem says why a pod is not ready, in the scheduler's or the kubelet's own words. A pod
// that is merely on its way has no problem.
func podProblem(pod *corev1.Pod, now time.Time) []rollout.Problem {
	if s := condition(pod, corev1.PodScheduled); s != nil && s.Status == corev1.ConditionFalse {
		p := rollout.Problem{Class: rollout.ClassSchedule, Replica: pod.Name, Reason: s.Reason, Message: s.Message, Since: s.LastTransitionTime.Time}
		if s.Reason == corev1.PodReasonSchedulingGated {
			p.Class = "" // somebody holds it on purpose
		}
		return []rollout.Problem{p}
	}
	if p, ok := nodeProblem(pod); ok {
		return []rollout.Problem{p}
	}
	var found []rollout.Problem
	for _, st := range slices.Concat(pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses) {
		if p, ok := containerProblem(pod, st); ok {
			found = append(found, p)
		}
	}
	if r := condition(pod, corev1.PodReady); len(found) == 0 && r != nil && pod.Status.Phase == corev1.PodRunning && now.Sub(since(pod)) >= slowStart {
		return []rollout.Problem{{Class: rollout.ClassProbe, Replica: pod.Name, Container: unready(pod), Reason: cmp.Or(r.Reason, "NotReady"), Message: r.Message, Since: since(pod)}}
	}
	return found
}

// nodeProblem reports that a pod's node is lost, or is about to lose the pod. Of a node that does not
// answer, the node controller makes the pods unready and says no reason (Kubernetes:
// MarkPodsNotReady); the words are those of its event.
func nodeProblem(pod *corev1.Pod) (rollout.Problem, bool) {
	p := rollout.Problem{Class: rollout.ClassNode, Replica: pod.Name, Reason: pod.Status.Reason, Message: pod.Status.Message, Since: since(pod)}
	if pod.Status.Phase == corev1.PodUnknown || pod.Status.Reason == "NodeLost" {
		p.Reason = cmp.Or(p.Reason, "Unknown")
		return p, true
	}
	if d := condition(pod, corev1.DisruptionTarget); d != nil && d.Status == corev1.ConditionTrue {
		p.Reason, p.Message, p.Since = d.Reason, d.Message, d.LastTransitionTime.Time
		return p, true
	}
	ready, containers := condition(pod, corev1.PodReady), condition(pod, corev1.ContainersReady)
	p.Reason, p.Message = "NodeNotReady", "Node is not ready"
	return p, ready != nil && ready.Reason == "" && containers != nil && containers.Status == corev1.ConditionTrue
}

// containerProblem reports what keeps a container from running, or that it ends again and again.
func containerProblem(pod *corev1.Pod, st corev1.ContainerStatus) (rollout.Problem, bool) {
	p := rollout.Problem{Replica: pod.Name, Container: st.Name, Since: since(pod)}
	ended := cmp.Or(st.State.Terminated, st.LastTerminationState.Terminated)
	switch s := st.State; {
	case s.Waiting != nil && s.Waiting.Reason != "" && !onItsWay(s.Waiting):
		p.Class, p.Reason, p.Message = classOf(s.Waiting.Reason), s.Waiting.Reason, s.Waiting.Message
	case s.Terminated != nil && ended.ExitCode != 0, s.Running != nil && !st.Ready && st.RestartCount > 1 && ended != nil && ended.ExitCode != 0:
		p.Class = cmp.Or(classOf(ended.Reason), rollout.ClassCrash)
		p.Reason, p.Message = ended.Reason, cmp.Or(ended.Message, fmt.Sprintf("exit code %d", ended.ExitCode))
	default:
		return p, false
	}
	if p.Class == rollout.ClassCrash && ended != nil && ended.Reason == outOfMemory {
		p.Class, p.Reason = rollout.ClassMemory, outOfMemory
	}
	if (p.Class == rollout.ClassCrash || p.Class == rollout.ClassMemory) && st.RestartCount == 0 && ended != nil && !ended.FinishedAt.IsZero() {
		p.Since = ended.FinishedAt.Time // its first end: until then it ran
	}
	return p, true
}

const outOfMemory = "OOMKilled"

// classOf is what a container's reason means (Kubernetes: pkg/kubelet/images/types.go,
// pkg/kubelet/container/sync_result.go); "" where it is not known.
func classOf(reason string) rollout.Class {
	switch reason {
	case "ErrImagePull", "ImagePullBackOff", "ErrImageNeverPull", "InvalidImageName", "ImageInspectError", "RegistryUnavailable", "SignatureValidationFailed":
		return rollout.ClassImage
	case "CreateContainerConfigError", "CreateContainerError", "FailedMount", "FailedAttachVolume":
		return rollout.ClassConfig
	case "CrashLoopBackOff", "RunContainerError", "PostStartHookError":
		return rollout.ClassCrash
	case outOfMemory:
		return rollout.ClassMemory
	case "ContainerStatusUnknown", "FailedCreatePodSandBox":
		return rollout.ClassNode
	}
	return ""
}

// unready is the first container that runs and is not ready; "" where the pod itself is at fault.
func unready(pod *corev1.Pod) string {
	for _, st := range pod.Status.ContainerStatuses {
		if st.State.Running != nil && !st.Ready {
			return st.Name
		}
	}
	return ""
}

// since is when a pod that is not ready became so, or came into being: back-offs and restarts do not
// move it.
func since(pod *corev1.Pod) time.Time {
	if r := condition(pod, corev1.PodReady); r != nil {
		return r.LastTransitionTime.Time
	}
	return pod.CreationTimestamp.Time
}

// replicaFailure is why a ReplicaSet could not make pods, a quota or an admission refusal, or could
// not delete them.
func replicaFailure(rs *appsv1.ReplicaSet) []rollout.Problem {
	for _, c := range rs.Status.Conditions {
		if c.Type == appsv1.ReplicaSetReplicaFailure && c.Status == corev1.ConditionTrue {
			p := rollout.Problem{Class: rollout.ClassRefused, Reason: c.Reason, Message: c.Message, Since: c.LastTransitionTime.Time}
			if c.Reason == "FailedDelete" {
				p.Class = ""
			}
			return []rollout.Problem{p}
		}
	}
	return nil
}

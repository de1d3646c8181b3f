package kubetest

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// setCondition sets a condition, whose time moves only when its status does.
func setCondition(s *corev1.PodStatus, kind corev1.PodConditionType, holds bool, reason, message string, at metav1.Time) {
	status := corev1.ConditionFalse
	if holds {
		status = corev1.ConditionTrue
	}
	c := condition(s, kind)
	if c == nil {
		s.Conditions = append(s.Conditions, corev1.PodCondition{Type: kind})
		c = &s.Conditions[len(s.Conditions)-1]
	}
	if c.Status != status {
		c.LastTransitionTime = at
	}
	c.Status, c.Reason, c.Message = status, reason, message
}

// setNotReady sets both conditions of readiness.
func (p pod) setNotReady(s *corev1.PodStatus, at metav1.Time) {
	const reason = "ContainersNotReady"
	message := "containers with unready status: ["
	for i, c := range p.Spec.Containers {
		if i > 0 {
			message += " "
		}
		message += c.Name
	}
	message += "]"
	setCondition(s, corev1.PodReady, false, reason, message, at)
	setCondition(s, corev1.ContainersReady, false, reason, message, at)
}

// containers answers the statuses of the containers, one each and in their order.
func (p pod) containers(s *corev1.PodStatus) []corev1.ContainerStatus {
	known := map[string]corev1.ContainerStatus{}
	for _, c := range s.ContainerStatuses {
		known[c.Name] = c
	}
	all := make([]corev1.ContainerStatus, len(p.Spec.Containers))
	for i, c := range p.Spec.Containers {
		all[i] = known[c.Name]
		all[i].Name, all[i].Image = c.Name, c.Image
	}
	return all
}

// setWaiting makes every container wait.
func (p pod) setWaiting(s *corev1.PodStatus, reason, message string, at metav1.Time) {
	all := p.containers(s)
	for i := range all {
		all[i].Ready, all[i].Started = false, new(bool)
		all[i].State = corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: reason, Message: message}}
	}
	s.ContainerStatuses = all
	p.setNotReady(s, at)
}

// setRunning lets every container run, not ready yet.
func (p pod) setRunning(s *corev1.PodStatus, at metav1.Time) {
	all := p.containers(s)
	for i := range all {
		started := true
		all[i].Started, all[i].Ready = &started, false
		all[i].ImageID, all[i].ContainerID = all[i].Image, "sim://"+string(p.UID)+"/"+all[i].Name
		all[i].State = corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: at}}
	}
	s.ContainerStatuses = all
	p.setNotReady(s, at)
}

// setReady makes the containers ready, and the pod if its readiness gates allow it.
func (p pod) setReady(s *corev1.PodStatus, at metav1.Time) {
	all := p.containers(s)
	for i := range all {
		all[i].Ready = true
	}
	s.ContainerStatuses = all
	setCondition(s, corev1.ContainersReady, true, "", "", at)
	for _, gate := range p.Spec.ReadinessGates {
		c := condition(s, gate.ConditionType)
		if c != nil && c.Status == corev1.ConditionTrue {
			continue
		}
		message := "corresponding condition of pod readiness gate \"" + string(gate.ConditionType) + "\" does not exist."
		if c != nil {
			message = "the status of pod readiness gate \"" + string(gate.ConditionType) + "\" is not \"True\", but " + string(c.Status)
		}
		setCondition(s, corev1.PodReady, false, "ReadinessGatesNotReady", message, at)
		return
	}
	setCondition(s, corev1.PodReady, true, "", "", at)
}

// setStopped ends the containers of a pod that is kept by a finalizer.
func (p pod) setStopped(s *corev1.PodStatus, at metav1.Time) {
	all := p.containers(s)
	for i := range all {
		all[i].Ready, all[i].Started = false, new(bool)
		all[i].State = corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{
			Reason: "Completed", FinishedAt: at, ContainerID: all[i].ContainerID,
		}}
	}
	s.ContainerStatuses = all
	s.Phase = corev1.PodSucceeded
	p.setNotReady(s, at)
}

// setCrashed shows containers that failed once more and wait to be restarted.
func (p pod) setCrashed(s *corev1.PodStatus, message func(container string) string, at metav1.Time) {
	all := p.containers(s)
	for i := range all {
		started := metav1.Time{}
		if running := all[i].State.Running; running != nil {
			started = running.StartedAt
		}
		all[i].RestartCount++
		all[i].Ready, all[i].Started = false, new(bool)
		all[i].LastTerminationState = corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{
			ExitCode: 1, Reason: "Error", StartedAt: started, FinishedAt: at, ContainerID: all[i].ContainerID,
		}}
		all[i].State = corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{
			Reason: "CrashLoopBackOff", Message: message(all[i].Name),
		}}
	}
	s.ContainerStatuses = all
	p.setNotReady(s, at)
}

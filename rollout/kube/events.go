package kube

import (
	"cmp"
	"context"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"

	"github.com/gopawl/pawl/rollout"
)

// explain adds why a pod of the new revision does not start, where only an event says so: a volume of
// a ConfigMap that is missing, say. It asks for the events of one pod at most, live, since nobody
// caches events. A user who may not read them goes without.
func (w *Workload) explain(ctx context.Context, revisions []rollout.Revision, pods []*corev1.Pod, now time.Time) error {
	for i := range revisions {
		r := &revisions[i]
		if !w.isNew(w.seen[r.Name]) {
			continue
		}
		pod := w.stuck(r.Name, pods, now)
		if pod == nil {
			continue
		}
		events, err := w.client.API.CoreV1().Events(pod.Namespace).List(ctx, metav1.ListOptions{
			FieldSelector: fields.OneTermEqualSelector("involvedObject.uid", string(pod.UID)).String(),
		})
		if apierrors.IsForbidden(err) {
			return nil
		}
		if err != nil {
			return classify(ctx, "list events of a pod", err)
		}
		if p, ok := eventProblem(pod, events.Items); ok {
			r.Problems = append(r.Problems, p)
		}
		return nil
	}
	return nil
}

// stuck is the oldest pod of a ReplicaSet all of whose containers have been in creation for long.
func (w *Workload) stuck(revision string, pods []*corev1.Pod, now time.Time) (oldest *corev1.Pod) {
	for _, pod := range pods {
		ref := metav1.GetControllerOf(pod)
		if ref == nil || ref.UID != w.seen[revision].UID || pod.DeletionTimestamp != nil || !inCreation(pod, now) {
			continue
		}
		if oldest == nil || cmp.Or(pod.CreationTimestamp.Compare(oldest.CreationTimestamp.Time), cmp.Compare(pod.Name, oldest.Name)) < 0 {
			oldest = pod
		}
	}
	return oldest
}

func inCreation(pod *corev1.Pod, now time.Time) bool {
	s := condition(pod, corev1.PodScheduled)
	if pod.Status.Phase != corev1.PodPending || s == nil || s.Status != corev1.ConditionTrue || now.Sub(s.LastTransitionTime.Time) < slowStart {
		return false
	}
	all := slices.Concat(pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses)
	return len(all) > 0 && !slices.ContainsFunc(all, func(st corev1.ContainerStatus) bool { return !onItsWay(st.State.Waiting) })
}

// onItsWay reports whether a container waits for nothing in particular.
func onItsWay(s *corev1.ContainerStateWaiting) bool {
	return s != nil && (s.Reason == "ContainerCreating" || s.Reason == "PodInitializing")
}

// eventProblem is what the latest event of a pod says, if that is why it does not start.
func eventProblem(pod *corev1.Pod, events []corev1.Event) (rollout.Problem, bool) {
	var last *corev1.Event
	for i := range events {
		e := &events[i]
		if last == nil || happened(e).After(happened(last)) || happened(e).Equal(happened(last)) && e.Type == corev1.EventTypeWarning {
			last = e
		}
	}
	if last == nil || last.Type != corev1.EventTypeWarning || classOf(last.Reason) == "" {
		return rollout.Problem{}, false
	}
	began := last.FirstTimestamp.Time
	if began.IsZero() {
		began = cmp.Or(last.EventTime.Time, since(pod))
	}
	return rollout.Problem{Class: classOf(last.Reason), Replica: pod.Name, Reason: last.Reason, Message: last.Message, Since: began}, true
}

// happened is when an event was seen last.
func happened(e *corev1.Event) time.Time {
	if e.Series != nil {
		return e.Series.LastObservedTime.Time
	}
	return cmp.Or(e.LastTimestamp.Time, e.EventTime.Time, e.FirstTimestamp.Time)
}

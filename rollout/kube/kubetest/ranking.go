package kubetest

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// rank orders pods by how gladly a controller deletes them, as ActivePodsWithRanks of
// k8s.io/kubernetes/pkg/controller does where there is one node.
func rank(pods []pod, now time.Time) {
	slices.SortStableFunc(pods, func(a, b pod) int { return compareForDeletion(a.Pod, b.Pod, now) })
}

func compareForDeletion(a, b *corev1.Pod, now time.Time) int {
	first := cmp.Or(
		trueFirst(a.Spec.NodeName == "", b.Spec.NodeName == ""),
		cmp.Compare(phaseRank(a), phaseRank(b)),
		trueFirst(!isReady(a), !isReady(b)),
		cmp.Compare(deletionCost(a), deletionCost(b)),
	)
	if first != 0 {
		return first
	}
	if isReady(a) && isReady(b) {
		if order, decided := youngerFirst(readySince(a), readySince(b), a, b, now); decided {
			return order
		}
	}
	if order := cmp.Compare(restarts(b), restarts(a)); order != 0 {
		return order
	}
	order, _ := youngerFirst(a.CreationTimestamp, b.CreationTimestamp, a, b, now)
	return order
}

func trueFirst(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return -1
	}
	return 1
}

func phaseRank(p *corev1.Pod) int {
	return slices.Index([]corev1.PodPhase{corev1.PodPending, corev1.PodUnknown, corev1.PodRunning}, p.Status.Phase)
}

func deletionCost(p *corev1.Pod) int64 {
	cost, err := strconv.ParseInt(p.Annotations[corev1.PodDeletionCost], 10, 32)
	if err != nil {
		return 0
	}
	return cost
}

// youngerFirst compares ages by the power of two that they reach, and equal ones by UID. Equal
// times decide nothing.
func youngerFirst(a, b metav1.Time, x, y *corev1.Pod, now time.Time) (order int, decided bool) {
	switch {
	case a.Equal(&b):
		return 0, false
	case a.IsZero() || b.IsZero():
		return trueFirst(a.IsZero(), b.IsZero()), true
	}
	return cmp.Or(
		cmp.Compare(magnitude(now.Sub(a.Time)), magnitude(now.Sub(b.Time))),
		strings.Compare(string(x.UID), string(y.UID)),
	), true
}

func magnitude(age time.Duration) int64 {
	if age <= 0 {
		return -1
	}
	return int64(math.Log2(float64(age)))
}

func restarts(p *corev1.Pod) int32 {
	var most int32
	for _, c := range p.Status.ContainerStatuses {
		most = max(most, c.RestartCount)
	}
	return most
}

func isReady(p *corev1.Pod) bool {
	c := condition(&p.Status, corev1.PodReady)
	return c != nil && c.Status == corev1.ConditionTrue
}

// readySince answers since when a ready pod has been, to the second.
func readySince(p *corev1.Pod) metav1.Time {
	if c := condition(&p.Status, corev1.PodReady); c != nil && c.Status == corev1.ConditionTrue {
		return c.LastTransitionTime
	}
	return metav1.Time{}
}

func condition(s *corev1.PodStatus, kind corev1.PodConditionType) *corev1.PodCondition {
	for i := range s.Conditions {
		if s.Conditions[i].Type == kind {
			return &s.Conditions[i]
		}
	}
	return nil
}

package kube

import (
	"fmt"
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
)

// alone refuses to begin a workload where it and another one of this package's would select one
// another's pods: both would adopt the same orphans, and whatever goes by the selector (a Service, a
// PodDisruptionBudget, an autoscaler) would take the two for one. One that has ReplicaSets goes on,
// since controller references keep the two apart, and a newcomer must not stop what runs. ReplicaSets
// that others made, a Deployment's say, refuse nothing, as ever in Kubernetes.
func (w *Workload) alone(sets []*appsv1.ReplicaSet) error {
	if w.target.Owner.Deleting || slices.ContainsFunc(sets, w.ours) {
		return nil
	}
	i := slices.IndexFunc(sets, w.overlaps)
	if i < 0 {
		return nil
	}
	o, theirs := w.target.Owner, metav1.GetControllerOf(sets[i])
	return &RefusedError{SelectorOverlaps, fmt.Sprintf("begin %s %q", o.Kind, o.Name),
		fmt.Errorf("its selector %s and that of %s %q overlap: one would select the other's pods (replica set %q)", w.selector, theirs.Kind, theirs.Name, sets[i].Name)}
}

// overlaps reports whether a ReplicaSet is of another workload of this package's, whose selector
// selects this one's pods, or the other way round. What is left of an earlier owner of our name is not
// another workload.
func (w *Workload) overlaps(rs *appsv1.ReplicaSet) bool {
	theirs, o := metav1.GetControllerOf(rs), w.target.Owner
	if theirs == nil || theirs.Kind == o.Kind && theirs.Name == o.Name || rs.DeletionTimestamp != nil || rs.Annotations[w.keys.template] == "" {
		return false
	}
	return w.selector.Matches(labels.Set(rs.Labels)) || selectorOf(rs).Matches(labels.Set(templateLabels(w.template)))
}

// selectorOf is the selector of the workload that a ReplicaSet is of. One that cannot be read selects
// nothing.
func selectorOf(rs *appsv1.ReplicaSet) labels.Selector {
	own := rs.Spec.Selector.DeepCopy()
	if own != nil {
		delete(own.MatchLabels, HashLabel)
	}
	selector, err := metav1.LabelSelectorAsSelector(own)
	if err != nil || selector.Empty() {
		return labels.Nothing()
	}
	return selector
}

package kubetest

import (
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/validation"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	v1validation "k8s.io/apimachinery/pkg/apis/meta/v1/validation"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

var (
	metaPath = field.NewPath("metadata")
	// specPath is where most of what is checked here stands.
	specPath = field.NewPath("spec")
)

func checkReplicaSet(rs, old *appsv1.ReplicaSet) field.ErrorList {
	errs := validation.ValidateNonnegativeField(int64(*rs.Spec.Replicas), specPath.Child("replicas"))
	errs = append(errs, validation.ValidateNonnegativeField(int64(rs.Spec.MinReadySeconds), specPath.Child("minReadySeconds"))...)
	errs = append(errs, checkLabelSelector(rs.Spec.Selector, rs.Spec.Template.Labels)...)
	errs = append(errs, checkTemplate(&rs.Spec.Template)...)
	if old != nil {
		errs = append(errs, validation.ValidateImmutableField(rs.Spec.Selector, old.Spec.Selector, specPath.Child("selector"))...)
		s := rs.Status
		errs = append(errs, checkCounts(s.Replicas, s.FullyLabeledReplicas, s.ReadyReplicas, s.AvailableReplicas, s.ObservedGeneration)...)
	}
	return errs
}

func checkLabelSelector(s *metav1.LabelSelector, template map[string]string) field.ErrorList {
	path := specPath.Child("selector")
	if s == nil {
		return append(field.ErrorList{field.Required(path, "")}, checkMatches(labels.Nothing(), template)...)
	}
	errs := v1validation.ValidateLabelSelector(s, v1validation.LabelSelectorValidationOptions{}, path)
	if len(s.MatchLabels)+len(s.MatchExpressions) == 0 {
		return append(errs, field.Invalid(path, s, "empty selector is invalid for deployment"))
	}
	selector, err := metav1.LabelSelectorAsSelector(s)
	if err != nil {
		return append(errs, field.Invalid(path, s, "invalid label selector"))
	}
	return append(errs, checkMatches(selector, template)...)
}

func checkMatches(selector labels.Selector, template map[string]string) field.ErrorList {
	if selector.Matches(labels.Set(template)) {
		return nil
	}
	path := specPath.Child("template", "metadata", "labels")
	return field.ErrorList{field.Invalid(path, template, "`selector` does not match template `labels`")}
}

func checkReplicationController(rc, old *corev1.ReplicationController) field.ErrorList {
	errs := validation.ValidateNonnegativeField(int64(*rc.Spec.Replicas), specPath.Child("replicas"))
	errs = append(errs, validation.ValidateNonnegativeField(int64(rc.Spec.MinReadySeconds), specPath.Child("minReadySeconds"))...)
	if len(rc.Spec.Selector) == 0 {
		errs = append(errs, field.Required(specPath.Child("selector"), ""))
	}
	if rc.Spec.Template == nil {
		return append(errs, field.Required(specPath.Child("template"), ""))
	}
	if len(rc.Spec.Selector) > 0 {
		errs = append(errs, checkMatches(labels.SelectorFromSet(rc.Spec.Selector), rc.Spec.Template.Labels)...)
	}
	errs = append(errs, checkTemplate(rc.Spec.Template)...)
	if old != nil {
		s := rc.Status
		errs = append(errs, checkCounts(s.Replicas, s.FullyLabeledReplicas, s.ReadyReplicas, s.AvailableReplicas, s.ObservedGeneration)...)
	}
	return errs
}

func checkCounts(replicas, labeled, ready, available int32, observed int64) field.ErrorList {
	path := field.NewPath("status")
	var errs field.ErrorList
	for _, c := range []struct {
		name  string
		count int64
	}{
		{"replicas", int64(replicas)}, {"fullyLabeledReplicas", int64(labeled)}, {"readyReplicas", int64(ready)},
		{"availableReplicas", int64(available)}, {"observedGeneration", observed},
	} {
		errs = append(errs, validation.ValidateNonnegativeField(c.count, path.Child(c.name))...)
	}
	for _, c := range []struct {
		name         string
		count, limit int32
		than         string
	}{
		{"fullyLabeledReplicas", labeled, replicas, "status.replicas"},
		{"readyReplicas", ready, replicas, "status.replicas"},
		{"availableReplicas", available, replicas, "status.replicas"},
		{"availableReplicas", available, ready, "readyReplicas"},
	} {
		if c.count > c.limit {
			errs = append(errs, field.Invalid(path.Child(c.name), c.count, "cannot be greater than "+c.than))
		}
	}
	return errs
}

// checkFinalizers refuses names of nobody's, as Kubernetes does for its own kinds.
func checkFinalizers(finalizers []string) field.ErrorList {
	var errs field.ErrorList
	for i, name := range finalizers {
		switch name {
		case string(corev1.FinalizerKubernetes), metav1.FinalizerOrphanDependents, metav1.FinalizerDeleteDependents:
			continue
		}
		if !strings.Contains(name, "/") {
			errs = append(errs, field.Invalid(metaPath.Child("finalizers").Index(i), name,
				"name is neither a standard finalizer name nor is it fully qualified"))
		}
	}
	return errs
}

func checkNamespace(n, old *corev1.Namespace) field.ErrorList {
	if old == nil || n.Status.Phase != corev1.NamespaceTerminating || n.DeletionTimestamp != nil {
		return nil
	}
	return field.ErrorList{field.Invalid(field.NewPath("status", "Phase"), n.Status.Phase,
		"may only be 'Active' if `deletionTimestamp` is empty")}
}

package kubetest

import (
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/api/validation"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	v1validation "k8s.io/apimachinery/pkg/apis/meta/v1/validation"
	"k8s.io/apimachinery/pkg/labels"
	utilvalidation "k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// specPath is where most of what is checked here stands.
var specPath = field.NewPath("spec")

func checkReplicaSet(rs, old *appsv1.ReplicaSet) field.ErrorList {
	errs := validation.ValidateNonnegativeField(int64(*rs.Spec.Replicas), specPath.Child("replicas"))
	errs = append(errs, validation.ValidateNonnegativeField(int64(rs.Spec.MinReadySeconds), specPath.Child("minReadySeconds"))...)
	errs = append(errs, checkLabelSelector(rs.Spec.Selector, rs.Spec.Template.Labels)...)
	errs = append(errs, checkTemplate(&rs.Spec.Template)...)
	if old != nil {
		errs = append(errs, validation.ValidateImmutableField(rs.Spec.Selector, old.Spec.Selector, specPath.Child("selector"))...)
		errs = append(errs, checkCounts(rs.Status.Replicas, rs.Status.FullyLabeledReplicas, rs.Status.ReadyReplicas, rs.Status.AvailableReplicas)...)
	}
	return errs
}

func checkLabelSelector(s *metav1.LabelSelector, template map[string]string) field.ErrorList {
	path := specPath.Child("selector")
	if s == nil {
		return field.ErrorList{field.Required(path, "")}
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
		errs = append(errs, checkCounts(rc.Status.Replicas, rc.Status.FullyLabeledReplicas, rc.Status.ReadyReplicas, rc.Status.AvailableReplicas)...)
	}
	return errs
}

func checkCounts(replicas, labeled, ready, available int32) field.ErrorList {
	path := field.NewPath("status")
	var errs field.ErrorList
	for _, c := range []struct {
		name         string
		count, limit int32
		than         string
	}{
		{"fullyLabeledReplicas", labeled, replicas, "status.replicas"},
		{"readyReplicas", ready, replicas, "status.replicas"},
		{"availableReplicas", available, ready, "readyReplicas"},
	} {
		if c.count > c.limit {
			errs = append(errs, field.Invalid(path.Child(c.name), c.count, "cannot be greater than "+c.than))
		}
	}
	return append(errs, validation.ValidateNonnegativeField(int64(replicas), path.Child("replicas"))...)
}

func checkService(s, old *corev1.Service) field.ErrorList {
	var errs field.ErrorList
	headless := s.Spec.ClusterIP == corev1.ClusterIPNone || s.Spec.Type == corev1.ServiceTypeExternalName
	if len(s.Spec.Ports) == 0 && !headless {
		errs = append(errs, field.Required(specPath.Child("ports"), ""))
	}
	for i, p := range s.Spec.Ports {
		path := specPath.Child("ports").Index(i)
		for _, why := range utilvalidation.IsValidPortNum(int(p.Port)) {
			errs = append(errs, field.Invalid(path.Child("port"), p.Port, why))
		}
		if p.Name == "" && len(s.Spec.Ports) > 1 {
			errs = append(errs, field.Required(path.Child("name"), ""))
		}
	}
	errs = append(errs, v1validation.ValidateLabels(s.Spec.Selector, specPath.Child("selector"))...)
	if old != nil && old.Spec.ClusterIP != "" && s.Spec.Type == old.Spec.Type {
		errs = append(errs, validation.ValidateImmutableField(s.Spec.ClusterIP, old.Spec.ClusterIP, specPath.Child("clusterIP"))...)
	}
	return errs
}

func checkControllerRevision(r, old *appsv1.ControllerRevision) field.ErrorList {
	errs := validation.ValidateNonnegativeField(r.Revision, field.NewPath("revision"))
	if old != nil {
		errs = append(errs, validation.ValidateImmutableField(r.Data, old.Data, field.NewPath("data"))...)
	}
	return errs
}

func checkConfigMap(c, old *corev1.ConfigMap) field.ErrorList {
	if old != nil && isTrue(old.Immutable) && !equality.Semantic.DeepEqual(c.Data, old.Data) {
		return field.ErrorList{field.Forbidden(field.NewPath("data"), "field is immutable when `immutable` is set")}
	}
	return nil
}

func checkSecret(s, old *corev1.Secret) field.ErrorList {
	if old == nil {
		return nil
	}
	errs := validation.ValidateImmutableField(s.Type, old.Type, field.NewPath("type"))
	if isTrue(old.Immutable) && !equality.Semantic.DeepEqual(s.Data, old.Data) {
		errs = append(errs, field.Forbidden(field.NewPath("data"), "field is immutable when `immutable` is set"))
	}
	return errs
}

func isTrue(b *bool) bool { return b != nil && *b }

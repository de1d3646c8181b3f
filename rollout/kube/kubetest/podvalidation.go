package kubetest

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/api/validation"
	v1validation "k8s.io/apimachinery/pkg/apis/meta/v1/validation"
	utilvalidation "k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

func checkTemplate(t *corev1.PodTemplateSpec) field.ErrorList {
	path := specPath.Child("template")
	errs := v1validation.ValidateLabels(t.Labels, path.Child("labels"))
	errs = append(errs, validation.ValidateAnnotations(t.Annotations, path.Child("annotations"))...)
	if p := t.Spec.RestartPolicy; p != corev1.RestartPolicyAlways {
		errs = append(errs, checkOneOf(p, restartPolicies, path.Child("spec", "restartPolicy"))...)
		errs = append(errs, field.NotSupported(path.Child("spec", "restartPolicy"), p, []corev1.RestartPolicy{corev1.RestartPolicyAlways}))
	}
	return append(errs, checkPodSpec(&t.Spec, path.Child("spec"))...)
}

var restartPolicies = []corev1.RestartPolicy{corev1.RestartPolicyAlways, corev1.RestartPolicyOnFailure, corev1.RestartPolicyNever}

func checkPodSpec(s *corev1.PodSpec, path *field.Path) field.ErrorList {
	if len(s.Containers) == 0 {
		return field.ErrorList{field.Required(path.Child("containers"), "")}
	}
	var errs field.ErrorList
	names := map[string]bool{}
	check := func(list []corev1.Container, path *field.Path) {
		for i := range list {
			errs = append(errs, checkContainer(&list[i], names, path.Index(i))...)
		}
	}
	check(s.InitContainers, path.Child("initContainers"))
	check(s.Containers, path.Child("containers"))
	return errs
}

func checkContainer(c *corev1.Container, names map[string]bool, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	if c.Name == "" {
		errs = append(errs, field.Required(path.Child("name"), ""))
	} else if names[c.Name] {
		errs = append(errs, field.Duplicate(path.Child("name"), c.Name))
	} else {
		for _, why := range utilvalidation.IsDNS1123Label(c.Name) {
			errs = append(errs, field.Invalid(path.Child("name"), c.Name, why))
		}
	}
	names[c.Name] = true
	if c.Image == "" {
		errs = append(errs, field.Required(path.Child("image"), ""))
	}
	return errs
}

func checkPod(p, old *corev1.Pod) field.ErrorList {
	errs := checkPodSpec(&p.Spec, specPath)
	if old == nil {
		return errs
	}
	if !keepsTolerations(p, old) {
		errs = append(errs, field.Forbidden(specPath.Child("tolerations"), "existing toleration can not be modified except its tolerationSeconds"))
	}
	if !equality.Semantic.DeepEqual(fixedPodSpec(p), fixedPodSpec(old)) {
		errs = append(errs, field.Forbidden(specPath, "pod updates may not change fields other than "+
			"`spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,"+
			"`spec.tolerations` (only additions to existing tolerations),"+
			"`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)"))
	}
	return errs
}

// keepsTolerations tells that none was taken away.
func keepsTolerations(p, old *corev1.Pod) bool {
	for _, t := range old.Spec.Tolerations {
		if !slices.ContainsFunc(p.Spec.Tolerations, func(now corev1.Toleration) bool { return now.MatchToleration(&t) }) {
			return false
		}
	}
	return true
}

// fixedPodSpec is the part of a pod's specification that no update changes.
func fixedPodSpec(p *corev1.Pod) *corev1.PodSpec {
	s := p.Spec.DeepCopy()
	for i := range s.Containers {
		s.Containers[i].Image = ""
	}
	for i := range s.InitContainers {
		s.InitContainers[i].Image = ""
	}
	s.ActiveDeadlineSeconds, s.Tolerations = nil, nil
	return s
}

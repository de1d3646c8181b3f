package manifest

import (
	"strings"

	corev1 "k8s.io/api/core/v1"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	metavalidation "k8s.io/apimachinery/pkg/apis/meta/v1/validation"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// checkTemplate checks what a rollout needs of a template, and what would
// keep it from ever making a pod. The rest is up to the API server.
func checkTemplate(t *corev1.PodTemplateSpec, path *field.Path) field.ErrorList {
	meta, spec := path.Child("metadata"), path.Child("spec")
	errs := metavalidation.ValidateLabels(t.Labels, meta.Child("labels"))
	errs = append(errs, apivalidation.ValidateAnnotations(t.Annotations, meta.Child("annotations"))...)
	if len(t.Spec.Containers) == 0 {
		errs = append(errs, field.Required(spec.Child("containers"), "must have at least one container"))
	}
	names := sets.New[string]()
	errs = append(errs, checkContainers(t.Spec.InitContainers, names, spec.Child("initContainers"))...)
	errs = append(errs, checkContainers(t.Spec.Containers, names, spec.Child("containers"))...)
	if p := t.Spec.RestartPolicy; p != "" && p != corev1.RestartPolicyAlways {
		errs = append(errs, field.NotSupported(spec.Child("restartPolicy"), p, []corev1.RestartPolicy{corev1.RestartPolicyAlways}))
	}
	if t.Spec.ActiveDeadlineSeconds != nil {
		errs = append(errs, field.Forbidden(spec.Child("activeDeadlineSeconds"), "activeDeadlineSeconds in ReplicaSet is not Supported"))
	}
	return errs
}

// checkContainers adds to names, which init containers and others share.
func checkContainers(list []corev1.Container, names sets.Set[string], path *field.Path) field.ErrorList {
	var errs field.ErrorList
	for i := range list {
		errs = append(errs, checkContainer(&list[i], names, path.Index(i))...)
	}
	return errs
}

func checkContainer(c *corev1.Container, names sets.Set[string], path *field.Path) field.ErrorList {
	var errs field.ErrorList
	switch name := path.Child("name"); {
	case c.Name == "":
		errs = append(errs, field.Required(name, ""))
	case names.Has(c.Name):
		errs = append(errs, field.Duplicate(name, c.Name))
	default:
		names.Insert(c.Name)
		for _, msg := range validation.IsDNS1123Label(c.Name) {
			errs = append(errs, field.Invalid(name, c.Name, msg))
		}
	}
	switch image := path.Child("image"); {
	case c.Image == "":
		errs = append(errs, field.Required(image, ""))
	case c.Image != strings.TrimSpace(c.Image):
		errs = append(errs, field.Invalid(image, c.Image, "must not have leading or trailing whitespace"))
	}
	return errs
}

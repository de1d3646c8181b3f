package manifest

import (
	"encoding/json"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/api/validation"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	metavalidation "k8s.io/apimachinery/pkg/apis/meta/v1/validation"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// MaxTemplateBytes bounds a pod template, written as JSON. Pawl keeps a
// Deployment in one ConfigMap, as wanted and as applied last, and that cannot
// be larger than 1 MiB.
const MaxTemplateBytes = 384 << 10

// Spec is what a Deployment asks for, defaults filled in.
type Spec struct {
	Replicas        *int32 // nil when not written: keep the current size, or 1
	Paused          bool
	MinReadySeconds int32
	Strategy        appsv1.DeploymentStrategyType
	// MaxSurge and MaxUnavailable are zero unless Strategy is RollingUpdate.
	MaxSurge, MaxUnavailable intstr.IntOrString
	RevisionHistoryLimit     int32 // math.MaxInt32 keeps all
	ProgressDeadlineSeconds  int32 // math.MaxInt32 is none
	Selector                 *metav1.LabelSelector
	Template                 map[string]any // a copy, as written: nothing defaulted, nothing left out
}

// Deployment validates a Deployment and reads its settings, with the defaults
// of the version it is written in. With errors the Spec is zero. It serves
// as well for an object which was patched after [Load].
func Deployment(u *unstructured.Unstructured) (Spec, field.ErrorList) {
	k, bad := (document{object: u.Object}).kind()
	if bad == nil && k.kind != "Deployment" {
		bad = field.NotSupported(field.NewPath("kind"), k.kind, []string{"Deployment"})
	}
	if bad != nil {
		return Spec{}, field.ErrorList{bad}
	}
	if _, errs := k.validate(u.Object); len(errs) > 0 {
		return Spec{}, errs
	}
	stored := AppsV1(u)
	spec := decode[appsv1.Deployment](stored.Object).Spec
	s := Spec{
		Replicas:                spec.Replicas,
		Paused:                  spec.Paused,
		MinReadySeconds:         spec.MinReadySeconds,
		Strategy:                spec.Strategy.Type,
		RevisionHistoryLimit:    *spec.RevisionHistoryLimit,
		ProgressDeadlineSeconds: *spec.ProgressDeadlineSeconds,
		Selector:                spec.Selector,
		Template:                child(child(stored.Object, "spec"), "template"),
	}
	if r := spec.Strategy.RollingUpdate; r != nil {
		s.MaxSurge, s.MaxUnavailable = *r.MaxSurge, *r.MaxUnavailable
	}
	return s, nil
}

// Unknown names the fields of a Deployment that this version of Kubernetes does not know, as
// [Object.Warnings] does.
func Unknown(u *unstructured.Unstructured) []string {
	warnings, _ := (document{object: u.DeepCopy().Object}).check()
	return warnings
}

// check has the rules and the wording of ValidateDeploymentSpec in
// pkg/apis/apps/validation of Kubernetes.
func (v version) check(written, conforming map[string]any) field.ErrorList {
	path := field.NewPath("spec")
	u := &unstructured.Unstructured{Object: conforming}
	spec := decode[appsv1.Deployment](AppsV1(u).Object).Spec
	var errs field.ErrorList
	if v.rollbackTo && child(written, "spec")["rollbackTo"] != nil {
		errs = append(errs, field.Forbidden(path.Child("rollbackTo"),
			"is a request and not a setting: go back with the command undo and --to-revision"))
	}
	errs = append(errs, checkNumbers(&spec, path)...)
	errs = append(errs, checkSelector(&spec, path)...)
	errs = append(errs, checkStrategy(&spec.Strategy, path.Child("strategy"))...)
	errs = append(errs, checkTemplate(&spec.Template, path.Child("template"))...)
	return append(errs, checkSize(child(written, "spec")["template"], path.Child("template"))...)
}

func checkNumbers(spec *appsv1.DeploymentSpec, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	nonnegative := func(name string, n *int32) {
		if n != nil {
			errs = append(errs, validation.ValidateNonnegativeField(int64(*n), path.Child(name))...)
		}
	}
	nonnegative("replicas", spec.Replicas)
	nonnegative("minReadySeconds", &spec.MinReadySeconds)
	nonnegative("revisionHistoryLimit", spec.RevisionHistoryLimit)
	nonnegative("progressDeadlineSeconds", spec.ProgressDeadlineSeconds)
	if d := spec.ProgressDeadlineSeconds; d != nil && *d <= spec.MinReadySeconds {
		errs = append(errs, field.Invalid(path.Child("progressDeadlineSeconds"), *d, "must be greater than minReadySeconds"))
	}
	return errs
}

func checkSelector(spec *appsv1.DeploymentSpec, path *field.Path) field.ErrorList {
	at := path.Child("selector")
	if spec.Selector == nil {
		return field.ErrorList{field.Required(at, "must match the labels of the template")}
	}
	if len(spec.Selector.MatchLabels)+len(spec.Selector.MatchExpressions) == 0 {
		return field.ErrorList{field.Invalid(at, spec.Selector, "empty selector is invalid for deployment")}
	}
	errs := metavalidation.ValidateLabelSelector(spec.Selector, metavalidation.LabelSelectorValidationOptions{}, at)
	if len(errs) > 0 {
		return errs
	}
	selector, err := metav1.LabelSelectorAsSelector(spec.Selector)
	if err != nil {
		return field.ErrorList{field.Invalid(at, spec.Selector, "invalid label selector")}
	}
	if !selector.Matches(labels.Set(spec.Template.Labels)) {
		errs = append(errs, field.Invalid(path.Child("template", "metadata", "labels"), spec.Template.Labels,
			"`selector` does not match template `labels`"))
	}
	return errs
}

// checkSize looks at what was written: a field which is unknown here takes up
// room as well.
func checkSize(template any, path *field.Path) field.ErrorList {
	text, err := json.Marshal(template)
	if err != nil {
		return field.ErrorList{field.InternalError(path, err)}
	}
	if len(text) <= MaxTemplateBytes {
		return nil
	}
	tooLong := field.TooLong(path, nil, MaxTemplateBytes)
	tooLong.Detail = fmt.Sprintf("is %d bytes as JSON, %s: everything about a Deployment is kept in one object of at most 1 MiB",
		len(text), tooLong.Detail)
	return field.ErrorList{tooLong}
}

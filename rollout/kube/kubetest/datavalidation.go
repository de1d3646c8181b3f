package kubetest

import (
	"maps"
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/api/validation"
	utilvalidation "k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

func checkControllerRevision(r, old *appsv1.ControllerRevision) field.ErrorList {
	path := field.NewPath("data")
	var errs field.ErrorList
	if r.Data.Raw == nil && r.Data.Object == nil {
		errs = append(errs, field.Required(path, "data is mandatory"))
	}
	errs = append(errs, validation.ValidateNonnegativeField(r.Revision, field.NewPath("revision"))...)
	if old != nil {
		errs = append(errs, validation.ValidateImmutableField(r.Data, old.Data, path)...)
	}
	return errs
}

func checkConfigMap(c, old *corev1.ConfigMap) field.ErrorList {
	if old != nil && isTrue(old.Immutable) {
		if errs := fixed(
			fixedField{"immutable", isTrue(c.Immutable)},
			fixedField{"data", equality.Semantic.DeepEqual(c.Data, old.Data)},
			fixedField{"binaryData", equality.Semantic.DeepEqual(c.BinaryData, old.BinaryData)},
		); len(errs) > 0 {
			return errs
		}
	}
	errs := checkKeys("data", c.Data)
	for _, key := range slices.Sorted(maps.Keys(c.Data)) {
		if _, twice := c.BinaryData[key]; twice {
			errs = append(errs, field.Invalid(field.NewPath("data").Key(key), key, "duplicate of key present in binaryData"))
		}
	}
	return append(errs, checkKeys("binaryData", c.BinaryData)...)
}

func checkSecret(s, old *corev1.Secret) field.ErrorList {
	errs := checkKeys("data", s.Data)
	if old == nil {
		return errs
	}
	errs = append(validation.ValidateImmutableField(s.Type, old.Type, field.NewPath("type")), errs...)
	if isTrue(old.Immutable) {
		errs = append(errs, fixed(
			fixedField{"immutable", isTrue(s.Immutable)},
			fixedField{"data", equality.Semantic.DeepEqual(s.Data, old.Data)},
		)...)
	}
	return errs
}

type fixedField struct {
	name string
	same bool
}

// fixed refuses changes of what is immutable.
func fixed(fields ...fixedField) field.ErrorList {
	var errs field.ErrorList
	for _, f := range fields {
		if !f.same {
			errs = append(errs, field.Forbidden(field.NewPath(f.name), "field is immutable when `immutable` is set"))
		}
	}
	return errs
}

func checkKeys[V any](name string, data map[string]V) field.ErrorList {
	var errs field.ErrorList
	for _, key := range slices.Sorted(maps.Keys(data)) {
		for _, why := range utilvalidation.IsConfigMapKey(key) {
			errs = append(errs, field.Invalid(field.NewPath(name).Key(key), key, why))
		}
	}
	return errs
}

func isTrue(b *bool) bool { return b != nil && *b }

func checkLease(l, _ *coordinationv1.Lease) field.ErrorList {
	var errs field.ErrorList
	if d := l.Spec.LeaseDurationSeconds; d != nil && *d <= 0 {
		errs = append(errs, field.Invalid(specPath.Child("leaseDurationSeconds"), *d, "must be greater than 0"))
	}
	if n := l.Spec.LeaseTransitions; n != nil {
		errs = append(errs, validation.ValidateNonnegativeField(int64(*n), specPath.Child("leaseTransitions"))...)
	}
	return errs
}

// checkEvent: an event is where its object is, or in the default namespace if that is in none.
func checkEvent(e, _ *corev1.Event) field.ErrorList {
	about := e.InvolvedObject.Namespace
	if about == e.Namespace || about == "" && e.Namespace == corev1.NamespaceDefault {
		return nil
	}
	return field.ErrorList{field.Invalid(field.NewPath("involvedObject", "namespace"), about, "does not match event.namespace")}
}

// anyName: the names of events are not checked.
func anyName(string, bool) []string { return nil }

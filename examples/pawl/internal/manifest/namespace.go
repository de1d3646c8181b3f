package manifest

import (
	"fmt"

	"k8s.io/apimachinery/pkg/util/validation/field"
)

// SetNamespace gives a copy of the objects in which each that has no namespace
// is in the one given. With enforce, as for kubectl's --namespace flag, it is
// an error that an object says another one. Two objects which become the same
// one by it are an error too.
func SetNamespace(objects []Object, namespace string, enforce bool) ([]Object, error) {
	var errs Errors
	placed := make([]Object, len(objects))
	for i, o := range objects {
		o.Unstructured = o.DeepCopy()
		placed[i] = o
		if o.GetKind() == "Namespace" {
			continue
		}
		if o.GetNamespace() == "" {
			o.Unstructured.SetNamespace(namespace)
		}
		if enforce && o.GetNamespace() != namespace {
			d := document{o.Source, o.Object}
			errs = append(errs, d.located(field.ErrorList{mismatch(o.GetNamespace(), namespace)})...)
		}
	}
	errs = append(errs, duplicates(placed)...)
	if len(errs) > 0 {
		return nil, errs
	}
	return placed, nil
}

func mismatch(written, wanted string) *field.Error {
	return field.Invalid(field.NewPath("metadata", "namespace"), written, fmt.Sprintf(
		"the namespace from the provided object %q does not match the namespace %q. You must pass '--namespace=%s' to perform this operation.",
		written, wanted, written))
}

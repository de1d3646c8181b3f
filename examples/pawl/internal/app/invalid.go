package app

import (
	"fmt"
	"reflect"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// InvalidError says that what is to be wanted is not valid, or cannot be had of this app.
type InvalidError struct {
	App  string
	Errs field.ErrorList
}

// Error names the app and every bad field.
func (e *InvalidError) Error() string {
	return fmt.Sprintf("deployment %q: %v", e.App, e.Errs.ToAggregate())
}

// renamed are the errors about fields that say which object it is.
func renamed(was, wanted *unstructured.Unstructured) field.ErrorList {
	var errs field.ErrorList
	for _, path := range []*field.Path{
		field.NewPath("apiVersion"), field.NewPath("metadata", "name"), field.NewPath("metadata", "namespace"),
	} {
		names := strings.Split(path.String(), ".")
		before, _, _ := unstructured.NestedFieldNoCopy(was.Object, names...)
		after, _, _ := unstructured.NestedFieldNoCopy(wanted.Object, names...)
		if !reflect.DeepEqual(before, after) {
			errs = append(errs, field.Invalid(path, after, "field is immutable"))
		}
	}
	return errs
}

package kubetest

import (
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// Resource describes a kind of your own, as a CustomResourceDefinition does.
type Resource struct {
	Group, Version, Kind string
	Plural               string // "widgets"
	ShortNames           []string

	ClusterScoped bool // its objects are in no namespace
	Status        bool // it has the status subresource
	// Scale gives it the scale subresource over spec.replicas, status.replicas and
	// status.selector, a label selector in its text form.
	Scale bool
	// Validate answers what is wrong with an object that is about to be stored; old is nil
	// at its creation. Nil accepts everything.
	Validate func(obj, old *unstructured.Unstructured) field.ErrorList
}

// resource is a Resource, built-in or registered.
type resource struct {
	Resource
	builtin *builtin // nil for a registered one
}

// builtin is what the server knows of Kubernetes' own kinds.
type builtin struct {
	typed      func() runtime.Object
	generation bool // counts changes of the specification
	fields     []string
	fill       func(runtime.Object) // sets defaults
	check      func(obj, old runtime.Object) field.ErrorList
	echo       bool // a delete answers the object, not a Status
	upsert     bool // an update creates what is not there
	versioned  bool // an update has to say of which version it is
	nameIs     func(name string, prefix bool) []string
}

func (r *resource) groupKind() schema.GroupKind {
	return schema.GroupKind{Group: r.Group, Kind: r.Kind}
}

func (r *resource) groupResource() schema.GroupResource {
	return schema.GroupResource{Group: r.Group, Resource: r.Plural}
}

func (r *resource) groupVersion() schema.GroupVersion {
	return schema.GroupVersion{Group: r.Group, Version: r.Version}
}

func (r *resource) gvk() schema.GroupVersionKind { return r.groupVersion().WithKind(r.Kind) }

// id is the resource's name in the store.
func (r *resource) id() string { return r.groupResource().String() }

func (r *resource) prefix(namespace string) string {
	if namespace == "" {
		return prefixObject + r.id() + "/"
	}
	return prefixObject + r.id() + "/" + namespace + "/"
}

func (r *resource) key(namespace, name string) string {
	return prefixObject + r.id() + "/" + namespace + "/" + name
}

// counts tells whether metadata.generation follows the specification.
func (r *resource) counts() bool { return r.builtin == nil || r.builtin.generation }

// finalizedBySpec tells that it is namespaces, whose finalizers are in their specification.
func (r *resource) finalizedBySpec() bool { return r.Group == "" && r.Plural == "namespaces" }

// upserts tells whether an update creates what is not there.
func (r *resource) upserts() bool { return r.builtin != nil && r.builtin.upsert }

// unconditional tells whether an update may leave out of which version it is.
func (r *resource) unconditional() bool { return r.builtin != nil && !r.builtin.versioned }

func (r *resource) singular() string { return strings.ToLower(r.Kind) }

func (r *resource) selectable(u *unstructured.Unstructured) map[string]string {
	if r.builtin == nil || len(r.builtin.fields) == 0 {
		return nil
	}
	fields := make(map[string]string, len(r.builtin.fields))
	for _, path := range r.builtin.fields {
		fields[path] = fieldText(u, path)
	}
	return fields
}

// absent is what a field selector sees of fields that are not written.
var absent = map[string]string{"spec.hostNetwork": "false", "spec.unschedulable": "false", "status.replicas": "0"}

// fieldText shows a field to a field selector.
func fieldText(u *unstructured.Unstructured, path string) string {
	if path == "source" { // of an event
		path = "source.component"
	}
	value, found, _ := unstructured.NestedFieldNoCopy(u.Object, strings.Split(path, ".")...)
	if !found {
		return absent[path]
	}
	return fmt.Sprint(value)
}

// decode answers the object in its Go type, or as it is when it has none.
func (r *resource) decode(u *unstructured.Unstructured) (runtime.Object, error) {
	if r.builtin == nil {
		return u, nil
	}
	obj := r.builtin.typed()
	return obj, runtime.DefaultUnstructuredConverter.FromUnstructured(u.Object, obj)
}

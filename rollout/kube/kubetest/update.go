package kubetest

import (
	"errors"
	"fmt"
	"maps"
	"strconv"

	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// errModified is the wording by which people know a lost update.
var errModified = errors.New("the object has been modified; please apply your changes to the latest version and try again")

// modify stores a changed form of an object. The subresource is "", "status" or "finalize". An update that
// changes nothing leaves the resource version as it is.
func (s *session) modify(old *record, u *unstructured.Unstructured, subresource string) (*record, error) {
	res := old.res
	if err := checkVersion(old, u); err != nil {
		return nil, err
	}
	restoreMeta(u, old)
	if res == s.catalog.namespaces && subresource != "finalize" {
		keepFinalizers(u, old)
	}
	if res.Status {
		splitStatus(res, u, old, subresource)
	}
	if err := res.canonical(u); err != nil {
		return nil, err
	}
	if res == s.catalog.services {
		if err := keepAddress(u, old); err != nil {
			return nil, err
		}
	}
	if err := res.validate(u, old); err != nil {
		return nil, err
	}
	if res.counts() && !sameSpec(u.Object, old.Object) {
		u.SetGeneration(old.GetGeneration() + 1)
	}
	o := &object{Unstructured: *u, times: old.times}
	kept, err := s.keep(old, o)
	if err != nil || !s.released(res, o) {
		return kept, err
	}
	// The object is gone: its last finalizer was removed. Which version that was only watches tell.
	last := kept.edit()
	last.SetResourceVersion(old.GetResourceVersion())
	return encodeRecord(res, last)
}

// keepFinalizers leaves those of a namespace's specification as they are.
func keepFinalizers(u *unstructured.Unstructured, old *record) {
	unstructured.RemoveNestedField(u.Object, "spec", "finalizers")
	if held, ok, _ := unstructured.NestedSlice(old.Object, "spec", "finalizers"); ok {
		_ = unstructured.SetNestedSlice(u.Object, held, "spec", "finalizers")
	}
}

// keep stores the object unless it is as it was, and lets it go if it was only held by a
// finalizer that it no longer has.
func (s *session) keep(old *record, o *object) (*record, error) {
	if equality.Semantic.DeepEqual(o.Object, old.Object) && o.times == old.times {
		return old, nil
	}
	if s.released(old.res, o) {
		return s.remove(old, o)
	}
	return s.replace(old, o)
}

// released tells that nothing holds an object whose deletion was requested.
func (s *session) released(res *resource, o *object) bool {
	if o.GetDeletionTimestamp() == nil || len(o.GetFinalizers()) > 0 {
		return false
	}
	if res == s.catalog.namespaces {
		held, _, _ := unstructured.NestedSlice(o.Object, "spec", "finalizers")
		return len(held) == 0
	}
	grace := o.GetDeletionGracePeriodSeconds()
	return grace == nil || *grace == 0
}

// checkUID refuses a replacement that is meant for an earlier object of the same name.
func checkUID(old *record, u *unstructured.Unstructured) error {
	uid := u.GetUID()
	if uid == "" || uid == old.GetUID() {
		return nil
	}
	return apierrors.NewConflict(old.res.groupResource(), old.GetName(), fmt.Errorf(
		"StorageError: invalid object, Code: 4, Key: /registry/%s/%s/%s, ResourceVersion: 0, AdditionalErrorMsg: "+
			"Precondition failed: UID in precondition: %v, UID in object meta: %v",
		old.res.Plural, old.GetNamespace(), old.GetName(), uid, old.GetUID()))
}

// checkVersion refuses a change that was made of an earlier version. None, or 0, is any version,
// but for kinds that have to be updated conditionally.
func checkVersion(old *record, u *unstructured.Unstructured) error {
	text := u.GetResourceVersion()
	if text == "" {
		text = "0"
	}
	given, err := strconv.ParseUint(text, 10, 64)
	switch {
	case err != nil:
		return err
	case given == 0 && old.res.unconditional():
		return nil
	case given == 0:
		gr := old.res.groupResource()
		return apierrors.NewInvalid(schema.GroupKind{Group: gr.Group, Kind: gr.Resource}, old.GetName(), field.ErrorList{
			field.Invalid(metaPath.Child("resourceVersion"), given, "must be specified for an update"),
		})
	case text != old.GetResourceVersion():
		return apierrors.NewConflict(old.res.groupResource(), old.GetName(), errModified)
	}
	return nil
}

// restoreMeta sets the metadata that only the server changes, as in rest.BeforeUpdate. Some of it
// has to be left out or as it was, and is refused otherwise.
func restoreMeta(u *unstructured.Unstructured, old *record) {
	u.SetGroupVersionKind(old.res.gvk())
	u.SetManagedFields(nil)
	meta, _, _ := unstructured.NestedFieldNoCopy(u.Object, "metadata")
	now, _ := meta.(map[string]any)
	was, _ := old.Object["metadata"].(map[string]any)
	restore := func(name string) {
		delete(now, name)
		if value, ok := was[name]; ok {
			now[name] = value
		}
	}
	for _, name := range []string{"resourceVersion", "generation", "creationTimestamp", "selfLink"} {
		restore(name)
	}
	if u.GetUID() == "" {
		restore("uid")
	}
	if old.GetDeletionTimestamp() != nil {
		restore("deletionTimestamp")
	}
	if u.GetDeletionGracePeriodSeconds() == nil {
		restore("deletionGracePeriodSeconds")
	}
}

// splitStatus undoes what a request to this endpoint does not change: the status at the main
// one, everything but the status and the metadata at /status.
func splitStatus(res *resource, u *unstructured.Unstructured, old *record, subresource string) {
	from := old.edit().Object
	if subresource != "status" {
		delete(u.Object, "status")
		if status, ok := from["status"]; ok {
			u.Object["status"] = status
		}
		return
	}
	if status, ok := u.Object["status"]; ok {
		from["status"] = status
	} else {
		delete(from, "status")
	}
	if res.builtin != nil {
		from["metadata"] = u.Object["metadata"]
	}
	u.Object = from
}

// sameSpec compares everything but metadata and status.
func sameSpec(a, b map[string]any) bool {
	return equality.Semantic.DeepEqual(specOf(a), specOf(b))
}

func specOf(obj map[string]any) map[string]any {
	spec := maps.Clone(obj)
	delete(spec, "metadata")
	delete(spec, "status")
	return spec
}

// checkPreconditions compares what a delete expects with what there is.
func checkPreconditions(old *record, p *metav1.Preconditions) error {
	if p == nil {
		return nil
	}
	gr := schema.GroupResource{Group: old.res.Group, Resource: old.res.Kind} // the kind, indeed
	if p.UID != nil && *p.UID != old.GetUID() {
		return apierrors.NewConflict(gr, old.GetName(), fmt.Errorf("the UID in the precondition (%s) does not match "+
			"the UID in record (%s). The object might have been deleted and then recreated", *p.UID, old.GetUID()))
	}
	if p.ResourceVersion != nil && *p.ResourceVersion != old.GetResourceVersion() {
		return apierrors.NewConflict(gr, old.GetName(), fmt.Errorf("the ResourceVersion in the precondition (%s) does not match "+
			"the ResourceVersion in record (%s). The object might have been modified", *p.ResourceVersion, old.GetResourceVersion()))
	}
	return nil
}

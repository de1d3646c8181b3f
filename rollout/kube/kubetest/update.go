package kubetest

import (
	"errors"
	"fmt"
	"maps"

	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
)

// errModified is the wording by which people know a lost update.
var errModified = errors.New("the object has been modified; please apply your changes to the latest version and try again")

// modify stores a changed form of an object. The subresource is "" or "status". An update that
// changes nothing leaves the resource version as it is.
func (s *session) modify(old *record, u *unstructured.Unstructured, subresource string) (*record, error) {
	res := old.res
	if err := checkIdentity(old, u); err != nil {
		return nil, err
	}
	restoreMeta(u, old)
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
	return s.keep(old, &object{Unstructured: *u, times: old.times})
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

func checkIdentity(old *record, u *unstructured.Unstructured) error {
	gr := old.res.groupResource()
	if uid := u.GetUID(); uid != "" && uid != old.GetUID() {
		return apierrors.NewConflict(gr, old.GetName(), uidMismatch(uid, old.GetUID()))
	}
	if rv := u.GetResourceVersion(); rv != "" && rv != old.GetResourceVersion() {
		return apierrors.NewConflict(gr, old.GetName(), errModified)
	}
	return nil
}

func uidMismatch(want, have types.UID) error {
	//lint:ignore ST1005 the text of the real API server
	return fmt.Errorf("Precondition failed: UID in precondition: %v, UID in object meta: %v", want, have)
}

// restoreMeta sets the metadata that only the server changes.
func restoreMeta(u *unstructured.Unstructured, old *record) {
	u.SetGroupVersionKind(old.res.gvk())
	u.SetManagedFields(nil)
	meta, _, _ := unstructured.NestedFieldNoCopy(u.Object, "metadata")
	now, _ := meta.(map[string]any)
	was, _ := old.Object["metadata"].(map[string]any)
	for _, name := range []string{
		"uid", "resourceVersion", "generation", "generateName",
		"creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "selfLink",
	} {
		delete(now, name)
		if value, ok := was[name]; ok {
			now[name] = value
		}
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
	gr := old.res.groupResource()
	if p.UID != nil && *p.UID != old.GetUID() {
		return apierrors.NewConflict(gr, old.GetName(), uidMismatch(*p.UID, old.GetUID()))
	}
	if p.ResourceVersion != nil && *p.ResourceVersion != old.GetResourceVersion() {
		//lint:ignore ST1005 the text of the real API server
		return apierrors.NewConflict(gr, old.GetName(), fmt.Errorf(
			"Precondition failed: ResourceVersion in precondition: %v, ResourceVersion in object meta: %v",
			*p.ResourceVersion, old.GetResourceVersion()))
	}
	return nil
}

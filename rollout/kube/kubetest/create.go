package kubetest

import (
	"errors"
	"fmt"
	"slices"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/validation"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// create stores a new object. Whatever a client says about the fields that the server owns is
// overruled, as in rest.BeforeCreate.
func (s *session) create(res *resource, u *unstructured.Unstructured) (*record, error) {
	if u.GetResourceVersion() != "" {
		return nil, errors.New("resourceVersion should not be set on objects to be created")
	}
	if err := s.admit(res, u); err != nil {
		return nil, err
	}
	if res == s.catalog.pods && u.GetAnnotations()[failAnnotation] == failQuota {
		return nil, apierrors.NewForbidden(res.groupResource(), u.GetGenerateName()+u.GetName(),
			errors.New("exceeded quota: sim, requested: pods=1, used: pods=0, limited: pods=0"))
	}
	if err := s.identify(res, u); err != nil {
		return nil, err
	}
	if err := s.complete(res, u); err != nil {
		return nil, err
	}
	if err := res.validate(u, nil); err != nil {
		return nil, err
	}
	taken, err := s.find(res, u.GetNamespace(), u.GetName())
	if err != nil {
		return nil, err
	}
	if taken != nil {
		refusal := apierrors.NewAlreadyExists(res.groupResource(), u.GetName())
		if taken.GetDeletionTimestamp() != nil {
			refusal.ErrStatus.Message = "object is being deleted: " + refusal.ErrStatus.Message
		}
		return nil, refusal
	}
	return s.insert(res, &object{Unstructured: *u, times: times{Created: s.now}})
}

// admit refuses objects in a namespace that is not there or about to go.
func (s *session) admit(res *resource, u *unstructured.Unstructured) error {
	if res.ClusterScoped {
		return nil
	}
	namespace, name := u.GetNamespace(), u.GetName()
	if name == "" {
		name = u.GetGenerateName()
	}
	ns, err := s.get(s.catalog.namespaces, "", namespace)
	if err != nil {
		return err
	}
	if ns.GetDeletionTimestamp() == nil {
		return nil
	}
	why := fmt.Errorf("unable to create new content in namespace %s because it is being terminated", namespace)
	refusal := apierrors.NewForbidden(res.groupResource(), name, why)
	refusal.ErrStatus.Details.Causes = append(refusal.ErrStatus.Details.Causes, metav1.StatusCause{
		Type:    "NamespaceTerminating",
		Message: fmt.Sprintf("namespace %s is being terminated", namespace),
		Field:   "metadata.namespace",
	})
	return refusal
}

// identify sets the metadata by which the object is told apart.
func (s *session) identify(res *resource, u *unstructured.Unstructured) error {
	u.SetGroupVersionKind(res.gvk())
	unstructured.RemoveNestedField(u.Object, "metadata", "selfLink")
	unstructured.RemoveNestedField(u.Object, "metadata", "deletionTimestamp")
	unstructured.RemoveNestedField(u.Object, "metadata", "deletionGracePeriodSeconds")
	u.SetManagedFields(nil)
	if u.GetName() == "" && u.GetGenerateName() != "" {
		name, err := s.freeName(res, u.GetNamespace(), u.GetGenerateName())
		if err != nil {
			return err
		}
		u.SetName(name)
	}
	uid, err := s.newUID()
	if err != nil {
		return err
	}
	u.SetUID(uid)
	u.SetCreationTimestamp(apiTime(s.now))
	if res.counts() {
		u.SetGeneration(1)
	}
	return nil
}

// complete sets the defaults of a new object.
func (s *session) complete(res *resource, u *unstructured.Unstructured) error {
	if res.Status && res != s.catalog.nodes {
		unstructured.RemoveNestedField(u.Object, "status")
	}
	if err := res.canonical(u); err != nil {
		return err
	}
	if res == s.catalog.services {
		return s.allocate(u)
	}
	return nil
}

// allocate gives a Service its address.
func (s *session) allocate(u *unstructured.Unstructured) error {
	kind, _, _ := unstructured.NestedString(u.Object, "spec", "type")
	given, _, _ := unstructured.NestedString(u.Object, "spec", "clusterIP")
	if kind == "ExternalName" {
		return nil
	}
	if given == "" {
		n, err := s.next(keyAddresses)
		if err != nil {
			return err
		}
		given = address("10.96", n)
	}
	return errors.Join(
		unstructured.SetNestedField(u.Object, given, "spec", "clusterIP"),
		unstructured.SetNestedStringSlice(u.Object, []string{given}, "spec", "clusterIPs"),
		unstructured.SetNestedStringSlice(u.Object, []string{"IPv4"}, "spec", "ipFamilies"),
		unstructured.SetNestedField(u.Object, "SingleStack", "spec", "ipFamilyPolicy"))
}

// keepAddress gives a Service that names no address the one that it has.
func keepAddress(u *unstructured.Unstructured, old *record) error {
	kind, _, _ := unstructured.NestedString(u.Object, "spec", "type")
	given, _, _ := unstructured.NestedString(u.Object, "spec", "clusterIP")
	if kind == "ExternalName" || given != "" {
		return nil
	}
	for _, name := range []string{"clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"} {
		was, found, _ := unstructured.NestedFieldCopy(old.Object, "spec", name)
		if !found {
			continue
		}
		if err := unstructured.SetNestedField(u.Object, was, "spec", name); err != nil {
			return err
		}
	}
	return nil
}

// validate answers the API's Invalid error if the object must not be stored.
func (r *resource) validate(u *unstructured.Unstructured, old *record) error {
	errs := r.validateMeta(u, old)
	if r.builtin != nil && r.builtin.check != nil {
		typed, err := r.decode(u)
		if err != nil {
			return apierrors.NewBadRequest(err.Error())
		}
		if old == nil {
			errs = append(errs, r.builtin.check(typed, nil)...)
		} else if before, err := r.decode(&old.Unstructured); err == nil {
			errs = append(errs, r.builtin.check(typed, before)...)
		}
	}
	if r.Validate != nil {
		errs = append(errs, r.Validate(u, old.unstructured())...)
	}
	if len(errs) > 0 {
		return apierrors.NewInvalid(r.groupKind(), u.GetName(), once(errs))
	}
	return nil
}

// once drops errors that were found twice.
func once(errs field.ErrorList) field.ErrorList {
	seen := map[string]bool{}
	return slices.DeleteFunc(errs, func(err *field.Error) bool {
		text := err.Error()
		defer func() { seen[text] = true }()
		return seen[text]
	})
}

func (r *record) unstructured() *unstructured.Unstructured {
	if r == nil {
		return nil
	}
	return r.DeepCopy()
}

func (r *resource) validateMeta(u *unstructured.Unstructured, old *record) field.ErrorList {
	nameIs := validation.NameIsDNSSubdomain
	if r.builtin != nil && r.builtin.nameIs != nil {
		nameIs = r.builtin.nameIs
	}
	errs := validation.ValidateObjectMetaAccessor(u, !r.ClusterScoped, nameIs, metaPath)
	if r.builtin != nil {
		errs = append(errs, checkFinalizers(u.GetFinalizers())...)
	}
	if old != nil {
		errs = append(errs, validation.ValidateObjectMetaAccessorUpdate(u, old, metaPath)...)
	}
	return errs
}

package kubetest

import (
	"encoding/json"
	"net/http"

	autoscalingv1 "k8s.io/api/autoscaling/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	utiljson "k8s.io/apimachinery/pkg/util/json"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// serveScale serves the subresource scale, of group autoscaling/v1.
func (c *Cluster) serveScale(w http.ResponseWriter, r *request) error {
	var change patch
	var err error
	switch r.Method {
	case http.MethodGet:
	case http.MethodPut:
		change, err = r.replacement()
	case http.MethodPatch:
		change, err = r.patch(&autoscalingv1.Scale{})
	default:
		return errMethod()
	}
	if err != nil {
		return err
	}
	var scale *autoscalingv1.Scale
	if r.Method == http.MethodGet {
		err = c.view(func(s *session) (err error) {
			old, err := s.get(r.res, r.namespace, r.name)
			if err == nil {
				scale, err = scaleOf(old)
			}
			return err
		})
	} else {
		scale, err = c.rescale(r, change)
	}
	if err == nil {
		writeJSON(w, http.StatusOK, scale)
	}
	return err
}

var scaleKind = autoscalingv1.SchemeGroupVersion.WithKind("Scale")

// replacement reads the body of a PUT as the patch that replaces everything.
func (r *request) replacement() (patch, error) {
	data, err := r.jsonBody()
	if err != nil {
		return patch{}, err
	}
	u := &unstructured.Unstructured{}
	if err := decodeObject(data, scaleKind.Kind, &u.Object); err != nil {
		return patch{}, err
	}
	if err := fitKind(u, scaleKind); err != nil {
		return patch{}, err
	}
	if err := checkMetaShape(u.Object); err != nil {
		return patch{}, apierrors.NewBadRequest(err.Error())
	}
	return patch{apply: func(map[string]any) (map[string]any, error) { return u.Object, nil }}, r.fitName(u)
}

func (c *Cluster) rescale(r *request, change patch) (scale *autoscalingv1.Scale, err error) {
	err = c.update(r.dryRun, func(s *session) error {
		old, err := s.get(r.res, r.namespace, r.name)
		if err != nil {
			return err
		}
		wanted, err := changeScale(old, change)
		if err != nil {
			return err
		}
		kept, err := s.resize(old, wanted)
		if err == nil {
			scale, err = scaleOf(kept)
		}
		return err
	})
	return scale, err
}

func changeScale(old *record, change patch) (*autoscalingv1.Scale, error) {
	scale, err := scaleOf(old)
	if err != nil {
		return nil, err
	}
	obj, err := runtime.DefaultUnstructuredConverter.ToUnstructured(scale)
	if err != nil {
		return nil, err
	}
	if obj, err = change.apply(obj); err != nil {
		return nil, err
	}
	data, err := json.Marshal(obj)
	if err != nil {
		return nil, err
	}
	wanted := &autoscalingv1.Scale{}
	if err := utiljson.Unmarshal(data, wanted); err != nil {
		return nil, errPatch(obj, change, err)
	}
	if wanted.Spec.Replicas < 0 {
		return nil, errNegativeScale(old, wanted.Spec.Replicas)
	}
	return wanted, nil
}

// errNegativeScale is worded differently for kinds that are not Kubernetes' own.
func errNegativeScale(old *record, replicas int32) error {
	if old.res.builtin == nil {
		return apierrors.NewInvalid(old.res.groupKind(), old.GetName(), field.ErrorList{
			field.Invalid(field.NewPath(".spec.replicas"), replicas, "should be a non-negative integer"),
		})
	}
	return apierrors.NewInvalid(scaleKind.GroupKind(), old.GetName(), field.ErrorList{
		field.Invalid(specPath.Child("replicas"), replicas, "must be greater than or equal to 0"),
	})
}

// resize stores the size that a Scale asks for, if it was made from the present object.
func (s *session) resize(old *record, scale *autoscalingv1.Scale) (*record, error) {
	u := old.edit().Unstructured
	if scale.ResourceVersion != "" {
		u.SetResourceVersion(scale.ResourceVersion)
	}
	if scale.UID != "" {
		u.SetUID(scale.UID)
	}
	if err := checkUID(old, &u); err != nil {
		return nil, err
	}
	if err := unstructured.SetNestedField(u.Object, int64(scale.Spec.Replicas), "spec", "replicas"); err != nil {
		return nil, err
	}
	return s.modify(old, &u, "")
}

func scaleOf(r *record) (*autoscalingv1.Scale, error) {
	spec, _, err := unstructured.NestedInt64(r.Object, "spec", "replicas")
	if err != nil {
		return nil, err
	}
	status, _, err := unstructured.NestedInt64(r.Object, "status", "replicas")
	if err != nil {
		return nil, err
	}
	selector, err := selectorText(r)
	return &autoscalingv1.Scale{
		TypeMeta: metav1.TypeMeta{Kind: "Scale", APIVersion: autoscalingv1.SchemeGroupVersion.String()},
		ObjectMeta: metav1.ObjectMeta{
			Name: r.GetName(), Namespace: r.GetNamespace(), UID: r.GetUID(),
			ResourceVersion: r.GetResourceVersion(), CreationTimestamp: r.GetCreationTimestamp(),
		},
		Spec:   autoscalingv1.ScaleSpec{Replicas: int32(spec)},
		Status: autoscalingv1.ScaleStatus{Replicas: int32(status), Selector: selector},
	}, err
}

// selectorText answers the selector of the object's pods as text.
func selectorText(r *record) (string, error) {
	if r.res.builtin == nil {
		text, _, err := unstructured.NestedString(r.Object, "status", "selector")
		return text, err
	}
	selector, _, err := unstructured.NestedMap(r.Object, "spec", "selector")
	if err != nil {
		return "", err
	}
	if r.res.Group == "" { // a ReplicationController's is a plain map
		set, _, err := unstructured.NestedStringMap(r.Object, "spec", "selector")
		return labels.FormatLabels(set), err
	}
	data, err := json.Marshal(selector)
	if err != nil {
		return "", err
	}
	var typed metav1.LabelSelector
	if err := json.Unmarshal(data, &typed); err != nil {
		return "", err
	}
	return metav1.FormatLabelSelector(&typed), nil
}

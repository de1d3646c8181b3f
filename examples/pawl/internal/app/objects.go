package app

import (
	"context"
	"encoding/json"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/util/retry"

	"github.com/gopawl/pawl/rollout/kube"
)

// kinds are what a manifest may hold beside Deployments.
var kinds = map[string]struct {
	resource   string
	namespaced bool
	like       any
}{
	"Namespace": {"namespaces", false, corev1.Namespace{}},
	"ConfigMap": {"configmaps", true, corev1.ConfigMap{}},
	"Secret":    {"secrets", true, corev1.Secret{}},
	"Service":   {"services", true, corev1.Service{}},
}

// resourceOf is where objects of the kind and namespace are, and the type by which they are merged.
func resourceOf(client dynamic.Interface, u *unstructured.Unstructured) (api dynamic.ResourceInterface, like any, err error) {
	kind, ok := kinds[u.GetKind()]
	if !ok {
		return nil, nil, fmt.Errorf("kind %q cannot be applied", u.GetKind())
	}
	all := client.Resource(schema.GroupVersionResource{Version: "v1", Resource: kind.resource})
	if kind.namespaced {
		return all.Namespace(u.GetNamespace()), kind.like, nil
	}
	return all, kind.like, nil
}

// LiveObject is an object of a manifest as it is there now; nil if it is not.
func LiveObject(ctx context.Context, client dynamic.Interface, asked *unstructured.Unstructured) (*unstructured.Unstructured, error) {
	api, _, err := resourceOf(client, asked)
	if err != nil {
		return nil, err
	}
	live, err := api.Get(ctx, asked.GetName(), metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	return live, err
}

// ApplyObject applies an object as kubectl does: three-way, against the annotation in which the
// object keeps what was applied last.
func ApplyObject(ctx context.Context, client dynamic.Interface, asked *unstructured.Unstructured, dryRun bool) (*unstructured.Unstructured, Outcome, error) {
	api, like, err := resourceOf(client, asked)
	if err != nil {
		return nil, "", err
	}
	asked, err = remembering(asked)
	if err != nil {
		return nil, "", err
	}
	var outcome Outcome
	var now *unstructured.Unstructured
	err = retry.RetryOnConflict(retry.DefaultRetry, func() (err error) {
		now, outcome, err = applyOnce(ctx, api, asked, like, dryRun)
		return err
	})
	return now, outcome, err
}

func applyOnce(ctx context.Context, api dynamic.ResourceInterface, asked *unstructured.Unstructured, like any, dryRun bool) (*unstructured.Unstructured, Outcome, error) {
	current, err := api.Get(ctx, asked.GetName(), metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		now, err := api.Create(ctx, asked, metav1.CreateOptions{DryRun: dry(dryRun), FieldManager: kube.DefaultFieldManager})
		return now, Created, err
	}
	if err != nil {
		return nil, "", err
	}
	applied, err := parse(current.GetAnnotations()[corev1.LastAppliedConfigAnnotation])
	if err != nil { // never applied, or by somebody who kept no record
		applied = &unstructured.Unstructured{Object: map[string]any{}}
	}
	wanted, err := threeWay(applied, asked, current, like)
	if err != nil {
		return nil, "", err
	}
	if same(wanted, current) {
		return current, Unchanged, nil
	}
	now, err := api.Update(ctx, wanted, metav1.UpdateOptions{DryRun: dry(dryRun), FieldManager: kube.DefaultFieldManager})
	if err == nil && same(asWritten(now), asWritten(current)) {
		return now, Unchanged, nil
	}
	return now, Configured, err
}

// asWritten is the object without what the API server notes about writes. What it does not store
// as it was asked (a status, stringData of a Secret) makes a write that changes nothing.
func asWritten(u *unstructured.Unstructured) *unstructured.Unstructured {
	u = u.DeepCopy()
	u.SetResourceVersion("")
	u.SetManagedFields(nil)
	u.SetGeneration(0)
	return u
}

// remembering is the object with itself in kubectl's annotation.
func remembering(asked *unstructured.Unstructured) (*unstructured.Unstructured, error) {
	text, err := json.Marshal(asked.Object)
	if err != nil {
		return nil, err
	}
	asked = asked.DeepCopy()
	annotations := asked.GetAnnotations()
	if annotations == nil {
		annotations = map[string]string{}
	}
	annotations[corev1.LastAppliedConfigAnnotation] = string(text)
	asked.SetAnnotations(annotations)
	return asked, nil
}

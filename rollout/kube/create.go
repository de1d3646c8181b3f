package kube

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"strconv"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/rest"

	"github.com/gopawl/pawl/hashing"
	"github.com/gopawl/pawl/rollout"
)

// maxCollisions bounds the search for a free name. With labels of 50 bits one collision is
// already a sign of somebody's intent.
const maxCollisions = 16

// create makes the ReplicaSet of the wanted template under the first deterministic name that is
// free. A name that our own ReplicaSet of this template has is the answer to an earlier call.
func (w *Workload) create(ctx context.Context, a rollout.Create) error {
	if a.Template != w.identity {
		return fmt.Errorf("template %s is no longer wanted: %w", a.Template, rollout.ErrConflict)
	}
	for collision := range maxCollisions {
		label := hashing.Label(w.identity, collision)
		name := hashing.Name(w.target.name(), label)
		taken, err := w.createAs(ctx, name, label, a)
		if !taken {
			return err
		}
	}
	return &RefusedError{Unknown, fmt.Sprintf("create replica set of %q", w.target.name()), fmt.Errorf("others have the %d names tried", maxCollisions)}
}

// createAs tries one name, and reports whether something else has it.
func (w *Workload) createAs(ctx context.Context, name, label string, a rollout.Create) (taken bool, err error) {
	body, err := json.Marshal(w.body(name, label, a.Replicas, a.Basis))
	if err != nil {
		return false, err
	}
	rs := &appsv1.ReplicaSet{}
	if err = w.post(body).Do(ctx).Into(rs); err == nil {
		w.wrote(rs)
		w.created = rs.Name
		if a.Replicas > 0 {
			w.scaled(rs.Name, 0, a.Replicas)
		}
		return false, nil
	}
	action := fmt.Sprintf("create replica set %q", name)
	if !apierrors.IsAlreadyExists(err) {
		return false, w.createFailed(ctx, name, err)
	}
	there, getErr := w.client.API.AppsV1().ReplicaSets(w.target.Owner.Namespace).Get(ctx, name, metav1.GetOptions{})
	if getErr != nil {
		return false, classify(ctx, action, getErr)
	}
	going := there.DeletionTimestamp != nil && size(there) == 0
	matches := w.selector.Matches(labels.Set(there.Labels))
	if there.Annotations[w.keys.template] != w.identity || !matches || !w.ours(there) && !w.adoptable(there) || going {
		return true, nil
	}
	w.client.fence.wrote(w.target.Owner.UID, there)
	return false, classify(ctx, action, err)
}

// createFailed records the Deployment controller's event, which says nothing about a namespace on
// its way out either.
func (w *Workload) createFailed(ctx context.Context, name string, err error) error {
	action := fmt.Sprintf("create replica set %q", name)
	if apierrors.IsNotFound(err) {
		return &RefusedError{NamespaceTerminating, action, err} // it has ended already
	}
	classified := classify(ctx, action, err)
	if ctx.Err() == nil && !apierrors.HasStatusCause(err, corev1.NamespaceTerminatingCause) {
		w.event(corev1.EventTypeWarning, "ReplicaSetCreateError", "Failed to create new replica set %q: %v", name, err)
	}
	return classified
}

// post prepares the creation of a ReplicaSet from JSON, so that fields which this version does not
// know arrive.
func (w *Workload) post(body []byte) *rest.Request {
	return w.client.API.AppsV1().RESTClient().Post().
		Namespace(w.target.Owner.Namespace).Resource("replicasets").
		Param("fieldManager", w.client.manager()).
		SetHeader("Content-Type", "application/json").SetHeader("Accept", "application/json").
		Body(body)
}

// body is the JSON form of a new ReplicaSet. Its labels are the template's and the hash label;
// its selector is the owner's and the hash label.
func (w *Workload) body(name, label string, replicas int32, b rollout.Basis) map[string]any {
	set := templateLabels(w.template)
	set[HashLabel] = label
	template := maps.Clone(w.template)
	setLabels(template, set)

	selector := w.target.Selector.DeepCopy()
	if selector.MatchLabels == nil {
		selector.MatchLabels = map[string]string{}
	}
	selector.MatchLabels[HashLabel] = label

	annotations := w.wantedAnnotations()
	if annotations == nil {
		annotations = map[string]string{}
	}
	if copied := copiedKeys(annotations); copied != "" {
		annotations[w.keys.copied] = copied
	}
	annotations[RevisionKey] = strconv.FormatInt(w.next(), 10)
	annotations[DesiredKey] = strconv.Itoa(int(b.Desired))
	annotations[MaxKey] = strconv.Itoa(int(b.Max))
	annotations[w.keys.template] = w.identity
	annotations[w.keys.scaled] = timestamp()

	return map[string]any{
		"apiVersion": "apps/v1",
		"kind":       "ReplicaSet",
		"metadata": map[string]any{
			"name": name, "namespace": w.target.Owner.Namespace, "labels": set,
			"annotations": annotations, "ownerReferences": []any{w.target.Owner.ref()},
		},
		"spec": map[string]any{
			"replicas": replicas, "minReadySeconds": w.target.MinReadySeconds,
			"selector": selector, "template": template,
		},
	}
}

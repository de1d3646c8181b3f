package kube

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"

	"github.com/gopawl/pawl/hashing"
	"github.com/gopawl/pawl/rollout"
)

// Target is what is wanted of the ReplicaSets of one owner. A controller fills it from its
// custom resource at every reconcile.
type Target struct {
	// Owner will control the ReplicaSets.
	Owner Owner
	// Name begins the names of ReplicaSets; "" is the owner's.
	Name string
	// Selector selects the pods of all revisions. It must not be empty and must select the
	// template's labels.
	Selector *metav1.LabelSelector
	// Template is the wanted pod template: a corev1.PodTemplateSpec, a pointer to one, or its
	// JSON form as a map[string]any, in which fields that this version does not know survive. An
	// owner uses one form for good: the identities of the two need not agree.
	Template any
	// Replicas is how many replicas are wanted.
	Replicas int32
	// MinReadySeconds is how long a pod must be ready before it counts as available. It may be
	// changed without a new revision.
	MinReadySeconds int32
	// Paused holds every size where it is.
	Paused bool
	// Annotations are the owner's, copied to the new ReplicaSet as the Deployment controller
	// does, kubernetes.io/change-cause among them. A key that goes from the owner goes from the
	// ReplicaSet as well. So leave out a change-cause that is not of this template: its revision
	// would inherit it.
	Annotations map[string]string
	// Number is the highest revision number that the owner remembers; 0 where it keeps none. It
	// keeps numbers from being used again after somebody deleted the newest ReplicaSet.
	Number int64
	// Routes are the Services that follow a revision. They and their EndpointSlices are read live at
	// every look: a switch must see the last one, and by endpoints old pods go, so neither may come
	// from a cache that lags.
	Routes []Route
	// Rejected are the templates that were given up, by their identity: what Reject kept last. Where
	// it lags behind that, a rejected template gets another try until it no longer does.
	Rejected map[string]rollout.Rejection
	// Reject, if set, keeps the templates that were given up with the owner, all of them: they are
	// what Rejected is to be from now on. [EncodeRejections] makes one annotation of them. A write
	// that is conditional on the owner as it was read does not undo somebody's retry. Nil makes
	// [rollout.Reject] unsupported.
	Reject func(context.Context, map[string]rollout.Rejection) error
	// Last is the outcome of the previous reconcile, as far as the owner kept it.
	Last rollout.Status
	// Save, if set, keeps an outcome that says something new.
	Save func(context.Context, rollout.Status) error
}

// Owner is the object that controls the ReplicaSets.
type Owner struct {
	APIVersion, Kind string
	Namespace, Name  string
	UID              types.UID
	// Deleting says that the owner is on its way out: nothing is adopted or released any more.
	Deleting bool
	// Live reads the owner past every cache. It is asked before an orphan is adopted, so that a
	// stale cache takes nothing for an owner that is gone. Nil adopts no orphans.
	Live func(context.Context) (metav1.Object, error)
}

// OwnerOf makes an Owner of an object of a kind. The kind is passed apart because typed objects
// that come from a client leave theirs empty.
func OwnerOf(o metav1.Object, kind schema.GroupVersionKind) Owner {
	return Owner{
		APIVersion: kind.GroupVersion().String(), Kind: kind.Kind,
		Namespace: o.GetNamespace(), Name: o.GetName(), UID: o.GetUID(),
		Deleting: o.GetDeletionTimestamp() != nil,
	}
}

func (t Target) name() string {
	if t.Name == "" {
		return t.Owner.Name
	}
	return t.Name
}

func (o Owner) ref() metav1.OwnerReference {
	yes := true
	return metav1.OwnerReference{APIVersion: o.APIVersion, Kind: o.Kind, Name: o.Name, UID: o.UID, Controller: &yes, BlockOwnerDeletion: &yes}
}

func (o Owner) object() *corev1.ObjectReference {
	return &corev1.ObjectReference{APIVersion: o.APIVersion, Kind: o.Kind, Namespace: o.Namespace, Name: o.Name, UID: o.UID}
}

// check returns the selector and the template in its JSON form, without our label, or an
// [*rollout.InvalidError].
func (t Target) check() (labels.Selector, map[string]any, error) {
	if t.Owner.UID == "" || t.Owner.Name == "" || t.Owner.Kind == "" || t.Owner.APIVersion == "" {
		return nil, nil, &rollout.InvalidError{Path: "owner", Value: fmt.Sprintf("%+v", *t.Owner.object()), Allowed: "given with apiVersion, kind, name and uid"}
	}
	if t.Owner.Namespace == "" {
		return nil, nil, &rollout.InvalidError{Path: "owner.namespace", Value: `""`, Allowed: "given: an owner outside all namespaces has no replica sets"}
	}
	if t.Replicas < 0 {
		return nil, nil, &rollout.InvalidError{Path: "replicas", Value: t.Replicas, Allowed: "0 or more"}
	}
	if t.MinReadySeconds < 0 {
		return nil, nil, &rollout.InvalidError{Path: "minReadySeconds", Value: t.MinReadySeconds, Allowed: "0 or more"}
	}
	if t.Number < 0 || t.Number > maxNumber {
		return nil, nil, &rollout.InvalidError{Path: "number", Value: t.Number, Allowed: "a revision number"}
	}
	if t.Selector == nil {
		return nil, nil, &rollout.InvalidError{Path: "selector", Value: "<nil>", Allowed: "given"}
	}
	selector, err := metav1.LabelSelectorAsSelector(t.Selector)
	if err != nil {
		return nil, nil, &rollout.InvalidError{Path: "selector", Value: metav1.FormatLabelSelector(t.Selector), Allowed: "a valid label selector: " + err.Error()}
	}
	if selector.Empty() {
		return nil, nil, &rollout.InvalidError{Path: "selector", Value: "{}", Allowed: "given: an empty selector would select every pod of the namespace"}
	}
	template, err := jsonForm(t.Template)
	if err != nil {
		return nil, nil, &rollout.InvalidError{Path: "template", Value: fmt.Sprintf("%T", t.Template), Allowed: "a pod template: " + err.Error()}
	}
	if template == nil {
		return nil, nil, &rollout.InvalidError{Path: "template", Value: "<nil>", Allowed: "given"}
	}
	if have := templateLabels(template); !selector.Matches(labels.Set(have)) {
		return nil, nil, &rollout.InvalidError{Path: "template.metadata.labels", Value: labels.Set(have), Allowed: "selected by " + selector.String()}
	}
	return selector, template, checkRoutes(t.Routes, template)
}

// jsonForm returns a deep copy of a template in its JSON form; nil is none.
func jsonForm(template any) (map[string]any, error) {
	data, err := json.Marshal(template)
	if err != nil {
		return nil, err
	}
	var form map[string]any
	if err := decode(data, &form); err != nil {
		return nil, err
	}
	if form == nil {
		return nil, nil
	}
	if set := templateLabels(form); set[HashLabel] != "" {
		delete(set, HashLabel)
		setLabels(form, set)
	}
	return form, nil
}

// templateLabels returns a copy of the labels in a template's JSON form.
func templateLabels(template map[string]any) map[string]string {
	set := map[string]string{}
	meta, _ := template["metadata"].(map[string]any)
	given, _ := meta["labels"].(map[string]any)
	for k, v := range given {
		if text, ok := v.(string); ok {
			set[k] = text
		}
	}
	return set
}

// setLabels replaces the labels of a template; the metadata above them is copied.
func setLabels(template map[string]any, set map[string]string) {
	meta, _ := template["metadata"].(map[string]any)
	if meta = maps.Clone(meta); meta == nil {
		meta = map[string]any{}
	}
	given := make(map[string]any, len(set))
	for k, v := range set {
		given[k] = v
	}
	meta["labels"] = given
	template["metadata"] = meta
}

// identity is the wanted template's.
func (t Target) identity() (string, error) {
	id, err := hashing.Template(t.Template)
	if err != nil {
		return "", &rollout.InvalidError{Path: "template", Value: fmt.Sprintf("%T", t.Template), Allowed: "a pod template: " + err.Error()}
	}
	return id, nil
}

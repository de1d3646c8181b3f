package kube

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"

	"github.com/gopawl/pawl/rollout"
)

// point switches a route to the revision of a template: the selector and the time, in one write.
func (w *Workload) point(ctx context.Context, a rollout.Switch) error {
	at := slices.IndexFunc(w.target.Routes, func(r Route) bool { return r.Service == a.Route })
	if at < 0 {
		return &rollout.InvalidError{Path: "route", Value: fmt.Sprintf("%q", a.Route), Allowed: "one of the target's routes"}
	}
	if a.To == "" {
		return &rollout.InvalidError{Path: "to", Value: `""`, Allowed: "the identity of a template: a route is not unpinned"}
	}
	svc, seen := w.routes[a.Route]
	rs, exists := w.setOf(a.To)
	if !seen || !exists {
		return fmt.Errorf("service %q or a replica set of template %s was not there when last observed: %w", a.Route, a.To, rollout.ErrConflict)
	}
	return w.selectPods(ctx, w.target.Routes[at], svc, rs)
}

// setOf is the ReplicaSet of a template. Of several it is one that has replicas, and then the newest.
func (w *Workload) setOf(template string) (found *appsv1.ReplicaSet, ok bool) {
	sized := func(rs *appsv1.ReplicaSet) bool { return size(rs) > 0 || rs.Status.Replicas > 0 }
	for _, name := range slices.Sorted(maps.Keys(w.seen)) {
		rs := w.seen[name]
		if w.identityOf(rs) != template {
			continue
		}
		if !ok || sized(rs) && !sized(found) || sized(rs) == sized(found) && number(rs) >= number(found) {
			found, ok = rs, true
		}
	}
	return found, ok
}

// selectPods makes a Service select the pods of one ReplicaSet, if it is still the one that was
// observed and its selector is, too.
func (w *Workload) selectPods(ctx context.Context, r Route, svc *corev1.Service, rs *appsv1.ReplicaSet) error {
	have := rs.Spec.Template.Labels
	selector, value := maps.Clone(svc.Spec.Selector), have[r.key()]
	selector[r.key()] = value
	if value == "" || !labels.SelectorFromSet(selector).Matches(labels.Set(have)) {
		return r.invalid("service", fmt.Sprintf("with selector %s", labels.Set(svc.Spec.Selector)),
			fmt.Sprintf("one that can select the pods of replica set %q by %s: they have the labels %s", rs.Name, r.key(), labels.Set(have)))
	}
	ops := []op{{"test", "/metadata/uid", svc.UID}, {"test", "/spec/selector", svc.Spec.Selector}}
	if svc.Annotations == nil {
		ops = append(ops, op{"test", "/metadata/annotations", json.RawMessage("null")}, op{"add", "/metadata/annotations", map[string]string{}})
	}
	ops = append(ops, op{"add", "/spec/selector/" + escaped(r.key()), value}, set(w.keys.switched, value+" "+timestamp()))
	patch, err := json.Marshal(ops)
	if err != nil {
		return err
	}
	now, err := w.client.API.CoreV1().Services(svc.Namespace).Patch(ctx, svc.Name, types.JSONPatchType, patch, metav1.PatchOptions{FieldManager: w.client.manager()})
	if err != nil {
		return classify(ctx, fmt.Sprintf("switch service %q to %s=%s", svc.Name, r.key(), value), w.switchRefused(ctx, svc, err))
	}
	w.routes[svc.Name] = now
	w.event(corev1.EventTypeNormal, "SwitchService", "Switched selector for service '%s' from '%s' to '%s'", svc.Name, svc.Spec.Selector[r.key()], value)
	return nil
}

// switchRefused tells a test that failed from a result that is not valid, as refused does.
func (w *Workload) switchRefused(ctx context.Context, svc *corev1.Service, err error) error {
	if !apierrors.IsInvalid(err) {
		return err
	}
	live, getErr := w.client.API.CoreV1().Services(svc.Namespace).Get(ctx, svc.Name, metav1.GetOptions{})
	if getErr != nil {
		return getErr
	}
	if live.UID == svc.UID && maps.Equal(live.Spec.Selector, svc.Spec.Selector) && (live.Annotations == nil) == (svc.Annotations == nil) {
		return err
	}
	return rollout.ErrConflict
}

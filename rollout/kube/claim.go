package kube

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"

	"github.com/gopawl/pawl/rollout"
)

// Claim adopts orphans that the selector matches and releases ReplicaSets that it no longer
// matches; what another owner controls is never touched (Kubernetes: ReplicaSetControllerRefManager).
// It refuses to begin beside another workload whose selector overlaps: [SelectorOverlaps]. Before it
// writes it makes sure of the Services of the routes.
func (w *Workload) Claim(ctx context.Context) error {
	sets, err := w.client.replicaSets(ctx, w.target.Owner.UID, w.target.Owner.Namespace)
	if err != nil {
		return classify(ctx, "list replica sets", err)
	}
	if err := w.alone(sets); err != nil {
		return err
	}
	sets = slices.DeleteFunc(sets, func(rs *appsv1.ReplicaSet) bool { return !w.released(rs) && !w.orphan(rs) })
	if len(sets) == 0 {
		return nil
	}
	if _, err := w.services(ctx); err != nil {
		return err
	}
	if slices.ContainsFunc(sets, w.orphan) {
		if err := w.checkOwner(ctx); err != nil {
			return err
		}
	}
	for _, rs := range sets {
		do := w.release
		if w.orphan(rs) {
			do = w.adopt
		}
		if err := do(ctx, rs); err != nil {
			return err
		}
	}
	return nil
}

// released reports whether a ReplicaSet is ours and is to be so no longer.
func (w *Workload) released(rs *appsv1.ReplicaSet) bool {
	return w.ours(rs) && !w.selector.Matches(labels.Set(rs.Labels)) && !w.target.Owner.Deleting
}

// orphan reports whether a ReplicaSet is to be ours.
func (w *Workload) orphan(rs *appsv1.ReplicaSet) bool {
	return w.selector.Matches(labels.Set(rs.Labels)) && w.adoptable(rs)
}

// adoptable reports whether nobody controls a ReplicaSet and nothing is on its way out.
func (w *Workload) adoptable(rs *appsv1.ReplicaSet) bool {
	return metav1.GetControllerOf(rs) == nil && rs.DeletionTimestamp == nil && !w.target.Owner.Deleting && w.target.Owner.Live != nil
}

// checkOwner makes sure that the owner still exists, past every cache.
func (w *Workload) checkOwner(ctx context.Context) error {
	o := w.target.Owner
	live, err := o.Live(ctx)
	switch {
	case apierrors.IsNotFound(err):
		return &RefusedError{OwnerGone, "adopt replica sets", err}
	case err != nil:
		return classify(ctx, fmt.Sprintf("read %s %q before adopting", o.Kind, o.Name), err)
	case live.GetUID() != o.UID || live.GetDeletionTimestamp() != nil:
		return &RefusedError{OwnerGone, "adopt replica sets", fmt.Errorf("%s %q is gone or being deleted", o.Kind, o.Name)}
	}
	return nil
}

// adopt takes a ReplicaSet that nobody controls.
func (w *Workload) adopt(ctx context.Context, rs *appsv1.ReplicaSet) error {
	return w.patchOwner(ctx, rs, "adopt", w.target.Owner.ref())
}

// release gives up a ReplicaSet. One that is gone needs no release.
func (w *Workload) release(ctx context.Context, rs *appsv1.ReplicaSet) error {
	err := w.patchOwner(ctx, rs, "release", map[string]any{"$patch": "delete", "uid": w.target.Owner.UID})
	if err != nil && apierrors.IsNotFound(err) {
		return nil
	}
	return err
}

// patchOwner is a strategic merge patch: owner references are merged by uid, and the uid in the
// metadata makes it conditional. Where somebody else was faster, another ReplicaSet has the name or
// this one another controller; the API server calls the result invalid then, as it would any other.
func (w *Workload) patchOwner(ctx context.Context, rs *appsv1.ReplicaSet, verb string, ref any) error {
	patch, err := json.Marshal(map[string]any{"metadata": map[string]any{"uid": rs.UID, "ownerReferences": []any{ref}}})
	if err != nil {
		return err
	}
	now, err := w.client.API.AppsV1().ReplicaSets(rs.Namespace).Patch(ctx, rs.Name, types.StrategicMergePatchType, patch, metav1.PatchOptions{FieldManager: w.client.manager()})
	if err == nil {
		w.client.fence.wrote(w.target.Owner.UID, now)
		return nil
	}
	what := fmt.Sprintf("%s replica set %q", verb, rs.Name)
	if !apierrors.IsInvalid(err) {
		return classify(ctx, what, err)
	}
	live, getErr := w.client.API.AppsV1().ReplicaSets(rs.Namespace).Get(ctx, rs.Name, metav1.GetOptions{})
	if getErr != nil {
		return classify(ctx, what, getErr)
	}
	if live.UID != rs.UID || !reflect.DeepEqual(metav1.GetControllerOf(live), metav1.GetControllerOf(rs)) {
		return fmt.Errorf("%w: %w", rollout.ErrConflict, err)
	}
	return classify(ctx, what, err)
}

package kube

import (
	"context"
	"fmt"
	"strconv"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gopawl/pawl/history"
	"github.com/gopawl/pawl/rollout"
)

// Apply carries out one action on what the last Observe saw: those of package rollout. Switch needs
// Target.Routes and Reject needs Target.Reject, or they are [rollout.ErrUnsupported] as any other is.
func (w *Workload) Apply(ctx context.Context, a rollout.Action) error {
	switch a := a.(type) {
	case rollout.Create:
		return w.create(ctx, a)
	case rollout.Adopt:
		return w.onSeen(a.Name, func(rs *appsv1.ReplicaSet) error { return w.makeNewest(ctx, rs) })
	case rollout.Scale:
		return w.onSeen(a.Name, func(rs *appsv1.ReplicaSet) error { return w.scale(ctx, rs, a) })
	case rollout.Settle:
		return w.onSeen(a.Name, func(rs *appsv1.ReplicaSet) error { return w.settle(ctx, rs) })
	case rollout.Delete:
		return w.onSeen(a.Name, func(rs *appsv1.ReplicaSet) error { return w.delete(ctx, rs) })
	case rollout.Switch:
		if len(w.target.Routes) > 0 {
			return w.point(ctx, a)
		}
	case rollout.Reject:
		if w.target.Reject != nil {
			return w.reject(ctx, a)
		}
	}
	return fmt.Errorf("%v: %w", a, rollout.ErrUnsupported)
}

func (w *Workload) onSeen(name string, do func(*appsv1.ReplicaSet) error) error {
	rs, ok := w.seen[name]
	switch {
	case !ok:
		return fmt.Errorf("replica set %q was not there when last observed: %w", name, rollout.ErrConflict)
	case !w.ours(rs):
		return fmt.Errorf("replica set %q is not adopted yet: %w", name, rollout.ErrConflict)
	}
	return do(rs)
}

// scale writes the size and what is stamped with it in one patch.
func (w *Workload) scale(ctx context.Context, rs *appsv1.ReplicaSet, a rollout.Scale) error {
	if size(rs) != a.From {
		return fmt.Errorf("replica set %q has %d replicas, not %d: %w", rs.Name, size(rs), a.From, rollout.ErrConflict)
	}
	ops := stamps(a.Basis)
	if a.From != a.To {
		ops = append(ops, op{"replace", "/spec/replicas", a.To}, set(w.keys.scaled, timestamp()))
	}
	if w.isNew(rs) {
		ops = append(ops, w.refresh(rs)...)
	}
	if err := w.patch(ctx, rs, fmt.Sprintf("scale replica set %q from %d to %d", rs.Name, a.From, a.To), ops); err != nil {
		return err
	}
	w.scaled(rs.Name, a.From, a.To)
	return nil
}

func stamps(b rollout.Basis) []op {
	return []op{set(DesiredKey, strconv.Itoa(int(b.Desired))), set(MaxKey, strconv.Itoa(int(b.Max)))}
}

func timestamp() string { return time.Now().UTC().Format(time.RFC3339Nano) }

// makeNewest gives a ReplicaSet the next revision number, and keeps the one it had in its history.
// It is not settled until a rollout to it completes again. One that is not wanted, to which a rejected
// rollout goes back, keeps its metadata.
func (w *Workload) makeNewest(ctx context.Context, rs *appsv1.ReplicaSet) error {
	next := w.next()
	ops := []op{set(RevisionKey, strconv.FormatInt(next, 10))}
	if had := number(rs); had > 0 {
		ops = append(ops, set(RevisionHistoryKey, history.AppendPast(rs.Annotations[RevisionHistoryKey], had)))
	}
	if _, ok := rs.Annotations[w.keys.settled]; ok {
		ops = append(ops, remove(w.keys.settled))
	}
	if w.isNew(rs) {
		ops = append(ops, w.refresh(rs)...)
	}
	return w.patch(ctx, rs, fmt.Sprintf("make replica set %q revision %d", rs.Name, next), ops)
}

// next is the number of the next revision.
func (w *Workload) next() int64 {
	numbers := make([]rollout.Revision, 0, len(w.seen))
	for _, rs := range w.seen {
		numbers = append(numbers, rollout.Revision{Number: number(rs)})
	}
	return history.Next(numbers, w.target.Number)
}

func (w *Workload) settle(ctx context.Context, rs *appsv1.ReplicaSet) error {
	return w.patch(ctx, rs, fmt.Sprintf("settle replica set %q", rs.Name), []op{set(w.keys.settled, timestamp())})
}

// delete removes a ReplicaSet that is as it was observed: empty.
func (w *Workload) delete(ctx context.Context, rs *appsv1.ReplicaSet) error {
	if size(rs) != 0 || rs.Status.Replicas != 0 {
		return fmt.Errorf("replica set %q is not empty: %w", rs.Name, rollout.ErrConflict)
	}
	background := metav1.DeletePropagationBackground
	err := w.client.API.AppsV1().ReplicaSets(rs.Namespace).Delete(ctx, rs.Name, metav1.DeleteOptions{
		Preconditions:     &metav1.Preconditions{UID: &rs.UID, ResourceVersion: &rs.ResourceVersion},
		PropagationPolicy: &background,
	})
	if err != nil {
		return classify(ctx, fmt.Sprintf("delete replica set %q", rs.Name), err)
	}
	w.client.fence.deleted(w.target.Owner.UID, rs.UID)
	delete(w.seen, rs.Name)
	return nil
}

// scaled records the Deployment controller's event for a change of size.
func (w *Workload) scaled(name string, from, to int32) {
	direction := "up"
	if to < from {
		direction = "down"
	}
	if from != to {
		w.event(corev1.EventTypeNormal, "ScalingReplicaSet", "Scaled %s replica set %s from %d to %d", direction, name, from, to)
	}
}

func (w *Workload) event(kind, reason, format string, args ...any) {
	if w.client.Events != nil {
		w.client.Events.Eventf(w.target.Owner.object(), kind, reason, format, args...)
	}
}

package kube

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strconv"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"

	"github.com/gopawl/pawl/rollout"
)

// Workload is the ReplicaSets of one owner. It is a [rollout.Workload], a [rollout.Claimer], a
// [rollout.Watcher] and a [rollout.Saver]. Make a new one for every reconcile; it belongs to one
// goroutine.
type Workload struct {
	client   *Client
	target   Target
	selector labels.Selector
	template map[string]any // JSON form, without our label
	identity string
	keys     keys

	seen    map[string]*appsv1.ReplicaSet // by name, as of the last Observe and our writes since
	routes  map[string]*corev1.Service    // by name, in the same way
	same    types.UID                     // of the one whose template is the wanted one, though its stamp does not say so
	created string
}

// Workload returns the workload of a target. Its error is an [*rollout.InvalidError].
func (c *Client) Workload(t Target) (*Workload, error) {
	selector, template, err := t.check()
	if err != nil {
		return nil, err
	}
	identity, err := t.identity()
	if err != nil {
		return nil, err
	}
	c.meet(t.Owner)
	return &Workload{client: c, target: t, selector: selector, template: template, identity: identity, keys: keysOf(c.Prefix)}, nil
}

// Identity is that of the wanted template.
func (w *Workload) Identity() string { return w.identity }

// Created is the name of the ReplicaSet that this Workload made; "" is none.
func (w *Workload) Created() string { return w.created }

// Observe returns the state of the owner's ReplicaSets. Orphans that Claim would adopt are among
// them. Replicas are counted from pods.
func (w *Workload) Observe(ctx context.Context) (rollout.State, error) {
	sets, err := w.owned(ctx)
	if err != nil {
		return rollout.State{}, err
	}
	pods, err := w.client.pods(ctx, w.target.Owner.Namespace, w.selector)
	if err != nil {
		return rollout.State{}, classify(ctx, "list pods", err)
	}
	if w.same, err = w.alias(ctx, sets); err != nil {
		return rollout.State{}, err
	}
	now := time.Now()
	state := rollout.State{
		Now: now, Replicas: w.target.Replicas, Template: w.identity,
		Paused: w.target.Paused, Rejected: w.target.Rejected, Last: w.target.Last,
	}
	counts := countPods(pods, sets, now)
	w.seen = make(map[string]*appsv1.ReplicaSet, len(sets))
	for _, rs := range sets {
		if rs.DeletionTimestamp != nil && size(rs) == 0 && counts[rs.UID].none() {
			continue // it only waits to be gone
		}
		w.seen[rs.Name] = rs
		state.Revisions = append(state.Revisions, w.revision(rs, counts[rs.UID]))
	}
	slices.SortFunc(state.Revisions, func(a, b rollout.Revision) int {
		return cmp.Or(cmp.Compare(a.Number, b.Number), cmp.Compare(a.Name, b.Name))
	})
	if err := w.explain(ctx, state.Revisions, pods, now); err != nil {
		return rollout.State{}, err
	}
	if state.Routes, err = w.observeRoutes(ctx, state.Revisions, pods); err != nil {
		return rollout.State{}, err
	}
	return state, nil
}

// owned returns the ReplicaSets that are the owner's or that Claim would make so.
func (w *Workload) owned(ctx context.Context) ([]*appsv1.ReplicaSet, error) {
	all, err := w.client.replicaSets(ctx, w.target.Owner.UID, w.target.Owner.Namespace)
	if err != nil {
		return nil, classify(ctx, "list replica sets", err)
	}
	if err := w.alone(all); err != nil {
		return nil, err
	}
	return slices.DeleteFunc(all, func(rs *appsv1.ReplicaSet) bool {
		return !w.selector.Matches(labels.Set(rs.Labels)) || !w.ours(rs) && !w.adoptable(rs)
	}), nil
}

func (w *Workload) ours(rs *appsv1.ReplicaSet) bool { return controls(w.target.Owner.UID, rs) }

// isNew reports whether rs has the wanted template.
func (w *Workload) isNew(rs *appsv1.ReplicaSet) bool {
	return rs.Annotations[w.keys.template] == w.identity || rs.UID == w.same && w.same != ""
}

func (w *Workload) revision(rs *appsv1.ReplicaSet, c podCount) rollout.Revision {
	r := rollout.Revision{
		Name: rs.Name, Template: w.known(rs, c), Label: rs.Labels[HashLabel],
		Number:   number(rs),
		Replicas: size(rs), Actual: c.actual, Ready: c.ready, Available: c.available, Terminating: c.terminating,
		Observed: observed(rs, c),
		Basis:    rollout.Basis{Desired: annotated(rs, DesiredKey), Max: annotated(rs, MaxKey)},
		Problems: problems(c, rs), ReadySince: c.readySince,
		Created: rs.CreationTimestamp.Time, Scaled: stamped(rs, w.keys.scaled), Settled: w.settledAt(rs),
	}
	if w.isNew(rs) {
		r.Outdated = len(w.refresh(rs)) > 0
	}
	return r
}

// known is the identity of a ReplicaSet's template as a State has it: "" where somebody else made the
// ReplicaSet, so that it is not known. A route can follow such a one as well, so where there are
// routes it goes by a stand-in as long as it has replicas.
func (w *Workload) known(rs *appsv1.ReplicaSet, c podCount) string {
	if !w.isNew(rs) && rs.Annotations[w.keys.template] == "" && (len(w.target.Routes) == 0 || size(rs) == 0 && c.none()) {
		return ""
	}
	return w.identityOf(rs)
}

// identityOf is the identity of a ReplicaSet's template, or a stand-in that is of this ReplicaSet alone.
func (w *Workload) identityOf(rs *appsv1.ReplicaSet) string {
	if w.isNew(rs) {
		return w.identity
	}
	return cmp.Or(rs.Annotations[w.keys.template], "uid:"+string(rs.UID))
}

// observed reports whether the counts are of the size asked for last. ReplicaSets and pods come by
// two streams, of which either may lag: a count of pods is not believed before the ReplicaSet
// controller agrees. Nor is one above the size: when that controller makes a ReplicaSet smaller,
// its first status still tells of the pods that it has just deleted. To take the worse of two
// numbers that disagree would be quicker while many pods start, but either may be of before a
// shrinking and growing of ours.
func observed(rs *appsv1.ReplicaSet, c podCount) bool {
	s := rs.Status
	return s.ObservedGeneration >= rs.Generation && c.actual <= size(rs) && s.Replicas == c.actual && s.ReadyReplicas == c.ready
}

func size(rs *appsv1.ReplicaSet) int32 {
	if rs.Spec.Replicas == nil {
		return 1 // the API server's default
	}
	return *rs.Spec.Replicas
}

// maxNumber is the highest revision number that is believed. Nobody gets there by counting, and
// beyond it there would soon be no next one.
const maxNumber = 1 << 62

// number is a ReplicaSet's revision; what cannot be one counts as none.
func number(rs *appsv1.ReplicaSet) int64 {
	n, err := strconv.ParseInt(rs.Annotations[RevisionKey], 10, 64)
	if err != nil || n < 0 || n > maxNumber {
		return 0
	}
	return n
}

func annotated(rs *appsv1.ReplicaSet, key string) int32 {
	n, err := strconv.ParseInt(rs.Annotations[key], 10, 32)
	if err != nil || n < 0 {
		return 0
	}
	return int32(n)
}

func stamped(rs *appsv1.ReplicaSet, key string) time.Time {
	t, err := time.Parse(time.RFC3339Nano, rs.Annotations[key])
	if err != nil {
		return time.Time{}
	}
	return t
}

// Watch makes Engine.Run wake up when the cache sees a change; without such a cache it polls.
func (w *Workload) Watch(ctx context.Context) (<-chan struct{}, error) {
	return w.client.Watch(ctx)
}

// Save hands an outcome to Target.Save. Where the API server could not be asked, that is tried again.
func (w *Workload) Save(ctx context.Context, s rollout.Status) error {
	w.target.Last = s
	if w.target.Save == nil {
		return nil
	}
	return Transient(w.target.Save(ctx, s))
}

// wantedAnnotations are those of the owner that its new ReplicaSet carries.
func (w *Workload) wantedAnnotations() map[string]string {
	wanted := maps.Clone(w.target.Annotations)
	maps.DeleteFunc(wanted, func(k, _ string) bool { return w.keys.notCopied(k) })
	return wanted
}

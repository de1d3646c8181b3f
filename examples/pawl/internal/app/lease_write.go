package app

import (
	"cmp"
	"context"
	"fmt"
	"sync/atomic"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	coordinationclient "k8s.io/client-go/kubernetes/typed/coordination/v1"

	"github.com/gopawl/pawl/rollout"
	"github.com/gopawl/pawl/rollout/kube"
)

// lease is the Lease of one app, as one call of [Store.Exclusive] sees it. Every write is
// conditional on the version before: as long as one after the other succeeds, nobody else can have
// had it in between.
type lease struct {
	api    coordinationclient.LeaseInterface
	name   string
	holder string
	owners func(context.Context) ([]metav1.OwnerReference, error) // of a new Lease

	turn    chan struct{}         // to write; one request at a time
	held    *coordinationv1.Lease // as it was written last
	renewed atomic.Int64          // when that was begun, in nanoseconds of the wall clock
}

func (s Store) lease(app string) *lease {
	return &lease{
		api: s.API.CoordinationV1().Leases(s.Namespace), name: ConfigMapName(app),
		holder: tagged(cmp.Or(s.Identity, identity())), turn: make(chan struct{}, 1),
		owners: func(ctx context.Context) ([]metav1.OwnerReference, error) { return s.owners(ctx, app) },
	}
}

// owners make the Lease go with the app.
func (s Store) owners(ctx context.Context, app string) ([]metav1.OwnerReference, error) {
	cm, err := s.API.CoreV1().ConfigMaps(s.Namespace).Get(ctx, ConfigMapName(app), metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return []metav1.OwnerReference{{APIVersion: configMapKind.Version, Kind: configMapKind.Kind, Name: cm.Name, UID: cm.UID}}, nil
}

// isFresh reports whether the last sign of life is so young that nobody can have taken over. It
// asks the wall clock: the other one stands still while the machine sleeps.
func (l *lease) isFresh() bool {
	age := time.Now().UnixNano() - l.renewed.Load()
	return age >= 0 && age < int64(fresh)
}

// mine makes a Lease this one's.
func (l *lease) mine(spec *coordinationv1.LeaseSpec) {
	now, lasts, transitions := metav1.NowMicro(), int32(leaseDuration/time.Second), int32(1)
	if spec.LeaseTransitions != nil {
		transitions = *spec.LeaseTransitions + 1
	}
	spec.HolderIdentity, spec.AcquireTime, spec.RenewTime = &l.holder, &now, &now
	spec.LeaseDurationSeconds, spec.LeaseTransitions = &lasts, &transitions
}

func alive(spec *coordinationv1.LeaseSpec) {
	now := metav1.NowMicro()
	spec.RenewTime = &now
}

func nobodys(spec *coordinationv1.LeaseSpec) { spec.HolderIdentity = nil }

// write changes a Lease if it is still as it was seen.
func (l *lease) write(ctx context.Context, seen *coordinationv1.Lease, change func(*coordinationv1.LeaseSpec)) error {
	next := seen.DeepCopy()
	change(&next.Spec)
	begun := time.Now()
	var now *coordinationv1.Lease
	var err error
	if seen.ResourceVersion == "" {
		now, err = l.api.Create(ctx, next, metav1.CreateOptions{FieldManager: kube.DefaultFieldManager})
	} else {
		now, err = l.api.Update(ctx, next, metav1.UpdateOptions{FieldManager: kube.DefaultFieldManager})
	}
	if err != nil {
		return err
	}
	l.held = now
	l.renewed.Store(begun.UnixNano())
	return nil
}

// renew gives a sign of life. Its error is [ErrLeaseLost], or transient: then nobody can tell.
func (l *lease) renew(ctx context.Context) error {
	err := l.rewrite(ctx, alive)
	switch {
	case err == nil:
		return nil
	case apierrors.IsConflict(err), apierrors.IsNotFound(err):
		l.renewed.Store(0)
		return ErrLeaseLost
	}
	return &rollout.TransientError{Err: fmt.Errorf("renew lease %q: %w", l.name, err)}
}

// release lets the next one in at once. Where it fails the Lease runs out by itself.
func (l *lease) release(ctx context.Context) {
	_ = l.rewrite(ctx, nobodys)
}

// rewrite changes the Lease as long as it is this one's: a change of something else in it, or a
// write whose answer was lost, is no conflict.
func (l *lease) rewrite(ctx context.Context, change func(*coordinationv1.LeaseSpec)) error {
	ctx, cancel := context.WithTimeout(ctx, fresh/2)
	defer cancel()
	select {
	case l.turn <- struct{}{}:
		defer func() { <-l.turn }()
	case <-ctx.Done():
		return ctx.Err()
	}
	err := l.write(ctx, l.held, change)
	if !apierrors.IsConflict(err) {
		return err
	}
	there, getErr := l.api.Get(ctx, l.name, metav1.GetOptions{})
	if getErr != nil {
		return getErr
	}
	if holderOf(there) != l.holder {
		return err
	}
	return l.write(ctx, there, change)
}

func holderOf(l *coordinationv1.Lease) string {
	if l.Spec.HolderIdentity == nil {
		return ""
	}
	return *l.Spec.HolderIdentity
}

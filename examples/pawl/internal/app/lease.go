package app

import (
	"context"
	"errors"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/leaderelection"
	"k8s.io/client-go/tools/leaderelection/resourcelock"
	"k8s.io/klog/v2"
)

// How long a Lease lasts without a sign of life, and how often its holder gives one.
const (
	leaseDuration = 15 * time.Second
	renewDeadline = 10 * time.Second
	retryPeriod   = time.Second
)

// ErrLeaseLost says that another process took over: this one was not heard of for too long.
var ErrLeaseLost = errors.New("lost the lease: another pawl drives this app now")

// Exclusive runs work while this process holds the app's Lease, and releases it when work has
// returned. Where another process holds it, waiting is called with its name, in a goroutine, and
// work starts when that process is done or was not heard of for 15 seconds. When the Lease is lost
// the context of work ends and the error is [ErrLeaseLost].
func (s Store) Exclusive(ctx context.Context, app string, waiting func(holder string), work func(context.Context) error) error {
	if err := s.evict(ctx, app); err != nil {
		return err
	}
	leading := make(chan context.Context, 1)
	elector, err := s.elector(app, waiting, leading)
	if err != nil {
		return err
	}
	// The election outlives the caller's context until work has returned, or another process
	// would start beside a write that is under way.
	electing, stop := context.WithCancel(klog.NewContext(context.WithoutCancel(ctx), klog.Logger{}))
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		elector.Run(electing)
	}()
	defer func() {
		stop()
		<-ended
	}()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case held := <-leading:
		return whileHeld(ctx, held, work)
	}
}

func (s Store) elector(app string, waiting func(string), leading chan<- context.Context) (*leaderelection.LeaderElector, error) {
	me := identity()
	return leaderelection.NewLeaderElector(leaderelection.LeaderElectionConfig{
		Lock: &resourcelock.LeaseLock{
			LeaseMeta:  metav1.ObjectMeta{Namespace: s.Namespace, Name: ConfigMapName(app)},
			Client:     s.API.CoordinationV1(),
			LockConfig: resourcelock.ResourceLockConfig{Identity: me},
		},
		LeaseDuration: leaseDuration, RenewDeadline: renewDeadline, RetryPeriod: retryPeriod,
		ReleaseOnCancel: true, Name: ConfigMapName(app),
		Callbacks: leaderelection.LeaderCallbacks{
			OnStartedLeading: func(ctx context.Context) { leading <- ctx },
			OnStoppedLeading: func() {},
			OnNewLeader: func(holder string) {
				if holder != me && holder != "" {
					waiting(holder)
				}
			},
		},
	})
}

// whileHeld runs work until it returns; its context ends with either of the two.
func whileHeld(ctx, held context.Context, work func(context.Context) error) error {
	working, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer context.AfterFunc(held, func() { cancel(ErrLeaseLost) })()
	err := work(working)
	if cause := context.Cause(working); errors.Is(cause, ErrLeaseLost) {
		return cause
	}
	return err
}

// evict frees a Lease whose holder was a process on this machine that is no more, so that nobody
// waits for the dead.
func (s Store) evict(ctx context.Context, app string) error {
	leases := s.API.CoordinationV1().Leases(s.Namespace)
	lease, err := leases.Get(ctx, ConfigMapName(app), metav1.GetOptions{})
	if apierrors.IsNotFound(err) || err == nil && !dead(lease) {
		return nil
	}
	if err != nil {
		return err
	}
	nobody := ""
	lease.Spec.HolderIdentity = &nobody
	if _, err = leases.Update(ctx, lease, metav1.UpdateOptions{}); apierrors.IsConflict(err) {
		return nil // somebody else was faster: the election tells
	}
	return err
}

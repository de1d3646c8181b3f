package app

import (
	"context"
	"errors"
	"sync"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// How the holder of a Lease and those who wait for it keep time.
const (
	leaseDuration = 15 * time.Second // without a sign of life; then another one takes over
	renewEvery    = time.Second
	fresh         = 10 * time.Second       // how old the last sign of life may be for a write to rely on it
	askEvery      = 500 * time.Millisecond // how often one that waits looks
)

// ErrLeaseLost says that another process took over: this one was not heard of for too long.
var ErrLeaseLost = errors.New("lost the lease: another pawl drives this app now")

// Exclusive runs work while this process holds the app's Lease, and releases it when work has
// returned. Where another one holds it, waiting is called with its name, and work starts when that
// one is done, is known to be dead, or was not heard of for 15 seconds. When the Lease is lost the
// context of work ends, a [Driver] under it writes no more, and the error is [ErrLeaseLost].
func (s Store) Exclusive(ctx context.Context, app string, waiting func(holder string), work func(context.Context) error) error {
	l := s.lease(app)
	if err := l.take(ctx, waiting); err != nil {
		return err
	}
	defer l.release(context.WithoutCancel(ctx))
	working, end := context.WithCancelCause(context.WithValue(ctx, leaseKey{}, l))
	defer end(nil)
	// It is kept until work has returned, whatever becomes of the caller's context, or another
	// process would start beside a write that is under way.
	keeping, stop := context.WithCancel(context.WithoutCancel(ctx))
	var kept sync.WaitGroup
	kept.Go(func() { end(l.keep(keeping)) })
	err := work(working)
	stop()
	kept.Wait()
	if errors.Is(err, ErrLeaseLost) || errors.Is(context.Cause(working), ErrLeaseLost) {
		return ErrLeaseLost
	}
	return err
}

// DrivenBy is the name of the process that holds the app's Lease and is not known to be dead; "" is
// nobody.
func (s Store) DrivenBy(ctx context.Context, app string) (string, error) {
	there, err := s.lease(app).api.Get(ctx, ConfigMapName(app), metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	if holder := holderOf(there); !dead(holder) {
		return nameOf(holder), nil
	}
	return "", nil
}

// leaseKey is the key of the lease in the context of work.
type leaseKey struct{}

// stillHeld makes sure that the Lease under which the context is has not been lost. It asks before
// a write that comes late: a process may have been frozen for hours between two lines of its code,
// and another one have come in between.
func stillHeld(ctx context.Context) error {
	l, ok := ctx.Value(leaseKey{}).(*lease)
	if !ok || l.isFresh() {
		return nil
	}
	return l.renew(ctx)
}

// take waits for the Lease and makes it this one's.
func (l *lease) take(ctx context.Context, waiting func(holder string)) error {
	var other sighting
	told := ""
	for {
		err := l.tryTake(ctx, &other)
		switch {
		case err == nil:
			return nil
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.Is(err, errHeld):
			if told != other.holder {
				told = other.holder
				waiting(nameOf(told))
			}
		case !apierrors.IsConflict(err) && !apierrors.IsAlreadyExists(err):
			return err
		}
		if err := pause(ctx, askEvery); err != nil {
			return err
		}
	}
}

// errHeld says that another process has the Lease.
var errHeld = errors.New("held")

func (l *lease) tryTake(ctx context.Context, other *sighting) error {
	there, err := l.api.Get(ctx, l.name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		owners, err := l.owners(ctx)
		if err != nil {
			return err
		}
		return l.write(ctx, &coordinationv1.Lease{ObjectMeta: metav1.ObjectMeta{Name: l.name, OwnerReferences: owners}}, l.mine)
	}
	if err != nil {
		return err
	}
	if holder := holderOf(there); holder != "" && holder != l.holder && !dead(holder) && other.alive(there) {
		return errHeld
	}
	owners, err := l.owners(ctx)
	if err != nil {
		return err
	}
	if len(owners) > 0 { // it may be left of an app that is gone, and about to follow it
		there.OwnerReferences = owners
	}
	return l.write(ctx, there, l.mine)
}

// sighting is what one that waits knows of the holder. Only its own clock counts: the holder's may
// be another.
type sighting struct {
	holder, version string
	since           time.Time
}

// alive reports whether the holder gave a sign of life in the time that it said to need at most.
func (s *sighting) alive(l *coordinationv1.Lease) bool {
	if s.version != l.ResourceVersion {
		*s = sighting{holderOf(l), l.ResourceVersion, time.Now()}
	}
	lasts := leaseDuration
	if l.Spec.LeaseDurationSeconds != nil {
		lasts = time.Duration(*l.Spec.LeaseDurationSeconds) * time.Second
	}
	return time.Since(s.since) < lasts
}

// keep gives signs of life until the context ends. Its error is [ErrLeaseLost].
func (l *lease) keep(ctx context.Context) error {
	for {
		if err := pause(ctx, renewEvery); err != nil {
			return nil
		}
		// What else may be wrong shows before the next write, which does not happen until it is right.
		if err := l.renew(ctx); errors.Is(err, ErrLeaseLost) {
			return err
		}
	}
}

func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

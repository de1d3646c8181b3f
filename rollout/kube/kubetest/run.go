package kubetest

import (
	"context"
	"errors"
	"time"
)

// pass is one controller's look at the whole cluster: it does what is due and answers when
// something will be due without a change before, or zero. It depends on the state and the time
// alone and runs in one transaction, so it does not matter which process runs it, nor when one
// is killed.
type pass func(*session) (due time.Time, err error)

// passes are the controllers, each with a transaction of its own: clients do see the moments
// between them.
func passes() []pass {
	return []pass{
		(*session).replicate,
		(*session).kubelet,
		(*session).endpoints,
		(*session).collectGarbage,
		(*session).emptyNamespaces,
	}
}

// Run lets the stand-ins work until the context is done, which is no error: those of
// ReplicaSets, ReplicationControllers, EndpointSlices, namespaces and the garbage collector,
// the scheduler and the kubelet. It wakes on changes and when something is due. Several
// processes, or several calls, may run them over one store at the same time. An error is one of
// the store.
func (c *Cluster) Run(ctx context.Context) error {
	for ctx.Err() == nil {
		changed := c.changes.wait()
		due, seen, err := c.pass()
		if err != nil {
			return err
		}
		if err := c.idle(ctx, changed, due, seen); err != nil {
			return err
		}
	}
	return nil
}

// pass runs every controller once. It answers when the next thing is due, and the revision
// after which everything is still to be looked at.
func (c *Cluster) pass() (due time.Time, seen uint64, err error) {
	err = c.view(func(s *session) (err error) {
		seen, err = s.revision()
		return err
	})
	for _, p := range passes() {
		if err != nil {
			return due, seen, err
		}
		var at time.Time
		at, err = c.try(p)
		due = sooner(due, at)
	}
	return due, seen, err
}

// errWouldWrite ends a look that found something to do.
var errWouldWrite = errors.New("would write")

// lookOnly refuses every write.
type lookOnly struct{ Tx }

func (lookOnly) Put(string, []byte) error { return errWouldWrite }
func (lookOnly) Delete(string) error      { return errWouldWrite }

// try runs the pass, in a write transaction only if it has something to write: those may be
// costly, and keep other processes waiting.
func (c *Cluster) try(p pass) (due time.Time, err error) {
	err = c.store.View(func(tx Tx) (err error) {
		due, err = p(c.session(lookOnly{tx}))
		return err
	})
	if !errors.Is(err, errWouldWrite) {
		return due, err
	}
	err = c.update(false, func(s *session) (err error) {
		due, err = p(s)
		return err
	})
	return due, err
}

// idle waits for a change, for the time when something is due or for the end of the context.
func (c *Cluster) idle(ctx context.Context, changed <-chan struct{}, due time.Time, seen uint64) error {
	var alarm, poll <-chan time.Time
	if !due.IsZero() {
		t := time.NewTimer(time.Until(due))
		defer t.Stop()
		alarm = t.C
	}
	if c.poll > 0 {
		t := time.NewTicker(c.poll)
		defer t.Stop()
		poll = t.C
	}
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-changed:
			return nil
		case <-alarm:
			return nil
		case <-poll:
		}
		if moved, err := c.moved(seen); moved || err != nil {
			return err
		}
	}
}

// moved tells whether the store is no longer at the revision.
func (c *Cluster) moved(seen uint64) (moved bool, err error) {
	err = c.view(func(s *session) error {
		current, err := s.revision()
		moved = current != seen
		return err
	})
	return moved, err
}

// sooner answers the earlier of two times, of which a zero one is never.
func sooner(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

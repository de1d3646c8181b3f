package rollout

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/cenkalti/backoff/v4"
)

// FailedError is what Run returns when the rollout ended otherwise than asked for.
type FailedError struct{ Status Status }

// Error gives the phase and its reason.
func (e *FailedError) Error() string {
	return fmt.Sprintf("rollout %s: %s", e.Status.Phase, e.Status.Message)
}

// GaveUpError is what Run returns when transient errors did not pass.
type GaveUpError struct {
	Attempts int           // tries in a row that failed
	Elapsed  time.Duration // since the first of them
	Err      error         // the last one
}

// Error gives the number of tries, how long they took, and the last cause.
func (e *GaveUpError) Error() string {
	return fmt.Sprintf("gave up after %d attempts in %v: %v", e.Attempts, e.Elapsed.Round(time.Second), e.Err)
}

// Unwrap returns the last cause.
func (e *GaveUpError) Unwrap() error { return e.Err }

// Run reconciles until the rollout is over. Between two looks it waits for the workload's
// [Watcher], or for the time that the outcome asks for. It returns nil only when the rollout is
// Complete; otherwise [*FailedError], [*GaveUpError], the context's error, or the first error
// that does not call itself transient. One that calls itself doubtful, by a method Doubtful() bool,
// is believed when it has come for some seconds, or at once where no look has gone well yet. The
// status is the last one known.
func (e *Engine) Run(ctx context.Context, w Workload, s Strategy) (Status, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	changes, err := watch(ctx, w)
	if err != nil {
		return Status{}, fmt.Errorf("watch: %w", err)
	}
	tries := e.newTries()
	var last Status
	going := false // a look has gone well
	for {
		status, err := e.reconcile(ctx, w, s, last)
		last = status
		var after time.Duration
		switch {
		case err == nil && status.Phase == Complete:
			return status, nil
		case ctx.Err() != nil:
			return status, ctx.Err()
		case err != nil:
			if after, err = tries.failed(err, going); err != nil {
				return status, err
			}
			e.Trace.retrying(tries.last, tries.count, after)
			_, err = wait(ctx, nil, after)
		case status.Phase.Over():
			return status, &FailedError{status}
		default:
			tries, going = e.newTries(), true
			e.Trace.waiting(status)
			changes, err = wait(ctx, changes, status.RequeueAfter)
		}
		if err != nil {
			return status, err
		}
	}
}

func watch(ctx context.Context, w Workload) (<-chan struct{}, error) {
	if watcher, ok := w.(Watcher); ok {
		return watcher.Watch(ctx)
	}
	return nil, nil
}

// tries counts failures in a row.
type tries struct {
	backoff  *backoff.ExponentialBackOff
	patience time.Duration
	count    int
	since    time.Time
	doubted  time.Time // since when the last ones in a row were doubtful
	last     error
}

// doubt is for how long what is doubtful is not believed: an API server that has just started
// refuses everybody until it has read the roles.
const doubt = 10 * time.Second

func (e *Engine) newTries() *tries {
	t := &tries{patience: e.Patience}
	if t.patience == 0 {
		t.patience = defaultPatience
	}
	return t
}

// failed says how long to wait before the next try, or returns the error to end with.
func (t *tries) failed(err error, going bool) (time.Duration, error) {
	retry, atLeast := transient(err)
	switch {
	case retry:
		t.doubted = time.Time{}
	case !going || !t.doubts(err):
		return 0, err
	}
	if t.count == 0 {
		t.since = time.Now()
		t.backoff = backoff.NewExponentialBackOff(backoff.WithMaxElapsedTime(0), backoff.WithMaxInterval(30*time.Second))
	}
	t.count++
	t.last = err
	after := max(t.backoff.NextBackOff(), atLeast)
	if elapsed := time.Since(t.since); elapsed+after > t.patience {
		return 0, &GaveUpError{t.count, elapsed, err}
	}
	return after, nil
}

// doubts reports whether err is not to be believed yet.
func (t *tries) doubts(err error) bool {
	var d interface{ Doubtful() bool }
	if !errors.As(err, &d) || !d.Doubtful() {
		return false
	}
	if t.doubted.IsZero() {
		t.doubted = time.Now()
	}
	return time.Since(t.doubted) < doubt
}

// wait returns after a change, after d, or with the context's error. A channel that was closed
// comes back as nil.
func wait(ctx context.Context, changes <-chan struct{}, d time.Duration) (<-chan struct{}, error) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case _, ok := <-changes:
		if !ok {
			changes = nil
		}
	case <-timer.C:
	case <-ctx.Done():
	}
	return changes, ctx.Err()
}

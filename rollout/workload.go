package rollout

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Workload is what is rolled out. Its two methods are all that an [Engine] needs; more is
// offered by optional interfaces: [Claimer], [Watcher], [Saver].
type Workload interface {
	// Observe returns the present state. It includes every write made through Apply. It may
	// answer [ErrConflict]: look again.
	Observe(context.Context) (State, error)
	// Apply carries out one action. It may take several calls to an API; after a crash in any
	// of them, Observe leads to the same action again or to the next one. It answers
	// [ErrConflict] where the state is no longer what the action was planned for, and
	// [ErrUnsupported] where it does not know the action; both change nothing.
	Apply(context.Context, Action) error
}

// Claimer is a [Workload] that takes over what belongs to it and lets go of what no longer
// does. [Engine.Reconcile] calls Claim before it observes, [Engine.Plan] does not. Claim is
// idempotent and answers ErrConflict like Apply.
type Claimer interface {
	Claim(context.Context) error
}

// Watcher is a [Workload] that says when its state may have changed, so that [Engine.Run] need
// not wait for its next poll.
type Watcher interface {
	// Watch returns a channel that receives after a change. Changes may be folded into one.
	// It lasts until the context ends and then leaves nothing running; a channel that is
	// closed earlier makes Run fall back to polling.
	Watch(context.Context) (<-chan struct{}, error)
}

// Saver is a [Workload] that keeps the outcome, to return it as [State].Last. Save is called
// only with an outcome that says something new.
type Saver interface {
	Save(context.Context, Status) error
}

// ErrConflict says that something is no longer as it was observed: look again.
var ErrConflict = errors.New("the object has changed since it was observed")

// ErrUnsupported says that a workload does not know an action.
var ErrUnsupported = errors.New("action not supported by this workload")

// StepError says which step could not be carried out.
type StepError struct {
	Step Step
	Err  error
}

// Error names the action and the cause.
func (e *StepError) Error() string { return fmt.Sprintf("%v: %v", e.Step.Action, e.Err) }

// Unwrap returns the cause.
func (e *StepError) Unwrap() error { return e.Err }

// TransientError is an error that may be gone at the next try. [Engine.Run] tries again after
// what says of itself that it is one: any error with a method Transient() bool.
type TransientError struct {
	Err error
	// After is how long the other side asked to wait; 0 leaves that to the engine.
	After time.Duration
}

// Error is the cause's own text.
func (e *TransientError) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *TransientError) Unwrap() error { return e.Err }

// Transient reports true.
func (e *TransientError) Transient() bool { return true }

// RetryAfter returns After.
func (e *TransientError) RetryAfter() time.Duration { return e.After }

// transient reports whether err says that it may be gone at the next try, and how long to wait
// at least.
func transient(err error) (bool, time.Duration) {
	var t interface{ Transient() bool }
	if !errors.As(err, &t) || !t.Transient() {
		return false, 0
	}
	var after interface{ RetryAfter() time.Duration }
	if errors.As(err, &after) {
		return true, after.RetryAfter()
	}
	return true, 0
}

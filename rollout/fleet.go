package rollout

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"golang.org/x/sync/semaphore"
)

// Fleet runs many rollouts at once. With the zero value all of them are under way together, and
// the first that fails ends the others.
//
// The members take their turns in the order in which they are given; none overtakes another. A
// rollout that hangs keeps its turn, and with a Limit those behind it wait: only the author of a
// member knows how long it may take, so the deadline belongs into the context of its Run.
type Fleet struct {
	// Limit is the most rollouts that are under way at a time; 0 is all of them.
	Limit int
	// KeepGoing lets the others go on when one fails.
	KeepGoing bool
}

// Member is one rollout of a [Fleet].
type Member struct {
	// Name names it in errors.
	Name string
	// Run rolls it out and returns its last known status, as [Engine.Run] does. What belongs
	// around that call (a deadline, a lease, an Engine with a [Trace] of its own) goes in here.
	Run func(context.Context) (Status, error)
}

// Result is what became of one member of a [Fleet].
type Result struct {
	// Status is the last one known; zero where there was none.
	Status Status
	// Err is what its Run returned, or [ErrNotStarted].
	Err error
}

// ErrNotStarted says that a member's turn never came: another one failed, or the context ended.
var ErrNotStarted = errors.New("the rollout was not started")

// MemberError says which member of a [Fleet] failed.
type MemberError struct {
	Name string
	Err  error
}

// Error gives the name and the cause.
func (e *MemberError) Error() string { return fmt.Sprintf("%s: %v", e.Name, e.Err) }

// Unwrap returns the cause.
func (e *MemberError) Unwrap() error { return e.Err }

// Run rolls out all members and returns when every one that was started has ended: nothing is
// left running. The results are in the order of the members, beside an error as well. The error
// is nil only when all have completed; otherwise it is
//
//   - the [*MemberError] of the first that failed, which ended the contexts of the others;
//   - with KeepGoing those of all that failed, joined in the order of the members;
//   - the context's error where the context ended first: members that this cut off have not
//     failed. With KeepGoing it stands behind those that have.
//
// A negative Limit is an [*InvalidError]. A panic in a member ends the process, as in any
// goroutine: to hold it back until the others have ended might hide it for ever.
func (f Fleet) Run(ctx context.Context, members ...Member) ([]Result, error) {
	if f.Limit < 0 {
		return nil, &InvalidError{"limit", f.Limit, "0 or more"}
	}
	r := fleetRun{results: make([]Result, len(members)), failures: make([]error, len(members))}
	r.run(ctx, f, members)
	switch unfinished := func(m Result) bool { return m.Err != nil }; {
	case r.first != nil && !f.KeepGoing:
		return r.results, r.first
	case !slices.ContainsFunc(r.results, unfinished):
		return r.results, nil
	case f.KeepGoing:
		return r.results, errors.Join(append(r.failures, ctx.Err())...)
	}
	return r.results, ctx.Err()
}

// fleetRun is one run of a fleet.
type fleetRun struct {
	results  []Result
	failures []error // by member, like the results; nil where it did not fail
	once     sync.Once
	first    error // the first failure
}

func (r *fleetRun) run(ctx context.Context, f Fleet, members []Member) {
	running, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	turns := semaphore.NewWeighted(int64(cmp.Or(f.Limit, len(members))))
	var all sync.WaitGroup
	for i, m := range members {
		r.results[i].Err = ErrNotStarted
		if turns.Acquire(running, 1) != nil {
			continue
		}
		all.Go(func() {
			defer turns.Release(1)
			r.results[i].Status, r.results[i].Err = m.Run(running)
			if err := m.failure(ctx, r.results[i].Err); err != nil {
				r.failures[i] = err
				r.once.Do(func() { r.first = err })
				if !f.KeepGoing {
					stop(err)
				}
			}
		})
	}
	all.Wait()
}

// failure is the error of a member, unless it was merely cut off with the context of all.
func (m Member) failure(ctx context.Context, err error) error {
	if err == nil || ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		return nil
	}
	return &MemberError{m.Name, err}
}

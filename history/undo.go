package history

import (
	"errors"
	"fmt"
)

// ErrNoHistory says that there is no revision before the newest. kubectl adds the owner:
// fmt.Errorf("%w for deployment %q", err, name).
var ErrNoHistory = errors.New("no rollout history found")

// ErrNoneSettled says that no rollout to another template has completed, or that its revision
// is gone.
var ErrNoneSettled = errors.New("no other revision has completed a rollout")

// ErrPaused says that a paused rollout stays where it is until it is resumed.
var ErrPaused = errors.New("a paused rollout cannot go back")

// NotFoundError says that no revision has or had the number.
type NotFoundError struct{ Number int64 }

// Error is kubectl's text.
func (e *NotFoundError) Error() string {
	return fmt.Sprintf("unable to find specified revision %d in history", e.Number)
}

// UnchangedError says that there is nothing to do: the revision carries the wanted template.
// kubectl prints it and succeeds.
type UnchangedError struct{ Number int64 }

// Error is kubectl's text.
func (e *UnchangedError) Error() string {
	return fmt.Sprintf("skipped rollback (current template already matches revision %d)", e.Number)
}

// RejectedError says that the revision's template was given up, and why. No strategy rolls it
// out again until that is taken back.
type RejectedError struct {
	Number int64
	Why    string
}

// Error gives the number and the reason.
func (e *RejectedError) Error() string {
	return fmt.Sprintf("revision %d was given up: %s", e.Number, e.Why)
}

// Previous returns the revision with the second highest number, as `kubectl rollout undo` does:
// it may be one that never worked ([History.LastSettled] is not). One that is not numbered yet
// counts as 0. Fewer than two are [ErrNoHistory]; other refusals are those of [History.To].
func (h History) Previous() (Entry, error) {
	rows := h.List()
	if len(rows) < 2 || rows[len(rows)-2].Number < 0 {
		return Entry{}, ErrNoHistory
	}
	e := rows[len(rows)-2]
	return h.target(e, e.Number)
}

// To returns the revision with a number, or that had it before; 0 is [History.Previous], as
// with kubectl's --to-revision. It refuses, looked for in this order, with [*NotFoundError],
// [ErrPaused], [*UnchangedError] and [*RejectedError]; the errors carry the number asked for.
func (h History) To(number int64) (Entry, error) {
	if number == 0 {
		return h.Previous()
	}
	e, ok := h.Find(number)
	if number < 0 || !ok {
		return Entry{}, &NotFoundError{number}
	}
	return h.target(e, number)
}

// LastSettled returns the revision that a rollout completed on last, by time and then by number,
// of those with another template than the wanted one and not given up. It refuses with
// [ErrNoneSettled] and [ErrPaused].
func (h History) LastSettled() (Entry, error) {
	r, ok := h.State.LastSettled()
	if !ok {
		return Entry{}, ErrNoneSettled
	}
	return h.target(h.entry(r), r.Number)
}

// target is e, unless going back to it is refused.
func (h History) target(e Entry, number int64) (Entry, error) {
	rejection, rejected := h.State.Rejected[e.Template]
	switch {
	case h.State.Paused:
		return Entry{}, ErrPaused
	case e.Template == h.State.Template:
		return Entry{}, &UnchangedError{number}
	case rejected:
		return Entry{}, &RejectedError{number, rejection.Why}
	}
	return e, nil
}

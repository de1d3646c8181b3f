package kube

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/gopawl/pawl/rollout"
)

// Refusal says in one word why the API server will not do something however often it is asked.
type Refusal string

// The refusals.
const (
	Forbidden            Refusal = "Forbidden"            // not allowed to this user
	Invalid              Refusal = "Invalid"              // the object is not valid, or admission denied it
	QuotaExceeded        Refusal = "QuotaExceeded"        // a ResourceQuota is used up
	NamespaceTerminating Refusal = "NamespaceTerminating" // nothing can be made there any more
	OwnerGone            Refusal = "OwnerGone"            // the owner is gone or on its way out
	SelectorOverlaps     Refusal = "SelectorOverlaps"     // another workload's selector selects the same pods
	NoService            Refusal = "NoService"            // the Service of a route does not exist
	Unknown              Refusal = "Unknown"              // any other answer
)

// RefusedError is an answer, nearly always of the API server, that does not change by asking again.
// Someone has to change something first: a controller reports it and tries again late.
type RefusedError struct {
	Why    Refusal
	Action string // what was attempted, such as `create replica set "web-5c9f"`
	Err    error
}

// Error gives what was attempted and the answer's own words.
func (e *RefusedError) Error() string { return fmt.Sprintf("%s: %v", e.Action, e.Err) }

// Unwrap returns the answer.
func (e *RefusedError) Unwrap() error { return e.Err }

// Doubtful makes [rollout.Engine.Run] believe Forbidden and NoService only when they have come for some
// seconds, if they come in the middle of a rollout: a Service may be made anew.
func (e *RefusedError) Doubtful() bool { return e.Why == Forbidden || e.Why == NoService }

// classify turns an answer of the API server into what the engine works with: a conflict, an
// error that may pass, or a refusal.
func classify(ctx context.Context, action string, err error) error {
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return fmt.Errorf("%s: %w", action, err)
	case errors.Is(err, rollout.ErrConflict):
		return fmt.Errorf("%s: %w", action, err)
	case apierrors.IsConflict(err), apierrors.IsNotFound(err), apierrors.IsAlreadyExists(err), apierrors.IsGone(err), apierrors.IsResourceExpired(err):
		return fmt.Errorf("%s: %w: %w", action, rollout.ErrConflict, err)
	case passing(err):
		return Transient(fmt.Errorf("%s: %w", action, err))
	}
	return &RefusedError{refusal(err), action, err}
}

// Transient makes an error of client-go one that [rollout.Engine.Run] tries again after, where it may
// be gone at the next try: the API server is overloaded, out of order or did not answer. A refusal
// for want of a right is believed as late as one of this package's. Any other is returned as it is.
// It is for what an embedder asks the API server itself, in a Gate or in a Workload around this
// package's.
func Transient(err error) error {
	switch {
	case passing(err):
		return &rollout.TransientError{Err: err, After: retryAfter(err)}
	case err != nil && refusal(err) == Forbidden:
		return doubtful{err}
	}
	return err
}

// doubtful is a refusal with the server's own words alone.
type doubtful struct{ error }

func (d doubtful) Unwrap() error { return d.error }
func (doubtful) Doubtful() bool  { return true }

// passing reports whether an error may be gone at the next try: the API server, or what stands
// before it, is overloaded or out of order, or there was no answer at all.
func passing(err error) bool {
	var answer apierrors.APIStatus
	if errors.As(err, &answer) {
		if apierrors.IsForbidden(err) && strings.Contains(err.Error(), "status unknown for quota") {
			return true // a quota so new that it is not counted yet
		}
		code := answer.Status().Code
		return code == http.StatusTooManyRequests || code == http.StatusRequestTimeout || code >= http.StatusInternalServerError
	}
	var unsent *url.Error
	var timeout net.Error
	return errors.As(err, &unsent) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.As(err, &timeout) && timeout.Timeout()
}

func retryAfter(err error) time.Duration {
	seconds, ok := apierrors.SuggestsClientDelay(err)
	if !ok {
		return 0
	}
	return time.Duration(seconds) * time.Second
}

func refusal(err error) Refusal {
	switch {
	case apierrors.HasStatusCause(err, corev1.NamespaceTerminatingCause):
		return NamespaceTerminating
	case apierrors.IsForbidden(err) && strings.Contains(err.Error(), "exceeded quota"):
		return QuotaExceeded
	case apierrors.IsForbidden(err), apierrors.IsUnauthorized(err):
		return Forbidden
	case apierrors.IsInvalid(err), apierrors.IsBadRequest(err), apierrors.IsRequestEntityTooLargeError(err):
		return Invalid
	}
	return Unknown
}

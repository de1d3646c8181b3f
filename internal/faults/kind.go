package faults

import (
	"fmt"
	"net/http"
	"sync/atomic"
	"syscall"
	"time"
)

// Kind is one way in which a call goes wrong.
type Kind struct {
	Name  string
	Fits  func(Call) bool // the calls that it can happen to
	Fault Fault
	Else  Fault // what becomes of the other calls; nil lets them pass
	// After is for how long after it the call may still be carried out.
	After time.Duration
}

// late is how late a call is that is late.
const late = time.Second

func called(c Call) bool  { return c.Verb != "watch" }
func listed(c Call) bool  { return c.Verb == "list" }
func watched(c Call) bool { return c.Verb == "watch" }

// Kinds are the faults of calls that are answered at once, of which none is the end of a rollout.
// Each result serves one client.
func Kinds() []Kind {
	var past Past
	return []Kind{
		{Name: "refused connection", Fits: called, Fault: Unsent(syscall.ECONNREFUSED)},
		{Name: "answer lost", Fits: called, Fault: Lost(syscall.ECONNRESET)},
		{Name: "timeout after it landed", Fits: called, Fault: Lost(Timeout)},
		{Name: "timeout before it landed", Fits: Call.Writes, Fault: Late(late, Timeout), After: late},
		{Name: "answer cut in half", Fits: called, Fault: Halved},
		{Name: "delayed", Fits: called, Fault: Delayed(late)},
		{Name: "409", Fits: Call.Writes, Fault: Answer(http.StatusConflict, "Conflict", "the object has been modified")},
		{Name: "429, Retry-After", Fits: called, Fault: Throttled(1)},
		{Name: "429", Fits: called, Fault: Answer(http.StatusTooManyRequests, "TooManyRequests", "too many requests")},
		{Name: "500", Fits: called, Fault: Answer(http.StatusInternalServerError, "InternalError", "an error on the server")},
		{Name: "504 after it landed", Fits: called, Fault: Denied(http.StatusGatewayTimeout, "Timeout", "request did not complete within the requested timeout")},
		{Name: "list of before", Fits: listed, Fault: past.Previous, Else: past.Remember},
		{Name: "list of the beginning", Fits: listed, Fault: past.First, Else: past.Remember},
	}
}

// Killed are the kinds of calls that the client does not live to see the end of: kill ends it.
func Killed(kill func()) []Kind {
	with := func(fault Fault) Fault {
		return func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
			defer kill()
			return fault(r, next)
		}
	}
	return []Kind{
		{Name: "killed before", Fits: called, Fault: with(Unsent(Timeout))},
		{Name: "killed after it landed", Fits: called, Fault: with(Lost(Timeout))},
		{Name: "killed before it landed", Fits: Call.Writes, Fault: with(Late(late, Timeout)), After: late},
	}
}

// WatchKinds are the faults of watches: at their beginning, all along, and after so many events.
func WatchKinds(after ...int) []Kind {
	kinds := []Kind{
		{Name: "watch, refused connection", Fault: Unsent(syscall.ECONNREFUSED)},
		{Name: "watch, 410", Fault: Answer(http.StatusGone, "Expired", "too old resource version")},
		{Name: "watch, 429, Retry-After", Fault: Throttled(1)},
		{Name: "watch, 500", Fault: Answer(http.StatusInternalServerError, "InternalError", "an error on the server")},
		{Name: "watch lagging", Fault: Lagging(300 * time.Millisecond)},
	}
	for _, n := range after {
		kinds = append(kinds,
			Kind{Name: fmt.Sprintf("watch closed after %d events", n), Fault: Closed(n)},
			Kind{Name: fmt.Sprintf("watch cut after %d events", n), Fault: Cut(n)},
			Kind{Name: fmt.Sprintf("watch expired after %d events", n), Fault: Expired(n)})
	}
	for i := range kinds {
		kinds[i].Fits = watched
	}
	return kinds
}

// Strike makes the N-th call that fits its Kind go wrong, counted from 1, and no other. Its Inject
// belongs to one [Transport].
type Strike struct {
	Kind
	N int

	seen   atomic.Int64
	struck atomic.Bool
}

// Inject is one for [Transport.Inject].
func (s *Strike) Inject(_ int, c Call) Fault {
	if s.Fits(c) && s.seen.Add(1) == int64(s.N) {
		s.struck.Store(true)
		return s.Fault
	}
	return s.Else
}

// Struck reports whether there was such a call.
func (s *Strike) Struck() bool { return s.struck.Load() }

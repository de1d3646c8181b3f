package faults

import (
	"net/http"
	"sync"
)

// Transport is an [http.RoundTripper] that remembers calls and lets some go wrong. Its fields are
// set before the first call.
type Transport struct {
	Next http.RoundTripper
	// Inject, if set, says what becomes of the n-th call, counted from 1; nil lets it pass.
	// It is called for several calls at once, where a client makes them.
	Inject func(n int, c Call) Fault

	mu    sync.Mutex
	made  int
	calls []Call
}

// Fault is what becomes of a call, which next would carry out.
type Fault func(r *http.Request, next http.RoundTripper) (*http.Response, error)

// RoundTrip implements [http.RoundTripper].
func (t *Transport) RoundTrip(r *http.Request) (*http.Response, error) {
	c := CallOf(r)
	n := t.record(c)
	if t.Inject != nil {
		if fault := t.Inject(n, c); fault != nil {
			return fault(r, t.Next)
		}
	}
	return t.Next.RoundTrip(r)
}

func (t *Transport) record(c Call) (n int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.made++
	t.calls = append(t.calls, c)
	return t.made
}

// Take returns the calls since the last Take.
func (t *Transport) Take() []Call {
	t.mu.Lock()
	defer t.mu.Unlock()
	calls := t.calls
	t.calls = nil
	return calls
}

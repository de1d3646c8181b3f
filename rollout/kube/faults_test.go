package kube_test

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
)

// call is one request of a client, watches left out.
type call struct{ verb, resource, name string }

func (c call) String() string { return strings.TrimSuffix(c.verb+" "+c.resource+"/"+c.name, "/") }

func (c call) write() bool { return c.verb == "create" || c.verb == "patch" || c.verb == "delete" }

// faults is a transport that records calls and lets some go wrong. The zero value with next passes
// everything on.
type faults struct {
	next http.RoundTripper
	// inject answers the n-th call (from 1) in place of pass, which passes it on. Nil passes all on.
	inject func(n int, c call, pass func() (*http.Response, error)) (*http.Response, error)

	mu    sync.Mutex
	calls []call
	verbs []string // every verb and resource that was used
}

// RoundTrip implements http.RoundTripper.
func (f *faults) RoundTrip(r *http.Request) (*http.Response, error) {
	c := callOf(r)
	n := f.record(c)
	pass := func() (*http.Response, error) { return f.next.RoundTrip(r) }
	if f.inject == nil || c.verb == "watch" {
		return pass()
	}
	return f.inject(n, c, pass)
}

func (f *faults) record(c call) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	if use := c.verb + " " + c.resource; !slices.Contains(f.verbs, use) {
		f.verbs = append(f.verbs, use)
	}
	if c.verb != "watch" {
		f.calls = append(f.calls, c)
	}
	return len(f.calls)
}

// take returns the calls so far and forgets them.
func (f *faults) take() []call {
	f.mu.Lock()
	defer f.mu.Unlock()
	calls := f.calls
	f.calls = nil
	return calls
}

// callOf reads a path such as /apis/apps/v1/namespaces/default/replicasets/web-1.
func callOf(r *http.Request) call {
	_, rest, namespaced := strings.Cut(r.URL.Path, "/namespaces/default/")
	if !namespaced {
		rest = r.URL.Path[strings.LastIndex(r.URL.Path, "/")+1:]
	}
	resource, name, _ := strings.Cut(rest, "/")
	verb := map[string]string{"GET": "get", "POST": "create", "PATCH": "patch", "PUT": "update", "DELETE": "delete"}[r.Method]
	if verb == "get" && name == "" {
		verb = "list"
	}
	if r.URL.Query().Get("watch") != "" {
		verb = "watch"
	}
	if r.URL.Query().Get("dryRun") != "" {
		verb = "dry-run"
	}
	return call{verb, resource, name}
}

// refuse answers with a Status in place of the API server.
func refuse(code int, reason, message string) (*http.Response, error) {
	body := fmt.Sprintf(`{"kind":"Status","apiVersion":"v1","status":"Failure","reason":%q,"message":%q,"code":%d}`, reason, message, code)
	h := http.Header{"Content-Type": {"application/json"}}
	return &http.Response{StatusCode: code, Header: h, Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body))}, nil
}

// lose passes a call on and loses its answer.
func lose(pass func() (*http.Response, error), err error) (*http.Response, error) {
	if r, passErr := pass(); passErr == nil {
		r.Body.Close()
	}
	return nil, err
}

// timeout is what an http.Client says when its time is over.
type timeout struct{}

func (timeout) Error() string   { return "Client.Timeout exceeded while awaiting headers" }
func (timeout) Timeout() bool   { return true }
func (timeout) Temporary() bool { return true }

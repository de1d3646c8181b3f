package faults_test

import (
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gopawl/pawl/internal/faults"
)

// server answers with a body that counts the calls it has carried out.
type server struct {
	body func(n int) io.Reader

	mu   sync.Mutex
	done []string
}

func (s *server) carried() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.done)
}

func (s *server) RoundTrip(r *http.Request) (*http.Response, error) {
	sent := ""
	if r.Body != nil {
		data, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		sent = " " + string(data)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.done = append(s.done, r.Method+" "+r.URL.Path+sent)
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(s.body(len(s.done)))}, nil
}

func text(s string) func(int) io.Reader { return func(int) io.Reader { return strings.NewReader(s) } }

func request(t *testing.T, method, path, body string) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestCallIsReadFromItsRequest(t *testing.T) {
	for _, c := range []struct {
		method, path string
		want         faults.Call
	}{
		{"GET", "/apis/apps/v1/namespaces/default/replicasets?limit=500", faults.Call{"list", "replicasets", ""}},
		{"GET", "/apis/apps/v1/replicasets?watch=true", faults.Call{"watch", "replicasets", ""}},
		{"GET", "/apis/apps/v1/namespaces/default/replicasets/web-1", faults.Call{"get", "replicasets", "web-1"}},
		{"POST", "/api/v1/namespaces/default/pods", faults.Call{"create", "pods", ""}},
		{"POST", "/apis/apps/v1/namespaces/default/replicasets?dryRun=All", faults.Call{"dry-run", "replicasets", ""}},
		{"PUT", "/apis/apps/v1/namespaces/default/replicasets/web-1/scale", faults.Call{"update", "replicasets/scale", "web-1"}},
		{"PATCH", "/api/v1/namespaces/default", faults.Call{"patch", "namespaces", "default"}},
		{"DELETE", "/api/v1/namespaces/default/pods/web-1", faults.Call{"delete", "pods", "web-1"}},
		{"DELETE", "/api/v1/namespaces/default/pods", faults.Call{"deletecollection", "pods", ""}},
		{"GET", "/readyz", faults.Call{"list", "/readyz", ""}},
	} {
		if d := cmp.Diff(c.want, faults.CallOf(request(t, c.method, c.path, ""))); d != "" {
			t.Errorf("%s %s, -want +got:\n%s", c.method, c.path, d)
		}
	}
}

// Of each fault: what the client sees, and what the server has carried out, at once and later.
func TestFaults(t *testing.T) {
	const put, done = "sent", "PUT /x sent"
	for name, c := range map[string]struct {
		fault     faults.Fault
		err       error
		code      int
		body      string
		cut       bool // the body ends before its time
		now, late []string
		takes     time.Duration
	}{
		"passes":  {fault: nil, code: 200, body: "0123456789", now: []string{done}},
		"unsent":  {fault: faults.Unsent(syscall.ECONNREFUSED), err: syscall.ECONNREFUSED},
		"lost":    {fault: faults.Lost(faults.Timeout), err: faults.Timeout, now: []string{done}},
		"late":    {fault: faults.Late(time.Second, faults.Timeout), err: faults.Timeout, late: []string{done}},
		"delayed": {fault: faults.Delayed(time.Second), code: 200, body: "0123456789", now: []string{done}, takes: time.Second},
		"halved":  {fault: faults.Halved, code: 200, body: "01234", cut: true, now: []string{done}},
		"answer": {fault: faults.Answer(409, "Conflict", "no"), code: 409,
			body: `{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"no","reason":"Conflict","code":409}`},
		"denied": {fault: faults.Denied(504, "Timeout", "late"), code: 504, now: []string{done},
			body: `{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"late","reason":"Timeout","code":504}`},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &server{body: text("0123456789")}
				x := &faults.Transport{Next: s, Inject: func(int, faults.Call) faults.Fault { return c.fault }}
				begin := time.Now()
				resp, err := x.RoundTrip(request(t, http.MethodPut, "/x", put))
				if took := time.Since(begin); took != c.takes {
					t.Errorf("took %v", took)
				}
				if d := cmp.Diff(c.now, s.carried()); d != "" {
					t.Errorf("carried out at once, -want +got:\n%s", d)
				}
				if !errors.Is(err, c.err) {
					t.Errorf("error %v, want %v", err, c.err)
				}
				if err == nil {
					body, err := io.ReadAll(resp.Body)
					if resp.StatusCode != c.code || string(body) != c.body || errors.Is(err, io.ErrUnexpectedEOF) != c.cut {
						t.Errorf("got %d %s (%v), want %d %s", resp.StatusCode, body, err, c.code, c.body)
					}
				}
				time.Sleep(2 * time.Second)
				synctest.Wait()
				if d := cmp.Diff(append(c.now, c.late...), s.carried()); d != "" {
					t.Errorf("carried out in the end, -want +got:\n%s", d)
				}
			})
		})
	}
}

func TestThrottledSaysWhenToTryAgain(t *testing.T) {
	x := &faults.Transport{Inject: func(int, faults.Call) faults.Fault { return faults.Throttled(7) }}
	resp, err := x.RoundTrip(request(t, http.MethodGet, "/x", ""))
	if err != nil || resp.StatusCode != http.StatusTooManyRequests || resp.Header.Get("Retry-After") != "7" {
		t.Errorf("%+v, %v", resp, err)
	}
}

func TestWatchesEndAfterSomeEvents(t *testing.T) {
	const gone = `{"type":"ERROR","object":{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"too old resource version","reason":"Expired","code":410}}` + "\n"
	for name, c := range map[string]struct {
		fault faults.Fault
		want  string
		cut   bool
	}{
		"closed at once":     {fault: faults.Closed(0)},
		"closed":             {fault: faults.Closed(2), want: "one\ntwo\n"},
		"cut":                {fault: faults.Cut(1), want: "one\ntw", cut: true},
		"expired":            {fault: faults.Expired(1), want: "one\n" + gone},
		"ended before":       {fault: faults.Cut(9), want: "one\ntwo\nthree\n"},
		"lagging":            {fault: faults.Lagging(time.Second), want: "one\ntwo\nthree\n"},
		"lagging and closed": {fault: both(faults.Lagging(time.Second), faults.Closed(1)), want: "one\n"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				x := &faults.Transport{Next: &server{body: text("one\ntwo\nthree\n")}, Inject: func(int, faults.Call) faults.Fault { return c.fault }}
				resp, err := x.RoundTrip(request(t, http.MethodGet, "/x?watch=true", ""))
				if err != nil {
					t.Fatal(err)
				}
				got, err := io.ReadAll(resp.Body)
				if string(got) != c.want || errors.Is(err, io.ErrUnexpectedEOF) != c.cut || err != nil && !c.cut {
					t.Errorf("got %q (%v), want %q", got, err, c.want)
				}
			})
		})
	}
}

// both is one fault upon another.
func both(below, above faults.Fault) faults.Fault {
	return func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
		return above(r, &faults.Transport{Next: next, Inject: func(int, faults.Call) faults.Fault { return below }})
	}
}

func TestLaggingWatchIsLateAsAWhole(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		events, said := io.Pipe()
		x := &faults.Transport{Next: &server{body: func(int) io.Reader { return events }}, Inject: func(int, faults.Call) faults.Fault { return faults.Lagging(time.Second) }}
		resp, err := x.RoundTrip(request(t, http.MethodGet, "/x?watch=true", ""))
		if err != nil {
			t.Fatal(err)
		}
		begin := time.Now()
		go said.Write([]byte("one\ntwo\n"))
		for _, want := range []string{"one\n", "two\n"} {
			got := make([]byte, 4)
			if _, err := io.ReadFull(resp.Body, got); err != nil || string(got) != want {
				t.Errorf("got %q, %v", got, err)
			}
		}
		if took := time.Since(begin); took != time.Second {
			t.Errorf("two events at once are late by %v", took)
		}
	})
}

func TestPastIsGivenAgain(t *testing.T) {
	var past faults.Past
	s := &server{body: func(n int) io.Reader { return strings.NewReader(string(rune('0' + n))) }}
	script := []faults.Fault{past.First, past.Remember, past.Previous, past.First, past.Remember}
	x := &faults.Transport{Next: s, Inject: func(n int, _ faults.Call) faults.Fault { return script[n-1] }}
	var got []string
	for range script {
		resp, err := x.RoundTrip(request(t, http.MethodGet, "/api/v1/pods", ""))
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, string(body))
	}
	if d := cmp.Diff([]string{"1", "2", "2", "1", "3"}, got); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
}

func TestStrikeIsAtOneCall(t *testing.T) {
	lists := func(c faults.Call) bool { return c.Verb == "list" }
	strike := &faults.Strike{Kind: faults.Kind{Fits: lists, Fault: faults.Unsent(syscall.ECONNRESET)}, N: 2}
	x := &faults.Transport{Next: &server{body: text("")}, Inject: strike.Inject}
	var struck []int
	for n, path := range []string{"/api/v1/pods", "/api/v1/pods/a", "/api/v1/pods", "/api/v1/pods"} {
		if _, err := x.RoundTrip(request(t, http.MethodGet, path, "")); err != nil {
			struck = append(struck, n)
		}
	}
	if d := cmp.Diff([]int{2}, struck); d != "" || !strike.Struck() {
		t.Errorf("-want +got:\n%s", d)
	}
	if d := cmp.Diff([]string{"list pods", "get pods/a", "list pods", "list pods"}, names(x.Take())); d != "" || len(x.Take()) > 0 {
		t.Errorf("remembered, -want +got:\n%s", d)
	}
}

func names(calls []faults.Call) []string {
	var all []string
	for _, c := range calls {
		all = append(all, c.String())
	}
	return all
}

// A fault that nothing tells from another, or that no call can have, would only seem to be tried.
func TestKindsAreDistinctAndFit(t *testing.T) {
	seen := map[string]bool{}
	for _, k := range slices.Concat(faults.Kinds(), faults.Killed(func() {}), faults.WatchKinds(0, 3)) {
		fits := k.Fits(faults.Call{Verb: "list"}) || k.Fits(faults.Call{Verb: "patch"}) || k.Fits(faults.Call{Verb: "watch"})
		if seen[k.Name] || !fits || k.Fault == nil {
			t.Errorf("%q: twice, fitting nothing or without a fault", k.Name)
		}
		seen[k.Name] = true
	}
}

package gates_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gopawl/pawl/rollout"
	"github.com/gopawl/pawl/rollout/gates"
)

// through is a client whose requests a test answers.
type through func(*http.Request) (*http.Response, error)

func (f through) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestHTTP(t *testing.T) {
	server := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/204":
			w.WriteHeader(http.StatusNoContent)
		case "/post":
			http.Error(w, r.Method, http.StatusTeapot)
		case "/503":
			http.Error(w, "warming \x1b[31mup\n3 of 5", http.StatusServiceUnavailable)
		case "/404":
			w.WriteHeader(http.StatusNotFound)
		case "/long":
			http.Error(w, strings.Repeat("ü", 150), http.StatusInternalServerError)
		case "/moved":
			http.Redirect(w, r, "/204", http.StatusFound)
		}
	})
	client := &http.Client{Transport: through(func(r *http.Request) (*http.Response, error) {
		w := httptest.NewRecorder()
		server.ServeHTTP(w, r)
		return w.Result(), nil
	})}
	for path, want := range map[string]struct {
		answer rollout.Answer
		said   string
	}{
		"/":      {rollout.Open, "200 OK"},
		"/204":   {rollout.Open, "204 No Content"},
		"/moved": {rollout.Open, "204 No Content"},
		"/post":  {rollout.Pending, "418 I'm a teapot: GET"},
		"/503":   {rollout.Pending, "503 Service Unavailable: warming [31mup"},
		"/404":   {rollout.Pending, "404 Not Found"},
		"/long":  {rollout.Pending, "500 Internal Server Error: " + strings.Repeat("ü", 100)},
	} {
		v, err := gates.HTTP{URL: "http://web" + path, Every: time.Minute, Client: client}.Check(t.Context(), rollout.State{})
		retry := time.Minute
		if want.answer == rollout.Open {
			retry = 0
		}
		if err != nil || v != (rollout.Verdict{Answer: want.answer, Message: "http://web" + path + ": " + want.said, Retry: retry}) {
			t.Errorf("%s: %+v, %v", path, v, err)
		}
	}
}

func TestHTTPWithoutAnAnswerIsNotYet(t *testing.T) {
	refuses := through(func(*http.Request) (*http.Response, error) { return nil, errTest })
	g := gates.HTTP{URL: "http://user:secret@web/healthz", Client: &http.Client{Transport: refuses}}
	v, err := g.Check(t.Context(), rollout.State{})
	if err != nil || v != (rollout.Verdict{Message: "http://user:xxxxx@web/healthz: test"}) {
		t.Errorf("%+v, %v", v, err)
	}
}

func TestHTTPWaitsTwoSeconds(t *testing.T) {
	silent := through(func(r *http.Request) (*http.Response, error) {
		<-r.Context().Done()
		return nil, r.Context().Err()
	})
	drips := through(func(r *http.Request) (*http.Response, error) {
		body, w := io.Pipe()
		context.AfterFunc(r.Context(), func() { _ = w.CloseWithError(r.Context().Err()) })
		return &http.Response{Status: "500 Oh", StatusCode: 500, Body: body, Header: http.Header{}}, nil
	})
	for want, transport := range map[string]http.RoundTripper{
		"http://web/: no answer in 2s": silent,
		"http://web/: 500 Oh":          drips,
	} {
		synctest.Test(t, func(t *testing.T) {
			begun := time.Now()
			v, err := gates.HTTP{URL: "http://web/", Client: &http.Client{Transport: transport}}.Check(t.Context(), rollout.State{})
			if err != nil || v != (rollout.Verdict{Message: want}) || time.Since(begun) != 2*time.Second {
				t.Errorf("after %v: %+v, %v", time.Since(begun), v, err)
			}
		})
	}
}

func TestHTTPThatIsCalledOffHasNoVerdict(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	calledOff := through(func(r *http.Request) (*http.Response, error) {
		cancel()
		return nil, r.Context().Err()
	})
	v, err := gates.HTTP{URL: "http://web/", Client: &http.Client{Transport: calledOff}}.Check(ctx, rollout.State{})
	if !errors.Is(err, context.Canceled) || v != (rollout.Verdict{}) {
		t.Errorf("%+v, %v", v, err)
	}
}

func TestHTTPThatCannotBeAsked(t *testing.T) {
	for _, u := range []string{"", "web/healthz", "ftp://web/", "http://", "http://we b/", "http://web:x/", "/healthz"} {
		wantInvalid(t, "http.url", gates.HTTP{URL: u})
	}
	wantInvalid(t, "http.every", gates.HTTP{URL: "http://web/", Every: -1})
}

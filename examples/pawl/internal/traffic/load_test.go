package traffic

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"
)

// Each way in which a server can fail is seen, and none is taken for another's fault.
func TestLoadCountsWhatServersDo(t *testing.T) {
	answer := func(w http.ResponseWriter) { fmt.Fprintln(w, "This is v1 running in pod web-1") }
	for _, test := range []struct {
		name   string
		handle func(w http.ResponseWriter, n int64) // n counts from 1
		right  func(Tally) bool
	}{
		{"answers", func(w http.ResponseWriter, _ int64) { answer(w) }, func(o Tally) bool { return o.Failed == 0 && o.Fresh < o.Requests }},
		{"says goodbye each time", func(w http.ResponseWriter, _ int64) {
			w.Header().Set("Connection", "close")
			answer(w)
		}, func(o Tally) bool { return o.Failed == 0 && o.Fresh == o.Requests }},
		{"is not ready once", func(w http.ResponseWriter, n int64) {
			if n == 3 {
				w.WriteHeader(http.StatusServiceUnavailable)
			}
			answer(w)
		}, func(o Tally) bool { return o.Failed == 1 && o.Errors["status 503 Service Unavailable"] == 1 }},
		{"breaks one connection without an answer", func(w http.ResponseWriter, n int64) {
			if n == 3 {
				panic(http.ErrAbortHandler)
			}
			answer(w)
		}, func(o Tally) bool { return o.Failed == 1 }},
		{"breaks one connection in an answer", func(w http.ResponseWriter, n int64) {
			if n == 3 {
				w.Header().Set("Content-Length", "1000")
				answer(w)
				panic(http.ErrAbortHandler)
			}
			answer(w)
		}, func(o Tally) bool { return o.Failed == 1 }},
		{"talks about something else", func(w http.ResponseWriter, _ int64) {
			fmt.Fprintln(w, "hello")
		}, func(o Tally) bool { return o.Failed == o.Requests && len(o.Versions) == 0 }},
	} {
		t.Run(test.name, func(t *testing.T) {
			var n atomic.Int64
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { test.handle(w, n.Add(1)) }))
			defer server.Close()
			run := Load{Address: server.Listener.Addr().String(), Kept: 3, Fresh: 3}.Start()
			for n.Load() < 50 {
				time.Sleep(time.Millisecond)
			}
			o := run.Stop()
			if o.Requests != int(n.Load()) {
				t.Errorf("%d requests counted, %d arrived", o.Requests, n.Load())
			}
			if v := o.Versions["v1"]; v.Answers+o.Failed != o.Requests || v.Pods["web-1"] != v.Answers {
				t.Errorf("%+v and %d failures of %d requests", v, o.Failed, o.Requests)
			}
			if !test.right(o) {
				t.Errorf("%v", o)
			}
		})
	}
}

// A kept connection that the server closes without a word costs a request, which Go's own client would
// quietly send again.
func TestLoadSendsNothingTwice(t *testing.T) {
	var arrived atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { arrived.Add(1) }))
	defer server.Close()
	c := client{address: server.Listener.Addr().String(), keep: true}
	defer c.hangUp()
	for i, step := range []struct {
		fails   bool
		arrived int64
	}{{false, 1}, {false, 2}, {true, 2}, {false, 3}} {
		if step.fails {
			server.CloseClientConnections()
		}
		if _, err := c.get(); (err != nil) != step.fails || arrived.Load() != step.arrived {
			t.Errorf("request %d: error %v, %d have arrived", i+1, err, arrived.Load())
		}
	}
}

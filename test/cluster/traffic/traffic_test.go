package traffic

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"
)

// Each way in which a server can fail is seen, and none is taken for another's fault.
func TestLoadCountsWhatServersDo(t *testing.T) {
	answer := func(w http.ResponseWriter) { fmt.Fprintln(w, "This is v1 running in pod web-1") }
	abort := func() { panic(http.ErrAbortHandler) }
	for _, test := range []struct {
		name   string
		handle func(w http.ResponseWriter, n int64) // n counts from 1
		failed func(Tally) bool
	}{
		{"answers", func(w http.ResponseWriter, _ int64) { answer(w) }, func(o Tally) bool { return o.Failed == 0 }},
		{"says goodbye each time", func(w http.ResponseWriter, _ int64) {
			w.Header().Set("Connection", "close")
			answer(w)
		}, func(o Tally) bool { return o.Failed == 0 && o.Fresh == o.Requests }},
		{"is not ready once", func(w http.ResponseWriter, n int64) {
			if n == 3 {
				w.WriteHeader(http.StatusServiceUnavailable)
			}
			answer(w)
		}, func(o Tally) bool { return o.Failed == 1 }},
		{"breaks one connection without an answer", func(w http.ResponseWriter, n int64) {
			if n == 3 {
				abort()
			}
			answer(w)
		}, func(o Tally) bool { return o.Failed == 1 }},
		{"breaks one connection in an answer", func(w http.ResponseWriter, n int64) {
			if n == 3 {
				w.Header().Set("Content-Length", "1000")
				answer(w)
				abort()
			}
			answer(w)
		}, func(o Tally) bool { return o.Failed == 1 }},
		{"talks about something else", func(w http.ResponseWriter, _ int64) {
			fmt.Fprintln(w, "hello")
		}, func(o Tally) bool { return o.Failed == o.Requests && len(o.Pods) == 0 }},
	} {
		t.Run(test.name, func(t *testing.T) {
			var n atomic.Int64
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { test.handle(w, n.Add(1)) }))
			defer server.Close()
			o := run(server.Listener.Addr().String(), func(r *Run) bool { return n.Load() >= 50 })
			if o.Requests != int(n.Load()) {
				t.Errorf("%d requests counted, %d arrived", o.Requests, n.Load())
			}
			if answers := o.Versions["v1"].Answers; answers+o.Failed != o.Requests || o.Pods["web-1"] != answers {
				t.Errorf("%d answers and %d failures of %d requests; by pod %v", answers, o.Failed, o.Requests, o.Pods)
			}
			if !test.failed(o) {
				t.Errorf("%d requests, %d on new connections, %d failed: %v", o.Requests, o.Fresh, o.Failed, o.Errors())
			}
		})
	}
}

// A kept connection that the server closes without a word costs a request, which Go's own client would
// quietly send again.
func TestLoadSendsNothingTwice(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintln(w, "This is v1 running in pod web-1")
	}))
	defer server.Close()
	load := Load{Address: server.Listener.Addr().String(), Dial: new(net.Dialer).DialContext, Kept: 1, Pause: 100 * time.Millisecond}
	r := load.Start()
	wait(func() bool { requests, _ := r.SoFar(); return requests == 1 })
	server.CloseClientConnections()
	wait(func() bool { requests, _ := r.SoFar(); return requests == 3 })
	if o := r.Stop(); o.Failed != 1 || o.Fresh != 2 {
		t.Errorf("%d failed, %d connections; want 1 and 2: %v", o.Failed, o.Fresh, o.Errors())
	}
}

func TestLoadMeasuresTheGap(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	listener.Close()
	begin := time.Now()
	o := run(address, func(r *Run) bool { requests, _ := r.SoFar(); return requests >= 20 })
	if o.Failed != o.Requests || o.Fresh != o.Requests {
		t.Errorf("%d of %d failed, where nobody listens", o.Failed, o.Requests)
	}
	if all := time.Since(begin); o.LongestGap <= 0 || o.LongestGap > all {
		t.Errorf("a gap of %v in %v", o.LongestGap, all)
	}
}

// run sends requests from three workers that keep their connections, and three that do not.
func run(address string, enough func(*Run) bool) Tally {
	r := Load{Address: address, Dial: new(net.Dialer).DialContext, Kept: 3, Fresh: 3, Pause: time.Millisecond}.Start()
	wait(func() bool { return enough(r) })
	return r.Stop()
}

func wait(ok func() bool) {
	for !ok() {
		time.Sleep(time.Millisecond)
	}
}

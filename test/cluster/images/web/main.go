// Command web is the web server in the images of the tests. On / it says its version
// and its pod; /ready and /live are for probes. The environment directs it:
//
//	VERSION      the version that it says; the image sets it
//	READY_DELAY  for so long after the start it is not ready
//	NEVER_READY  if set, it is not ready at all
//	CRASH_AFTER  so long after the start it ends with exit code 3; not set means never
//	DRAIN        for so long after SIGTERM it serves on, not being ready, and ends when nobody is
//	             connected any more; not set means that it ends at once, and breaks connections
package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"
	"time"
)

func main() {
	if err := serve(); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}

func serve() error {
	startUp, err := duration("READY_DELAY")
	if err != nil {
		return err
	}
	crash, err := duration("CRASH_AFTER")
	if err != nil {
		return err
	}
	drain, err := duration("DRAIN")
	if err != nil {
		return err
	}
	s := site{version: os.Getenv("VERSION"), pod: os.Getenv("HOSTNAME")}
	if os.Getenv("NEVER_READY") == "" {
		time.AfterFunc(startUp, func() { s.ready.Store(true) })
	}
	if os.Getenv("CRASH_AFTER") != "" {
		time.AfterFunc(crash, func() {
			fmt.Println("crashing, as CRASH_AFTER says")
			os.Exit(3)
		})
	}
	server := &http.Server{Addr: ":8080", Handler: s.handler()}
	drained := make(chan error, 1)
	go func() { drained <- s.end(server, drain) }()
	fmt.Println("serving", s.version, "in", s.pod)
	if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return <-drained
}

// duration is that of an environment variable, zero where it is not set.
func duration(name string) (time.Duration, error) {
	value := os.Getenv(name)
	if value == "" {
		return 0, nil
	}
	d, err := time.ParseDuration(value)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", name, err)
	}
	return d, nil
}

type site struct {
	version, pod    string
	ready, draining atomic.Bool
}

func (s *site) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		if s.draining.Load() {
			// Whoever keeps the connection is told to open another one: closed without
			// a word, it would cost the request that is on its way.
			w.Header().Set("Connection", "close")
		}
		fmt.Fprintf(w, "This is %s running in pod %s\n", s.version, s.pod)
	})
	mux.HandleFunc("/live", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("/ready", func(w http.ResponseWriter, _ *http.Request) {
		if !s.ready.Load() || s.draining.Load() {
			http.Error(w, "not ready", http.StatusServiceUnavailable)
		}
	})
	return mux
}

// end waits for SIGTERM and ends the server as DRAIN says.
func (s *site) end(server *http.Server, drain time.Duration) error {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT)
	<-signals
	if drain == 0 {
		os.Exit(0)
	}
	s.draining.Store(true)
	time.Sleep(drain) // until nobody sends new connections here
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	return server.Shutdown(ctx)
}

package cluster

import (
	"context"
	"errors"
	"os"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestStopLeavesNothing(t *testing.T) {
	bin, err := Build(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	before := runtime.NumGoroutine()
	c, err := Start(t.Context(), Options{Nodes: 1, Bin: bin})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(c.Stop(), c.Stop()); err != nil {
		t.Error(err)
	}
	for _, p := range c.procs.all {
		if err := syscall.Kill(-p.cmd.Process.Pid, 0); !errors.Is(err, syscall.ESRCH) {
			t.Errorf("%s is still there: %v", p.name, err)
		}
	}
	if _, err := os.Stat(c.dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%s is still there: %v", c.dir, err)
	}
	if !within(10*time.Second, func() bool { return runtime.NumGoroutine() <= before }) {
		stacks := make([]byte, 1<<20)
		t.Errorf("%d goroutines, %d before:\n%s", runtime.NumGoroutine(), before, stacks[:runtime.Stack(stacks, true)])
	}
}

func TestStartSaysWhatAComponentDiedOf(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir()) // the logs stay
	for _, test := range []struct {
		options Options
		want    string
	}{
		{Options{APIServer: []string{"--no-such-flag"}}, "kube-apiserver ended: exit status 1"},
		{Options{ControllerManager: []string{"--no-such-flag"}}, "kube-controller-manager ended: exit status 1"},
	} {
		c, err := Start(t.Context(), test.options)
		if err == nil {
			c.Stop()
			t.Fatal("it starts")
		}
		for _, want := range []string{test.want, "unknown flag: --no-such-flag", ".log:\n"} {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("got %q, want %q in it", err, want)
			}
		}
	}
}

func TestStopReportsAComponentThatEndedBefore(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	c, err := Start(t.Context(), Options{Nodes: -1})
	if err != nil {
		t.Fatal(err)
	}
	scheduler := c.procs.all[len(c.procs.all)-1]
	if err := scheduler.cmd.Process.Kill(); err != nil {
		t.Error(err)
	}
	<-scheduler.ended
	if err := c.Stop(); err == nil || !strings.Contains(err.Error(), "kube-scheduler ended: signal: killed") {
		t.Errorf("got %v", err)
	}
	if _, err := os.Stat(scheduler.log); err != nil {
		t.Errorf("the log is gone: %v", err)
	}
}

func TestStartGivesUpWithItsContext(t *testing.T) {
	bin, err := Build(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("TMPDIR", t.TempDir())
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if c, err := Start(ctx, Options{Bin: bin}); !errors.Is(err, context.DeadlineExceeded) {
		if err == nil {
			c.Stop()
		}
		t.Errorf("got %v", err)
	}
}

func TestBuildsExcludeOneAnother(t *testing.T) {
	path := t.TempDir() + "/new/lock"
	unlock, err := lock(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := lock(ctx, path); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("second lock: %v", err)
	}
	unlock()
	unlock, err = lock(t.Context(), path)
	if err != nil {
		t.Fatalf("after unlock: %v", err)
	}
	unlock()
}

func within(d time.Duration, ok func() bool) bool {
	for end := time.Now().Add(d); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if ok() {
			return true
		}
	}
	return false
}

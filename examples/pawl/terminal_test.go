//go:build unix

package main_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"
)

// binary is the command as users have it, built once.
var binary = sync.OnceValues(func() (string, error) {
	path := filepath.Join(scratch, "pawl")
	out, err := exec.Command("go", "build", "-o", path, ".").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, out)
	}
	return path, nil
})

// scratch is the folder of the binary.
var scratch string

func TestMain(m *testing.M) {
	var err error
	if scratch, err = os.MkdirTemp("", "pawl-test"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	os.RemoveAll(scratch)
	os.Exit(code)
}

// terminal is where commands are typed that share one state file.
type terminal struct {
	binary, dir, state string
}

func newTerminal(t *testing.T) terminal {
	t.Helper()
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	return terminal{path, dir, filepath.Join(dir, "cluster")}
}

// write makes a file with a manifest of the app web.
func (w terminal) write(t *testing.T, file, manifest string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(w.dir, file), []byte(manifest), 0o600); err != nil {
		t.Fatal(err)
	}
}

// process is one command that was started.
type process struct {
	*exec.Cmd
	line     []string
	begun    time.Time
	out, err *lines
	ended    chan error
}

// lines are what a process wrote so far.
type lines struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// start starts a command in a process group of its own, that ends with the test at the latest.
func (w terminal) start(t *testing.T, args ...string) *process {
	t.Helper()
	p := &process{
		Cmd: exec.Command(w.binary, append([]string{"--state", w.state}, args...)...), line: args,
		begun: time.Now(), out: &lines{}, err: &lines{}, ended: make(chan error, 1),
	}
	p.Dir, p.Stdout, p.Stderr = w.dir, p.out, p.err
	p.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { p.ended <- p.Wait() }()
	t.Cleanup(func() { p.kill() })
	return p
}

// signal reaches the whole group; false is that nobody is left in it.
func (p *process) signal(s syscall.Signal) bool { return syscall.Kill(-p.Process.Pid, s) == nil }

// kill ends it if it still runs, which it reports.
func (p *process) kill() bool {
	p.signal(syscall.SIGKILL)
	err := <-p.ended
	p.ended <- err
	var exit *exec.ExitError
	return errors.As(err, &exit) && !exit.Exited()
}

// wait waits for the end, and returns the error of another exit code than 0.
func (p *process) wait(ctx context.Context) error {
	select {
	case err := <-p.ended:
		p.ended <- err
		if err != nil {
			return fmt.Errorf("pawl %v: %w\n%s%s", p.line, err, p.out, p.err)
		}
		return nil
	case <-ctx.Done():
		return fmt.Errorf("pawl %v has not ended after %v\n%s%s", p.line, time.Since(p.begun), p.out, p.err)
	}
}

// finish runs a command to its end, which must be a good one.
func (w terminal) finish(t *testing.T, args ...string) (*process, time.Duration) {
	t.Helper()
	p := w.start(t, args...)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := p.wait(ctx); err != nil {
		t.Fatal(err)
	}
	return p, time.Since(p.begun)
}

package cluster

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"syscall"
	"time"
)

// errPortTaken says that a port that was free when it was chosen no longer was.
var errPortTaken = errors.New("port taken")

// processes are children that live and end together.
type processes struct {
	dir  string // their working directory and home
	logs string // directory of their output, a file each

	forks chan func() // run by the one thread that the children die with

	mu  sync.Mutex
	all []*process
}

type process struct {
	name, log string
	line      []string // the program and its arguments
	cmd       *exec.Cmd
	ended     chan struct{} // closed when cmd.ProcessState says how
	killed    bool          // on purpose, before stop; under the lock of processes
}

// newProcesses takes a thread for itself until stop: the children die with the thread
// that forked them, and no other goroutine can end a thread that one is locked to.
func newProcesses(dir, logs string) *processes {
	p := &processes{dir: dir, logs: logs, forks: make(chan func())}
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		for fork := range p.forks {
			fork()
		}
	}()
	return p
}

// start starts a child. It sees none of this process's environment, where ETCD_ or a
// proxy's variables, or a configuration in the user's home, would change what it does.
func (p *processes) start(name, program string, args ...string) error {
	child, err := p.fork(name, append([]string{program}, args...))
	if err != nil {
		return fmt.Errorf("start %s: %w", name, err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.all = append(p.all, child)
	return nil
}

// fork appends to the log that an earlier child of the name has left.
func (p *processes) fork(name string, line []string) (*process, error) {
	out, err := os.OpenFile(filepath.Join(p.logs, name+".log"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o666)
	if err != nil {
		return nil, err
	}
	defer out.Close()
	cmd := exec.Command(line[0], line[1:]...)
	cmd.Dir, cmd.Env = p.dir, []string{"HOME=" + p.dir, "TMPDIR=" + p.dir, "PATH=" + os.Getenv("PATH")}
	cmd.Stdout, cmd.Stderr = out, out
	cmd.SysProcAttr = childAttr()
	result := make(chan error)
	p.forks <- func() { result <- cmd.Start() }
	if err := <-result; err != nil {
		return nil, err
	}
	child := &process{name: name, line: line, log: out.Name(), cmd: cmd, ended: make(chan struct{})}
	go func() {
		cmd.Wait()
		close(child.ended)
	}()
	return child, nil
}

// await calls look until it returns nil. It gives up when ctx ends or a child does,
// which it sees between two looks, each of at most 5 s.
func (p *processes) await(ctx context.Context, what string, look func(context.Context) error) error {
	for {
		lookCtx, cancel := context.WithTimeout(ctx, 5*time.Second)
		err := look(lookCtx)
		cancel()
		if err == nil {
			return nil
		}
		if dead := p.dead(); dead != nil {
			return dead
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s: %w; last: %w\n%s", what, context.Cause(ctx), err, p.tails())
		case <-time.After(25 * time.Millisecond):
		}
	}
}

// dead returns an error that names the first child that has ended by itself, and its last words.
func (p *processes) dead() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, child := range p.all {
		if child.hasEnded() && !child.killed {
			return child.obituary()
		}
	}
	return nil
}

func (p *process) hasEnded() bool {
	select {
	case <-p.ended:
		return true
	default:
		return false
	}
}

// signal sends a signal to a child and its own children.
func (p *process) signal(s syscall.Signal) error { return syscall.Kill(-p.cmd.Process.Pid, s) }

func (p *process) obituary() error {
	tail := p.tail()
	how := error(errors.New(p.cmd.ProcessState.String()))
	if bytes.Contains(tail, []byte("address already in use")) {
		how = fmt.Errorf("%w, %w", how, errPortTaken)
	}
	return fmt.Errorf("%s ended: %w; last lines of %s:\n%s", p.name, how, p.log, tail)
}

func (p *processes) tails() []byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	var all bytes.Buffer
	for _, child := range p.all {
		fmt.Fprintf(&all, "last lines of %s:\n%s", child.log, child.tail())
	}
	return all.Bytes()
}

func (p *process) tail() []byte {
	data, err := os.ReadFile(p.log)
	if err != nil {
		return []byte(err.Error())
	}
	return lastLines(data)
}

// lastLines returns at most ten lines, each with its line feed.
func lastLines(data []byte) []byte {
	lines := bytes.SplitAfter(bytes.TrimRight(data, "\n"), []byte("\n"))
	return append(bytes.Join(lines[max(0, len(lines)-10):], nil), '\n')
}

// stop kills the children, waits for each, and reports those that had ended by themselves.
// Nothing here is worth a graceful end, for which the API server alone takes 5 s.
func (p *processes) stop() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	var errs []error
	for _, child := range p.all {
		switch {
		case !child.hasEnded():
			child.signal(syscall.SIGKILL)
		case !child.killed:
			errs = append(errs, child.obituary())
		}
	}
	for _, child := range p.all {
		<-child.ended
	}
	close(p.forks)
	return errors.Join(errs...)
}

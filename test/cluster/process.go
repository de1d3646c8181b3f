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
	all   []*process
}

type process struct {
	name, log string
	cmd       *exec.Cmd
	ended     chan struct{} // closed when cmd.ProcessState says how
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
	out, err := os.Create(filepath.Join(p.logs, name+".log"))
	if err != nil {
		return fmt.Errorf("start %s: %w", name, err)
	}
	defer out.Close()
	cmd := exec.Command(program, args...)
	cmd.Dir, cmd.Env = p.dir, []string{"HOME=" + p.dir, "TMPDIR=" + p.dir, "PATH=" + os.Getenv("PATH")}
	cmd.Stdout, cmd.Stderr = out, out
	cmd.SysProcAttr = childAttr()
	result := make(chan error)
	p.forks <- func() { result <- cmd.Start() }
	if err := <-result; err != nil {
		return fmt.Errorf("start %s: %w", name, err)
	}
	child := &process{name: name, log: out.Name(), cmd: cmd, ended: make(chan struct{})}
	p.all = append(p.all, child)
	go func() {
		cmd.Wait()
		close(child.ended)
	}()
	return nil
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

// dead returns an error that names the first child that has ended, and its last words.
func (p *processes) dead() error {
	for _, child := range p.all {
		select {
		case <-child.ended:
			return child.obituary()
		default:
		}
	}
	return nil
}

func (p *process) obituary() error {
	tail := p.tail()
	how := error(errors.New(p.cmd.ProcessState.String()))
	if bytes.Contains(tail, []byte("address already in use")) {
		how = fmt.Errorf("%w, %w", how, errPortTaken)
	}
	return fmt.Errorf("%s ended: %w; last lines of %s:\n%s", p.name, how, p.log, tail)
}

func (p *processes) tails() []byte {
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

// stop kills the children, waits for each, and reports those that had ended before.
// Nothing here is worth a graceful end, for which the API server alone takes 5 s.
func (p *processes) stop() error {
	var errs []error
	for _, child := range p.all {
		select {
		case <-child.ended:
			errs = append(errs, child.obituary())
		default:
			syscall.Kill(-child.cmd.Process.Pid, syscall.SIGKILL)
		}
	}
	for _, child := range p.all {
		<-child.ended
	}
	close(p.forks)
	return errors.Join(errs...)
}

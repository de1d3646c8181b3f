package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/gopawl/pawl/test/cluster"
)

// claim is the file that says which process runs the cluster in the background. That process holds
// the file's lock, so a file that nobody locks is an old one.
func claim() (*os.File, error) {
	dir, err := cluster.CacheDir()
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	return os.OpenFile(filepath.Join(dir, "background"), os.O_RDWR|os.O_CREATE, 0o644)
}

// locked takes the lock, or says that another process has it.
func locked(f *os.File) (taken bool, err error) {
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return true, nil
	}
	return false, err
}

// start runs "up" in a process of its own, and returns when its cluster is ready. Where one runs
// already, start says again how to use it.
func start(args []string) error {
	f, err := claim()
	if err != nil {
		return err
	}
	defer f.Close()
	switch taken, err := locked(f); {
	case err != nil:
		return err
	case taken:
		return sayAgain(f)
	}
	return spawn(f, args)
}

func sayAgain(f *os.File) error {
	_, line, err := running(f)
	if err != nil {
		return err
	}
	if line == "" {
		return errors.New("the cluster is being started")
	}
	fmt.Println(line)
	return nil
}

// spawn starts the process, which holds the lock from then on, and says how to use its cluster.
func spawn(f *os.File, args []string) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	log, err := os.Create(f.Name() + ".log")
	if err != nil {
		return err
	}
	defer log.Close()
	child := exec.Command(self, append([]string{"up"}, args...)...)
	child.Stderr = log
	child.ExtraFiles = []*os.File{f} // with its lock
	child.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	out, err := child.StdoutPipe()
	if err != nil {
		return err
	}
	if err := child.Start(); err != nil {
		return err
	}
	pid := fmt.Appendln(nil, child.Process.Pid)
	if err := errors.Join(f.Truncate(0), write(f, pid)); err != nil {
		return errors.Join(err, child.Process.Kill())
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil { // it has ended
		said, _ := os.ReadFile(log.Name())
		return fmt.Errorf("the cluster did not start: %w\n%s", child.Wait(), said)
	}
	fmt.Print(line)
	return write(f, append(pid, line...))
}

func write(f *os.File, data []byte) error {
	_, err := f.WriteAt(data, 0)
	return err
}

// running returns the process that runs the cluster, and the line that says how to use it, once it is
// ready.
func running(f *os.File) (pid int, line string, err error) {
	data, err := io.ReadAll(io.NewSectionReader(f, 0, 1<<16))
	if err != nil {
		return 0, "", err
	}
	first, line, _ := strings.Cut(strings.TrimSpace(string(data)), "\n")
	if pid, err = strconv.Atoi(first); err != nil {
		return 0, "", fmt.Errorf("%s: no process that holds its lock: %w", f.Name(), err)
	}
	return pid, line, nil
}

// stop ends the cluster that start left, and returns when nothing is left of it.
func stop(ctx context.Context) error {
	f, err := claim()
	if err != nil {
		return err
	}
	defer f.Close()
	switch taken, err := locked(f); {
	case err != nil:
		return err
	case !taken:
		fmt.Println("no cluster runs in the background")
		return nil
	}
	pid, _, err := running(f)
	if err != nil {
		return err
	}
	if err := syscall.Kill(pid, syscall.SIGTERM); err != nil {
		return fmt.Errorf("process %d: %w", pid, err)
	}
	for {
		if taken, err := locked(f); err != nil || !taken {
			return errors.Join(err, f.Truncate(0))
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("process %d has yet to end: %w", pid, ctx.Err())
		case <-time.After(50 * time.Millisecond):
		}
	}
}

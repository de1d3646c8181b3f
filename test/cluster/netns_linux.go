package cluster

import (
	"fmt"
	"os"
	"runtime"

	"golang.org/x/sys/unix"
)

// netns is a network namespace. It goes, with the interfaces in it, when it is closed
// or this process ends, and the processes in it have ended.
type netns struct {
	file, home *os.File // home is that of this process
}

func newNetns() (*netns, error) {
	n := &netns{}
	err := onThread(func() (restore func() error, err error) {
		if n.home, err = os.Open("/proc/thread-self/ns/net"); err != nil {
			return nil, err
		}
		if err = unix.Unshare(unix.CLONE_NEWNET); err != nil {
			return nil, os.NewSyscallError("unshare", err)
		}
		n.file, err = os.Open("/proc/thread-self/ns/net")
		return n.goHome, err
	})
	if err != nil {
		return nil, fmt.Errorf("network namespace: %w", err)
	}
	return n, nil
}

// do calls f on a thread in the namespace: what f opens belongs to it.
func (n *netns) do(f func() error) error {
	return onThread(func() (func() error, error) {
		if err := unix.Setns(int(n.file.Fd()), unix.CLONE_NEWNET); err != nil {
			return nil, os.NewSyscallError("setns", err)
		}
		return n.goHome, f()
	})
}

func (n *netns) goHome() error { return unix.Setns(int(n.home.Fd()), unix.CLONE_NEWNET) }

// onThread calls f with a thread to itself, which others get only when it is as it was before.
func onThread(f func() (restore func() error, err error)) error {
	done := make(chan error)
	go func() {
		runtime.LockOSThread()
		restore, err := f()
		if restore == nil || restore() == nil {
			runtime.UnlockOSThread()
		} // or else the thread ends with this goroutine
		done <- err
	}()
	return <-done
}

// path is the namespace for other processes, such as nsenter and ip, while this one lives.
func (n *netns) path() string { return fmt.Sprintf("/proc/%d/fd/%d", os.Getpid(), n.file.Fd()) }

func (n *netns) close() {
	n.file.Close()
	n.home.Close()
}

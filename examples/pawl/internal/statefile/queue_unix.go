//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package statefile

import (
	"errors"
	"os"
	"syscall"
	"time"

	bolterrors "go.etcd.io/bbolt/errors"
)

// openInTurn opens a file and waits for its lock in the kernel's queue. bbolt, which asks for the
// same lock then, would only look for it now and then, and might never come between the
// transactions of a process that writes all the time.
func openInTurn(name string, flag int, perm os.FileMode) (*os.File, error) {
	f, err := os.OpenFile(name, flag, perm)
	if err != nil {
		return nil, err
	}
	how := syscall.LOCK_EX
	if flag&(os.O_WRONLY|os.O_RDWR) == 0 {
		how = syscall.LOCK_SH
	}
	if err := flock(f, how|syscall.LOCK_NB); !errors.Is(err, syscall.EWOULDBLOCK) {
		return f, nil // bbolt says what is wrong, if something is
	}
	locked := make(chan error, 1)
	go func() { locked <- flock(f, how) }()
	late := time.NewTimer(patience)
	defer late.Stop()
	select {
	case <-locked:
		return f, nil
	case <-late.C:
		go func() { // such a wait cannot be broken off
			<-locked
			f.Close()
		}()
		return nil, bolterrors.ErrTimeout
	}
}

func flock(f *os.File, how int) error {
	for {
		if err := syscall.Flock(int(f.Fd()), how); !errors.Is(err, syscall.EINTR) {
			return err
		}
	}
}

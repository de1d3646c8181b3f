package cli

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"syscall"
)

// signalError is why a context has ended: the user, or the system, wants the process to.
type signalError struct{ syscall.Signal }

func (e *signalError) Error() string { return e.String() }

// Is makes it a cancellation like any other.
func (e *signalError) Is(target error) bool { return target == context.Canceled }

// interruptible is a context that ends with the first signal to stop. A second one ends the process
// as if nobody had listened.
func interruptible() (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(context.Background())
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		select {
		case s := <-signals:
			signal.Stop(signals)
			number, _ := s.(syscall.Signal)
			cancel(&signalError{number})
		case <-ctx.Done():
		}
	}()
	return ctx, func() {
		signal.Stop(signals)
		cancel(nil)
	}
}

// interrupted is the exit code of a shell's child that a signal ended: 130 after Ctrl-C.
func interrupted(ctx context.Context) int {
	number := syscall.SIGINT
	if by := (*signalError)(nil); errors.As(context.Cause(ctx), &by) {
		number = by.Signal
	}
	return 128 + int(number)
}

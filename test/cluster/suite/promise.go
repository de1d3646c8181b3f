package suite

import (
	"errors"
	"fmt"
)

// Promise is what a rollout keeps to at every moment.
type Promise struct {
	Floor   int   // at least so many pods are available
	Ceiling int32 // at most so many replicas are asked for
}

// The ways to break a Promise.
var (
	ErrFloor   = errors.New("floor broken")
	ErrCeiling = errors.New("ceiling broken")
)

// Judge returns what was seen to be broken of a promise: ErrFloor, ErrCeiling or both. It is an error
// too to have seen fewer than two moments, of which nothing can be said.
func (p Promise) Judge(b Bounds) error {
	var errs []error
	if b.Available < p.Floor {
		errs = append(errs, fmt.Errorf("%w: %d available, at least %d promised", ErrFloor, b.Available, p.Floor))
	}
	if b.Asked > p.Ceiling {
		errs = append(errs, fmt.Errorf("%w: %d asked for, at most %d promised", ErrCeiling, b.Asked, p.Ceiling))
	}
	if b.Moments < 2 {
		errs = append(errs, fmt.Errorf("%d moments seen", b.Moments))
	}
	return errors.Join(errs...)
}

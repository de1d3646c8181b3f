package rollout_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gopawl/pawl/rollout"
)

type refusal struct{ error }

func (r refusal) Unwrap() error { return r.error }
func (refusal) Doubtful() bool  { return true }

// A refusal at the first look is believed. One in the middle is not, before it has come for a while.
func TestRunDoubtsASuddenRefusal(t *testing.T) {
	for name, c := range map[string]struct {
		from, to int // the looks that are refused
		ends     bool
		atLeast  time.Duration
	}{
		"at once":               {1, 1000, true, 0},
		"in the middle":         {2, 5, false, 0},
		"for good":              {2, 1000, true, 10 * time.Second},
		"after another failure": {3, 1000, true, 10 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				begin := time.Now()
				w := &workload{observe: func(n int) error {
					switch {
					case n >= c.from && n <= c.to:
						return refusal{errTest}
					case n == 2: // longer than a refusal is doubted for
						return &rollout.TransientError{Err: errTest, After: time.Minute}
					}
					return nil
				}}
				_, err := (&rollout.Engine{Poll: time.Second}).Run(t.Context(), w, inTurn(steps(), complete))
				var gaveUp *rollout.GaveUpError
				if errors.Is(err, errTest) != c.ends || errors.As(err, &gaveUp) || !c.ends && err != nil {
					t.Errorf("ends with %v, want a refusal: %v", err, c.ends)
				}
				if took := time.Since(begin); took < c.atLeast || took > c.atLeast+2*time.Minute || c.from == 1 && took > 0 {
					t.Errorf("took %v, want at least %v", took, c.atLeast)
				}
			})
		})
	}
}

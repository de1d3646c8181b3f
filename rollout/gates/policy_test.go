package gates_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gopawl/pawl/rollout"
	"github.com/gopawl/pawl/rollout/gates"
)

type doubtful struct{ error }

func (doubtful) Doubtful() bool { return true }

var policies = map[string]func(rollout.Gate) rollout.Gate{
	"abort":  gates.Abort,
	"retry":  func(g rollout.Gate) rollout.Gate { return gates.Retry(g, time.Minute) },
	"ignore": gates.Ignore,
}

func TestPolicies(t *testing.T) {
	type answer struct {
		rollout.Verdict
		err error
	}
	var (
		open    = answer{rollout.Verdict{Answer: rollout.Open, Message: "yes"}, nil}
		pending = answer{rollout.Verdict{Message: "soon", Retry: time.Second}, nil}
		shut    = answer{rollout.Verdict{Answer: rollout.Shut, Message: "no"}, nil}
		unknown = answer{rollout.Verdict{Answer: 99}, nil}
		fails   = answer{rollout.Verdict{}, errTest}
		passing = answer{rollout.Verdict{}, fmt.Errorf("ask: %w", &rollout.TransientError{Err: errTest})}
		doubted = answer{rollout.Verdict{}, doubtful{errTest}}
		invalid = answer{rollout.Verdict{}, fmt.Errorf("ask: %w", &rollout.InvalidError{Path: "x", Allowed: "y"})}
		ignored = answer{rollout.Verdict{Answer: rollout.Open, Message: "ignored: test"}, nil}
		again   = answer{rollout.Verdict{Message: "test", Retry: time.Minute}, nil}
	)
	for name, cases := range map[string]map[answer]answer{
		"abort": {
			open: open, pending: pending, shut: shut, unknown: unknown, invalid: invalid, passing: passing, doubted: doubted,
			fails: {rollout.Verdict{Answer: rollout.Shut, Message: "test"}, nil},
		},
		"retry": {
			open: open, pending: pending, unknown: unknown, invalid: invalid,
			shut:  {rollout.Verdict{Message: "no", Retry: time.Minute}, nil},
			fails: again, doubted: again,
			passing: {rollout.Verdict{Message: "ask: test", Retry: time.Minute}, nil},
		},
		"ignore": {
			open: open, pending: pending, unknown: unknown, invalid: invalid,
			shut:  {rollout.Verdict{Answer: rollout.Open, Message: "ignored: no"}, nil},
			fails: ignored, doubted: ignored,
			passing: {rollout.Verdict{Answer: rollout.Open, Message: "ignored: ask: test"}, nil},
		},
	} {
		for gate, want := range cases {
			v, err := policies[name](always(gate.Verdict, gate.err)).Check(t.Context(), rollout.State{})
			if (answer{v, err}) != want {
				t.Errorf("%s of %+v: %+v, %v\nwant %+v", name, gate, v, err, want)
			}
		}
	}
}

func TestPolicyHasNoSayWhenItIsCalledOff(t *testing.T) {
	for name, policy := range policies {
		ctx, cancel := context.WithCancel(t.Context())
		g := rollout.GateFunc(func(ctx context.Context, _ rollout.State) (rollout.Verdict, error) {
			cancel()
			return rollout.Verdict{}, ctx.Err()
		})
		if v, err := policy(g).Check(ctx, rollout.State{}); !errors.Is(err, context.Canceled) || v != (rollout.Verdict{}) {
			t.Errorf("%s: %+v, %v", name, v, err)
		}
	}
}

// A gate that only ends with its context is judged before the engine loses its patience.
func TestPolicyOfAGateThatHangs(t *testing.T) {
	hangs := rollout.GateFunc(func(ctx context.Context, _ rollout.State) (rollout.Verdict, error) {
		<-ctx.Done()
		return rollout.Verdict{}, ctx.Err()
	})
	for name, want := range map[string]rollout.Answer{"abort": rollout.Shut, "retry": rollout.Pending, "ignore": rollout.Open} {
		synctest.Test(t, func(t *testing.T) {
			var asked []rollout.Verdict
			engine := rollout.Engine{
				Gates: map[string]rollout.Gate{"g": policies[name](hangs)},
				Trace: rollout.Trace{Asked: func(_ string, v rollout.Verdict, err error) {
					if err != nil {
						t.Error(err)
					}
					asked = append(asked, v)
				}},
			}
			_, err := engine.Reconcile(t.Context(), newWeb(), lastly("g"))
			if err != nil || len(asked) != 1 || asked[0].Answer != want {
				t.Errorf("%s: %+v, %v", name, asked, err)
			}
		})
	}
}

func TestRetryInThePast(t *testing.T) {
	var invalid *rollout.InvalidError
	if _, err := gates.Retry(always(rollout.Verdict{}, nil), -1).Check(t.Context(), rollout.State{}); !errors.As(err, &invalid) {
		t.Error(err)
	}
}

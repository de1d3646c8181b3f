package gates

import (
	"context"
	"errors"
	"time"

	"github.com/gopawl/pawl/rollout"
)

// policyPatience is how long a gate with a policy may take: less than an engine waits, so that the policy
// has its say about a gate that takes too long.
const policyPatience = 8 * time.Second

// Abort makes a gate that cannot answer one that is shut, with the error's words: what it guards is
// given up. An error that calls itself transient or doubtful, such as that of an API server out of
// order for a moment, stays one: an engine tries again.
func Abort(g rollout.Gate) rollout.Gate {
	return policy(g, func(v rollout.Verdict, err error) (rollout.Verdict, error) {
		if err == nil || passing(err) {
			return v, err
		}
		return rollout.Verdict{Answer: rollout.Shut, Message: err.Error()}, nil
	})
}

// Retry makes a gate that is shut or cannot answer a pending one, to be asked again after a time; 0
// leaves that to the engine. It helps with gates that can change their mind: a Job that has failed stays so until
// somebody deletes it.
func Retry(g rollout.Gate, every time.Duration) rollout.Gate {
	return policy(g, func(v rollout.Verdict, err error) (rollout.Verdict, error) {
		switch {
		case every < 0:
			return rollout.Verdict{}, &rollout.InvalidError{Path: "retry.every", Value: every, Allowed: "0 or more"}
		case err != nil:
			return rollout.Verdict{Message: err.Error(), Retry: every}, nil
		case v.Answer == rollout.Shut:
			return rollout.Verdict{Message: v.Message, Retry: every}, nil
		}
		return v, nil
	})
}

// Ignore makes a gate that is shut or cannot answer an open one, with the reason in its message: for
// what may fail and may be missed. A pending one is waited for.
func Ignore(g rollout.Gate) rollout.Gate {
	return policy(g, func(v rollout.Verdict, err error) (rollout.Verdict, error) {
		switch {
		case err != nil:
			return rollout.Verdict{Answer: rollout.Open, Message: "ignored: " + err.Error()}, nil
		case v.Answer == rollout.Shut:
			return rollout.Verdict{Answer: rollout.Open, Message: "ignored: " + v.Message}, nil
		}
		return v, nil
	})
}

// policy judges what a gate answers. It has no say where the question was called off, nor where the
// gate is set up wrongly.
func policy(g rollout.Gate, judge func(rollout.Verdict, error) (rollout.Verdict, error)) rollout.Gate {
	return rollout.GateFunc(func(ctx context.Context, s rollout.State) (rollout.Verdict, error) {
		within, cancel := context.WithTimeout(ctx, policyPatience)
		defer cancel()
		v, err := g.Check(within, s)
		var invalid *rollout.InvalidError
		if err != nil && ctx.Err() != nil || errors.As(err, &invalid) {
			return rollout.Verdict{}, err
		}
		return judge(v, err)
	})
}

// passing reports whether an error says that it may be gone, or be another, at the next try.
func passing(err error) bool {
	var t interface{ Transient() bool }
	var d interface{ Doubtful() bool }
	return errors.As(err, &t) && t.Transient() || errors.As(err, &d) && d.Doubtful()
}

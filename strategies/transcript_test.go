package strategies_test

import (
	"testing"

	"github.com/gopawl/pawl/rollout"
	"github.com/gopawl/pawl/rollout/rollouttest"
	"github.com/gopawl/pawl/strategies"
)

// TestTranscripts plays whole rollouts; testdata/*.txt hold what is to happen. They begin with
//
//	rolling max-surge=25% max-unavailable=0 termination=complete
//	recreate
//
// and go on as package rollouttest says.
func TestTranscripts(t *testing.T) {
	rollouttest.Transcripts(t, "testdata", map[string]rollouttest.Maker{
		"rolling": func(a *rollouttest.Args) (rollout.Strategy, rollouttest.Options, error) {
			r, err := rollingFrom(a)
			return r, rollouttest.Options{Promises: promisesOf(r)}, err
		},
		"recreate": func(*rollouttest.Args) (rollout.Strategy, rollouttest.Options, error) {
			return strategies.Recreate{}, rollouttest.Options{Promises: oneVersion}, nil
		},
	})
}

func rollingFrom(a *rollouttest.Args) (r strategies.Rolling, err error) {
	if r.MaxSurge, err = amountOf(a.Text("max-surge")); err != nil {
		return r, err
	}
	if r.MaxUnavailable, err = amountOf(a.Text("max-unavailable")); err != nil {
		return r, err
	}
	switch text := a.Text("termination"); text {
	case "complete":
		r.Termination = strategies.TerminationComplete
	case "":
	default:
		err = &rollout.InvalidError{Path: "termination", Value: text, Allowed: `"complete" or nothing`}
	}
	return r, err
}

func amountOf(text string) (rollout.Amount, error) {
	if text == "" {
		return rollout.Amount{}, nil
	}
	return rollout.ParseAmount(text)
}

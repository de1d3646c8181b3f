package rollouttest_test

import (
	"testing"

	"github.com/gopawl/pawl/rollout"
	"github.com/gopawl/pawl/rollout/rollouttest"
)

// gated is a strategy whose every step waits for a gate.
type gated struct {
	rollout.Strategy
	gate string
}

func (g gated) Plan(s rollout.State) (rollout.Plan, error) {
	plan, err := g.Strategy.Plan(s)
	return withSteps(plan, func(s rollout.Step) rollout.Step { s.Gate = g.gate; return s }), err
}

func TestTranscripts(t *testing.T) {
	rollouttest.Transcripts(t, "testdata", map[string]rollouttest.Maker{
		"one-by-one": func(a *rollouttest.Args) (rollout.Strategy, rollouttest.Options, error) {
			return gated{oneByOne{}, a.Text("gate")}, rollouttest.Options{Promises: oneAway}, nil
		},
		"hasty": func(*rollouttest.Args) (rollout.Strategy, rollouttest.Options, error) {
			return oneByOne{hasty: true}, rollouttest.Options{Promises: oneAway}, nil
		},
		"side-by-side": func(a *rollouttest.Args) (rollout.Strategy, rollouttest.Options, error) {
			return sideBySide{early: a.Text("mistake") == "early"}, webServes(), nil
		},
	})
}

func TestGatesHoldUpARolloutAndDoNotBreakIt(t *testing.T) {
	report, err := rollouttest.Check(gated{oneByOne{}, "night"}, rollouttest.Options{Promises: oneAway, Rollouts: 300})
	if err != nil || report.Total().Completed != 300 {
		t.Errorf("%v\n%v", report, err)
	}
}

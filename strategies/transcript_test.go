package strategies_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/gopawl/pawl/rollout"
	"github.com/gopawl/pawl/rollout/rollouttest"
	"github.com/gopawl/pawl/strategies"
)

// TestTranscripts plays whole rollouts; testdata/*.txt hold what is to happen. They begin with
//
//	rolling max-surge=25% max-unavailable=0 termination=complete
//	recreate
//	blue-green active=web preview=next keep=30s keep-rejected=1m
//	canary sizes=1,50% pauses=10s,1m gates=,look max-surge=1
//
// each of which may have
//
//	start=… first=… first-replicas=2 switch=… shrink=… retire=… complete=…   gates by their names
//	rollback=true deadline=1m
//
// and go on as package rollouttest says.
func TestTranscripts(t *testing.T) {
	rollouttest.Transcripts(t, "testdata", map[string]rollouttest.Maker{
		"rolling": func(a *rollouttest.Args) (rollout.Strategy, rollouttest.Options, error) {
			r, err := rollingFrom(a)
			return decorated(a, r, err, promisesOf(r))
		},
		"recreate": func(a *rollouttest.Args) (rollout.Strategy, rollouttest.Options, error) {
			return decorated(a, strategies.Recreate{}, nil, oneVersion)
		},
		"blue-green": func(a *rollouttest.Args) (rollout.Strategy, rollouttest.Options, error) {
			b := strategies.BlueGreen{Active: a.Text("active"), Preview: a.Text("preview")}
			err := spans(a, map[string]*time.Duration{"keep": &b.Keep, "keep-rejected": &b.KeepRejected})
			return decorated(a, b, err, trafficOf(b))
		},
		"canary": func(a *rollouttest.Args) (rollout.Strategy, rollouttest.Options, error) {
			r, err := rollingFrom(a)
			c := strategies.Canary{Rolling: r}
			if err == nil {
				c.Steps, err = stepsFrom(a.Text("sizes"), a.Text("pauses"), a.Text("gates"))
			}
			return decorated(a, c, err, promisesOf(r))
		},
	})
}

// decorated puts the decorators that are asked for around a strategy.
func decorated(a *rollouttest.Args, s rollout.Strategy, err error, p rollouttest.Promises) (rollout.Strategy, rollouttest.Options, error) {
	g := strategies.Gated{
		Strategy: s, Start: a.Text("start"), First: a.Text("first"),
		Shrink: a.Text("shrink"), Retire: a.Text("retire"), Complete: a.Text("complete"),
	}
	if gate := a.Text("switch"); gate != "" {
		g.Switch = map[string]string{"web": gate}
	}
	first, amountErr := amountOf(a.Text("first-replicas"))
	g.FirstReplicas, s = first, g
	if text := a.Text("rollback"); text == "true" {
		s = strategies.RollBack(s)
	}
	var deadline time.Duration
	spanErr := spans(a, map[string]*time.Duration{"deadline": &deadline})
	if deadline > 0 {
		s = strategies.Deadline(s, deadline)
	}
	return s, rollouttest.Options{Promises: p}, errors.Join(err, amountErr, spanErr)
}

func spans(a *rollouttest.Args, into map[string]*time.Duration) (err error) {
	for key, d := range into {
		if text := a.Text(key); text != "" && err == nil {
			*d, err = time.ParseDuration(text)
		}
	}
	return err
}

// stepsFrom reads the steps of a canary from lists of equal length.
func stepsFrom(sizes, pauses, gates string) (steps []strategies.CanaryStep, err error) {
	at := func(list string, i int) string {
		if all := strings.Split(list, ","); i < len(all) {
			return all[i]
		}
		return ""
	}
	for i := range strings.Split(sizes, ",") {
		step := strategies.CanaryStep{Gate: at(gates, i)}
		if step.Size, err = rollout.ParseAmount(at(sizes, i)); err != nil {
			return nil, err
		}
		if text := at(pauses, i); text != "" {
			if step.Pause, err = time.ParseDuration(text); err != nil {
				return nil, err
			}
		}
		steps = append(steps, step)
	}
	return steps, nil
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

package rollout_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gopawl/pawl/rollout"
)

// workload records what an engine does to it. A nil func does nothing special.
type workload struct {
	state   rollout.State
	observe func(n int) error // the n-th look, counted from 1
	apply   func(rollout.Action) error
	looks   int
	applied []string
}

func (w *workload) Observe(context.Context) (rollout.State, error) {
	w.looks++
	if w.observe != nil {
		if err := w.observe(w.looks); err != nil {
			return rollout.State{}, err
		}
	}
	s := w.state
	if s.Now.IsZero() {
		s.Now = time.Now()
	}
	return s, nil
}

func (w *workload) Apply(_ context.Context, a rollout.Action) error {
	if w.apply != nil {
		if err := w.apply(a); err != nil {
			return err
		}
	}
	w.applied = append(w.applied, a.String())
	return nil
}

type claimer struct {
	*workload
	err    error
	claims int
}

func (c *claimer) Claim(context.Context) error { c.claims++; return c.err }

type saver struct {
	*workload
	err   error
	saved []rollout.Status
}

func (s *saver) Save(_ context.Context, st rollout.Status) error {
	s.saved = append(s.saved, st)
	s.state.Last = st
	return s.err
}

// watcher passes on what is sent to changes, in a goroutine of its own.
type watcher struct {
	*workload
	changes chan struct{}
	err     error
	running atomic.Bool // the goroutine that passes changes on
}

func (w *watcher) Watch(ctx context.Context) (<-chan struct{}, error) {
	if w.err != nil {
		return nil, w.err
	}
	out := make(chan struct{}, 1)
	w.running.Store(true)
	go func() {
		defer w.running.Store(false)
		defer close(out)
		for {
			select {
			case _, ok := <-w.changes:
				if !ok {
					return
				}
				out <- struct{}{}
			case <-ctx.Done():
				return
			}
		}
	}()
	return out, nil
}

// steps is a plan that settles the named revisions.
func steps(names ...string) rollout.Plan {
	p := rollout.Plan{Phase: rollout.Progressing, Message: "under way"}
	for _, name := range names {
		p.Steps = append(p.Steps, rollout.Step{Action: rollout.Settle{Name: name}, Why: "because"})
	}
	return p
}

// gated makes the last step of a plan wait for a gate.
func gated(p rollout.Plan, gate string) rollout.Plan {
	p.Steps[len(p.Steps)-1].Gate = gate
	return p
}

// always is a strategy with one answer.
func always(p rollout.Plan) rollout.Strategy {
	return rollout.StrategyFunc(func(rollout.State) (rollout.Plan, error) { return p, nil })
}

// inTurn is a strategy with one answer after the other; the last one stays.
func inTurn(plans ...rollout.Plan) rollout.Strategy {
	n := 0
	return rollout.StrategyFunc(func(rollout.State) (rollout.Plan, error) {
		p := plans[min(n, len(plans)-1)]
		n++
		return p, nil
	})
}

var complete = rollout.Plan{Phase: rollout.Complete, Message: "done"}

var errTest = errors.New("test")

func wantApplied(t *testing.T, w *workload, want ...string) {
	t.Helper()
	if fmt.Sprint(w.applied) != fmt.Sprint(want) {
		t.Errorf("applied %q, want %q", w.applied, want)
	}
}

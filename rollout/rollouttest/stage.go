package rollouttest

import (
	"context"
	"errors"
	"time"

	"github.com/gopawl/pawl/rollout"
	"github.com/gopawl/pawl/rollout/sim"
)

// stage is a story being played.
type stage struct {
	strategy rollout.Strategy
	options  Options
	engine   rollout.Engine
	scene    *scene
	workload *sim.Workload
	view     *view
	judge    judge
	tally    Tally
	teller   teller

	plan  rollout.Plan  // the last one
	phase rollout.Phase // after the last look
	step  rollout.Step  // the last one tried
	held  bool          // by a gate, in the last look
	asked int           // gates so far
	calm  bool          // the noise has ended: gates are open
}

func newStage(s rollout.Strategy, o Options) *stage {
	st := &stage{strategy: s, options: o}
	st.engine = rollout.Engine{
		Gates: map[string]rollout.Gate{},
		Trace: rollout.Trace{
			Asked: func(gate string, v rollout.Verdict, _ error) {
				st.held = v.Answer != rollout.Open
				st.teller.note("gate %s is %v", gate, v.Answer)
			},
			Applying: func(step rollout.Step) { st.step = step },
		},
	}
	return st
}

// open begins with a scene.
func (st *stage) open(s *scene) {
	st.scene, st.view, st.calm = s, newView(), false
	st.workload = sim.New(s.start(st.options), s.options())
	st.judge = judge{promises: st.options.Promises, minReady: s.minReady > 0, late: s.slow()}
	st.teller.begin(st.workload)
	st.view.record(st.truth())
}

func (st *stage) truth() rollout.State {
	s, err := st.workload.Observe(context.Background())
	if err != nil {
		panic(err) // this context does not end
	}
	return s
}

// glance is how one look goes.
type glance struct {
	steps int // crash before the step after so many; -1 is never
	torn  bool
	lost  bool
	each  time.Duration // how long a write takes
}

// whole is a look that nothing disturbs.
var whole = glance{steps: -1}

// look lets the engine look once. It returns how many steps were taken.
func (st *stage) look(g glance) (int, error) {
	st.view.record(st.truth())
	st.view.look()
	st.judge.looks(st.view.state(), st.truth())
	st.held = false
	st.tally.Looks++
	st.teller.look()
	h := &hands{stage: st, glance: g}
	status, err := st.engine.Reconcile(context.Background(), h, rollout.StrategyFunc(st.planned))
	st.phase = status.Phase
	var b *broken
	switch {
	case errors.As(err, &b):
		return h.taken, b
	case errors.Is(err, errCrash):
		st.tally.Crashes++
	case errors.Is(err, errLost):
	case err != nil:
		return h.taken, breaks(lawSound, "%w", err)
	}
	if h.taken == 0 && !h.crashed {
		st.teller.status(status)
	}
	return h.taken, nil
}

// planned is the strategy under judgement.
func (st *stage) planned(given rollout.State) (rollout.Plan, error) {
	copied := copyState(given)
	plan, err := planTwice(st.strategy, given, copied)
	st.plan = plan
	if err != nil {
		return plan, err
	}
	st.judge.remember(copied, plan)
	for _, step := range plan.Steps {
		st.engine.Gates[step.Gate] = rollout.GateFunc(st.ask)
	}
	if (plan.Phase == rollout.Complete || plan.Phase == rollout.RolledBack) && st.exact() {
		return plan, settledAsWanted(copied, plan.Phase)
	}
	return plan, nil
}

// ask is what every gate answers.
func (st *stage) ask(context.Context, rollout.State) (rollout.Verdict, error) {
	answer := rollout.Open
	if n := len(st.scene.gates); n > 0 && !st.calm {
		answer = *answerOf(st.scene.gates[st.asked%n])
		st.asked++
	}
	return rollout.Verdict{Answer: answer, Retry: retry}, nil
}

const retry = time.Second // the time after which a gate is asked again

// exact reports whether what is seen is the truth.
func (st *stage) exact() bool { return len(st.view.by) == 0 }

// next is when the plan may be another one.
func (st *stage) next() (at time.Time, ok bool) {
	at, ok = st.workload.Event()
	now := st.workload.Now()
	earlier := func(t time.Time) {
		if t.After(now) && (!ok || t.Before(at)) {
			at, ok = t, true
		}
	}
	earlier(st.plan.Wake)
	earlier(st.view.caughtUp())
	if st.held {
		earlier(now.Add(retry))
	}
	return at, ok
}

// pass lets time pass, and judges every moment at which something happens.
func (st *stage) pass(d time.Duration) error {
	end := st.workload.Now().Add(d)
	for {
		next, ok := st.workload.Event()
		if !ok || next.After(end) {
			break
		}
		st.workload.Next()
		if err := st.happened(); err != nil {
			return err
		}
	}
	st.workload.Advance(end.Sub(st.workload.Now()))
	return nil
}

// happened judges the present after something has happened.
func (st *stage) happened() error {
	truth := st.truth()
	st.view.happened(truth)
	return st.judge.moment(truth, &st.tally)
}

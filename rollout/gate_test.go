package rollout_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gopawl/pawl/rollout"
)

// oracle is a gate with one answer that counts how often it was asked.
type oracle struct {
	verdict rollout.Verdict
	err     error
	asked   int
}

func (o *oracle) Check(context.Context, rollout.State) (rollout.Verdict, error) {
	o.asked++
	return o.verdict, o.err
}

func through(g rollout.Gate) *rollout.Engine {
	return &rollout.Engine{Gates: map[string]rollout.Gate{"g": g}}
}

func TestGateVerdicts(t *testing.T) {
	for _, c := range []struct {
		verdict rollout.Verdict
		want    rollout.Status
	}{
		{rollout.Verdict{Answer: rollout.Open}, rollout.Status{Phase: rollout.Progressing, Message: "under way", Writes: 1, RequeueAfter: 10 * time.Second}},
		{rollout.Verdict{}, rollout.Status{Phase: rollout.Waiting, Message: `gate "g" is pending`, RequeueAfter: 10 * time.Second}},
		{rollout.Verdict{Message: "not before noon", Retry: time.Hour}, rollout.Status{Phase: rollout.Waiting, Message: `gate "g" is pending: not before noon`, RequeueAfter: time.Hour}},
		{rollout.Verdict{Answer: 99}, rollout.Status{Phase: rollout.Waiting, Message: `gate "g" is unknown`, RequeueAfter: 10 * time.Second}},
	} {
		gate, w := &oracle{verdict: c.verdict}, &workload{}
		status, err := through(gate).Reconcile(t.Context(), w, always(gated(steps("a"), "g")))
		status.Progressed = time.Time{}
		if err != nil || status != c.want {
			t.Errorf("%v: %+v, %v\nwant %+v", c.verdict.Answer, status, err, c.want)
		}
		if gate.asked != 1 || len(w.applied) != c.want.Writes {
			t.Errorf("%v: asked %d times, applied %v", c.verdict.Answer, gate.asked, w.applied)
		}
	}
}

func TestGateIsAskedOnlyWhenItsStepIsNext(t *testing.T) {
	gate, w := &oracle{verdict: rollout.Verdict{Answer: rollout.Open}}, &workload{}
	e := through(gate)
	s := inTurn(gated(steps("a", "b"), "g"), gated(steps("b"), "g"), gated(steps("b"), "g"))
	status, err := e.Reconcile(t.Context(), w, s)
	if err != nil || gate.asked != 0 || status.RequeueAfter > time.Second {
		t.Errorf("asked %d times, %+v, %v", gate.asked, status, err)
	}
	wantApplied(t, w, "settle a")
	if _, err = e.Reconcile(t.Context(), w, s); err != nil || gate.asked != 1 {
		t.Errorf("asked %d times, %v", gate.asked, err)
	}
	wantApplied(t, w, "settle a", "settle b")
}

func TestVerdictIsPlannedWith(t *testing.T) {
	verdicts := map[string]rollout.Verdict{"old": {Answer: rollout.Open}}
	w := &workload{state: rollout.State{Verdicts: verdicts}}
	gate := &oracle{verdict: rollout.Verdict{Answer: rollout.Shut}}
	plans := 0
	s := rollout.StrategyFunc(func(s rollout.State) (rollout.Plan, error) {
		plans++
		if s.Verdicts["g"].Answer == rollout.Shut && s.Verdicts["old"].Answer == rollout.Open {
			return steps("instead"), nil
		}
		return gated(steps("a"), "g"), nil
	})
	status, err := through(gate).Reconcile(t.Context(), w, s)
	if err != nil || status.Phase != rollout.Progressing || plans != 2 || gate.asked != 1 {
		t.Errorf("%+v, %v, %d plans, asked %d times", status, err, plans, gate.asked)
	}
	wantApplied(t, w, "settle instead")
	if len(verdicts) != 1 {
		t.Errorf("the engine changed the workload's verdicts: %v", verdicts)
	}
}

func TestEachGateIsAskedOnce(t *testing.T) {
	a, b := &oracle{verdict: rollout.Verdict{Answer: rollout.Open}}, &oracle{verdict: rollout.Verdict{Answer: rollout.Open}}
	e := &rollout.Engine{Gates: map[string]rollout.Gate{"a": a, "b": b}}
	w := &workload{}
	s := rollout.StrategyFunc(func(s rollout.State) (rollout.Plan, error) {
		if s.Verdicts["a"].Answer != rollout.Open {
			return gated(steps("x"), "a"), nil
		}
		return gated(steps("y"), "b"), nil
	})
	if _, err := e.Reconcile(t.Context(), w, s); err != nil || a.asked != 1 || b.asked != 1 {
		t.Errorf("%v, a asked %d times, b %d", err, a.asked, b.asked)
	}
	wantApplied(t, w, "settle y")
}

func TestKnownVerdictIsNotAskedFor(t *testing.T) {
	gate := &oracle{}
	w := &workload{state: rollout.State{Verdicts: map[string]rollout.Verdict{"g": {Answer: rollout.Open}}}}
	if _, err := through(gate).Reconcile(t.Context(), w, always(gated(steps("a"), "g"))); err != nil || gate.asked != 0 {
		t.Errorf("%v, asked %d times", err, gate.asked)
	}
	wantApplied(t, w, "settle a")
}

func TestGateThatCannotAnswerHolds(t *testing.T) {
	panics := rollout.GateFunc(func(context.Context, rollout.State) (rollout.Verdict, error) { panic("oh") })
	for name, e := range map[string]*rollout.Engine{
		`gate "g": test`:      through(&oracle{err: errTest}),
		`gate "g": panic: oh`: through(panics),
	} {
		w := &workload{}
		status, err := e.Reconcile(t.Context(), w, always(gated(steps("a"), "g")))
		if err == nil || err.Error() != name || status.Phase != rollout.Waiting || len(w.applied) > 0 {
			t.Errorf("%s: %+v, %v, applied %v", name, status, err, w.applied)
		}
	}
	if _, err := through(&oracle{err: errTest}).Reconcile(t.Context(), &workload{}, always(gated(steps("a"), "g"))); !errors.Is(err, errTest) {
		t.Error(err)
	}
}

func TestStrategyThatFailsOnAVerdictKeepsThePhase(t *testing.T) {
	s := rollout.StrategyFunc(func(s rollout.State) (rollout.Plan, error) {
		if len(s.Verdicts) > 0 {
			return rollout.Plan{}, errTest
		}
		return gated(steps("a"), "g"), nil
	})
	w := &saver{workload: &workload{}}
	status, err := through(&oracle{}).Reconcile(t.Context(), w, s)
	if !errors.Is(err, errTest) || status.Phase != rollout.Progressing {
		t.Errorf("%+v, %v", status, err)
	}
}

// What a gate refuses is written down, once; only the strategy says where that leaves the rollout.
func TestShutGateIsWrittenDown(t *testing.T) {
	gate := &oracle{verdict: rollout.Verdict{Answer: rollout.Shut, Message: "no"}}
	const why = `gate "g" is shut: no`
	rejected := rollout.State{Template: "v2", Rejected: map[string]rollout.Rejection{"v2": {Why: why}}}
	for name, c := range map[string]struct {
		w       *workload
		phase   rollout.Phase
		applied []string
		err     error
	}{
		"written":       {&workload{state: rollout.State{Template: "v2"}}, rollout.Progressing, []string{"reject v2: " + why}, nil},
		"written twice": {&workload{state: rollout.State{Template: "v2"}, apply: func(rollout.Action) error { return rollout.ErrConflict }}, rollout.Progressing, nil, nil},
		"not kept":      {&workload{state: rollout.State{Template: "v2"}, apply: func(rollout.Action) error { return rollout.ErrUnsupported }}, rollout.Failed, nil, nil},
		"cannot be":     {&workload{state: rollout.State{Template: "v2"}, apply: func(rollout.Action) error { return errTest }}, rollout.Failed, nil, errTest},
		"already":       {&workload{state: rejected}, rollout.Failed, nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			status, err := through(gate).Reconcile(t.Context(), c.w, always(gated(steps("a"), "g")))
			if !errors.Is(err, c.err) || status.Phase != c.phase || status.Message != why || status.Writes != len(c.applied) {
				t.Errorf("%+v, %v", status, err)
			}
			wantApplied(t, c.w, c.applied...)
		})
	}
}

// A gate that hangs holds its step, and nobody waits for it for long.
func TestGateThatHangsHolds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin, done := time.Now(), make(chan struct{})
		hangs := rollout.GateFunc(func(context.Context, rollout.State) (rollout.Verdict, error) {
			<-done
			return rollout.Verdict{Answer: rollout.Open}, nil
		})
		w := &workload{}
		status, err := through(hangs).Reconcile(t.Context(), w, always(gated(steps("a"), "g")))
		if err == nil || err.Error() != `gate "g": no answer in 10s` || status.Phase != rollout.Waiting || len(w.applied) > 0 {
			t.Errorf("%+v, %v, applied %v", status, err, w.applied)
		}
		if took := time.Since(begin); took != 10*time.Second {
			t.Errorf("waited %v", took)
		}
		close(done)
	})
}

// A plan with a gate that the engine does not know is not begun.
func TestUnknownGateIsRefusedBeforeAnyWrite(t *testing.T) {
	e := through(&oracle{})
	plan := steps("a", "b")
	plan.Steps[1].Gate = "promotion"
	w := &workload{}
	_, err := e.Reconcile(t.Context(), w, always(plan))
	var invalid *rollout.InvalidError
	if !errors.As(err, &invalid) || err.Error() != `gate: invalid value "promotion": must be one that the engine knows: [g]` {
		t.Error(err)
	}
	wantApplied(t, w)
}

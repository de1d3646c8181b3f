package rollout_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gopawl/pawl/rollout"
)

func TestReconcileCarriesOutThePlan(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		w := &workload{state: rollout.State{Template: "v1", Replicas: 3, Revisions: []rollout.Revision{{Name: "a", Template: "v1", Actual: 2, Ready: 1}}}}
		status, err := new(rollout.Engine).Reconcile(t.Context(), w, always(steps("a", "b", "c")))
		if err != nil {
			t.Fatal(err)
		}
		wantApplied(t, w, "settle a", "settle b", "settle c")
		want := rollout.Status{
			Phase: rollout.Progressing, Message: "under way", Template: "v1", Replicas: 3,
			Counts:     rollout.Counts{Total: 2, Updated: 2, Ready: 1},
			Progressed: begin, Writes: 3, RequeueAfter: 10 * time.Second,
		}
		if diff := cmp.Diff(want, status); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
		if w.looks != 1 || time.Since(begin) != 0 {
			t.Errorf("%d looks, waited %v", w.looks, time.Since(begin))
		}
	})
}

func TestBudgetIsAShorterPrefix(t *testing.T) {
	w := &workload{}
	status, err := (&rollout.Engine{Budget: 2}).Reconcile(t.Context(), w, always(steps("a", "b", "c")))
	if err != nil || status.Writes != 2 || status.RequeueAfter > time.Second {
		t.Errorf("%+v, %v", status, err)
	}
	wantApplied(t, w, "settle a", "settle b")
}

func TestBudgetThatIsJustEnough(t *testing.T) {
	status, err := (&rollout.Engine{Budget: 2, Poll: time.Hour}).Reconcile(t.Context(), &workload{}, always(steps("a", "b")))
	if err != nil || status.Writes != 2 || status.RequeueAfter != time.Hour {
		t.Errorf("%+v, %v", status, err)
	}
}

func failOn(name string, err error) func(rollout.Action) error {
	return func(a rollout.Action) error {
		if a == rollout.Action(rollout.Settle{Name: name}) {
			return err
		}
		return nil
	}
}

func TestConflictIsNoErrorAndLooksAgainSoon(t *testing.T) {
	w := &workload{apply: failOn("b", fmt.Errorf("wrapped: %w", rollout.ErrConflict))}
	status, err := new(rollout.Engine).Reconcile(t.Context(), w, always(steps("a", "b", "c")))
	if err != nil || status.Phase != rollout.Progressing || status.Writes != 1 {
		t.Errorf("%+v, %v", status, err)
	}
	if status.RequeueAfter <= 0 || status.RequeueAfter > time.Second {
		t.Errorf("looks again after %v", status.RequeueAfter)
	}
	wantApplied(t, w, "settle a")
}

func TestStepErrorNamesTheStep(t *testing.T) {
	w := &workload{apply: failOn("b", errTest)}
	status, err := new(rollout.Engine).Reconcile(t.Context(), w, always(steps("a", "b", "c")))
	var step *rollout.StepError
	if !errors.As(err, &step) || step.Step.Action != rollout.Action(rollout.Settle{Name: "b"}) || !errors.Is(err, errTest) {
		t.Errorf("%v", err)
	}
	if err.Error() != "settle b: test" {
		t.Errorf("%q", err)
	}
	if status.Writes != 1 || status.Phase != rollout.Progressing {
		t.Errorf("%+v", status)
	}
	wantApplied(t, w, "settle a")
}

func TestReconcileStopsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	w := &workload{apply: func(rollout.Action) error { cancel(); return nil }}
	_, err := new(rollout.Engine).Reconcile(ctx, w, always(steps("a", "b")))
	if !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	wantApplied(t, w, "settle a")
}

func TestErrorsSayWhatWasAttempted(t *testing.T) {
	bad := rollout.StrategyFunc(func(rollout.State) (rollout.Plan, error) { return rollout.Plan{}, errTest })
	blind := &workload{observe: func(int) error { return errTest }}
	for want, run := range map[string]func(*rollout.Engine) (rollout.Status, error){
		"observe: test": func(e *rollout.Engine) (rollout.Status, error) { return e.Reconcile(t.Context(), blind, bad) },
		"plan: test":    func(e *rollout.Engine) (rollout.Status, error) { return e.Reconcile(t.Context(), &workload{}, bad) },
		"claim: test": func(e *rollout.Engine) (rollout.Status, error) {
			return e.Reconcile(t.Context(), &claimer{workload: &workload{}, err: errTest}, bad)
		},
		"save status: test": func(e *rollout.Engine) (rollout.Status, error) {
			return e.Reconcile(t.Context(), &saver{workload: &workload{}, err: errTest}, always(complete))
		},
		"settle a: test\nsave status: test": func(e *rollout.Engine) (rollout.Status, error) {
			w := &workload{apply: failOn("a", errTest)}
			return e.Reconcile(t.Context(), &saver{workload: w, err: errTest}, always(steps("a")))
		},
	} {
		if _, err := run(new(rollout.Engine)); !errors.Is(err, errTest) || err.Error() != want {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

func TestClaimComesBeforeTheLook(t *testing.T) {
	c := &claimer{workload: &workload{}}
	c.observe = func(int) error {
		if c.claims != 1 {
			t.Errorf("observed after %d claims", c.claims)
		}
		return nil
	}
	if _, err := new(rollout.Engine).Reconcile(t.Context(), c, always(complete)); err != nil {
		t.Error(err)
	}
	c.err = rollout.ErrConflict
	status, err := new(rollout.Engine).Reconcile(t.Context(), c, always(complete))
	if err != nil || status.Phase != rollout.Progressing || status.RequeueAfter <= 0 || c.looks != 1 {
		t.Errorf("conflict: %+v, %v, %d looks", status, err, c.looks)
	}
}

func TestPlanChangesNothing(t *testing.T) {
	c := &claimer{workload: &workload{state: rollout.State{Template: "v1"}}}
	asked := 0
	e := &rollout.Engine{Gates: map[string]rollout.Gate{"g": rollout.GateFunc(func(context.Context, rollout.State) (rollout.Verdict, error) {
		asked++
		return rollout.Verdict{}, nil
	})}}
	want := gated(steps("a"), "g")
	state, plan, err := e.Plan(t.Context(), c, always(want))
	if err != nil || state.Template != "v1" || !cmp.Equal(plan, want) {
		t.Errorf("%+v, %+v, %v", state, plan, err)
	}
	if asked+c.claims+len(c.applied) != 0 {
		t.Errorf("asked %d, claimed %d, applied %v", asked, c.claims, c.applied)
	}
}

func TestWakeIsHeeded(t *testing.T) {
	now := time.Unix(1000, 0)
	for _, c := range []struct {
		phase rollout.Phase
		wake  time.Duration
		want  time.Duration
	}{
		{rollout.Progressing, 3 * time.Second, 3 * time.Second},
		{rollout.Progressing, time.Hour, 10 * time.Second},
		{rollout.Progressing, -time.Hour, time.Millisecond},
		{rollout.Complete, time.Hour, time.Hour},
	} {
		p := rollout.Plan{Phase: c.phase, Wake: now.Add(c.wake)}
		status, err := new(rollout.Engine).Reconcile(t.Context(), &workload{state: rollout.State{Now: now}}, always(p))
		if err != nil || status.RequeueAfter != c.want {
			t.Errorf("%s, wake after %v: %v, %v", c.phase, c.wake, status.RequeueAfter, err)
		}
	}
	if status, _ := new(rollout.Engine).Reconcile(t.Context(), &workload{}, always(complete)); status.RequeueAfter != 0 {
		t.Errorf("complete, and looks again after %v", status.RequeueAfter)
	}
}

func TestSaveOnlyWhatIsNew(t *testing.T) {
	now := time.Unix(1000, 0)
	s := &saver{workload: &workload{state: rollout.State{Now: now}}}
	e := new(rollout.Engine)
	for i, p := range []struct {
		plan  rollout.Plan
		saved int
	}{
		{steps("a"), 1},                            // first
		{steps(), 1},                               // one write fewer
		{steps(), 1},                               // the same
		{rollout.Plan{Phase: rollout.Paused}, 2},   // paused
		{rollout.Plan{Phase: rollout.Paused}, 2},   // time that does not count
		{rollout.Plan{Phase: rollout.Complete}, 3}, // over
	} {
		s.state.Now = s.state.Now.Add(time.Minute)
		if _, err := e.Reconcile(t.Context(), s, always(p.plan)); err != nil {
			t.Fatal(err)
		}
		if len(s.saved) != p.saved {
			t.Errorf("look %d: saved %d times, want %d", i, len(s.saved), p.saved)
		}
	}
}

func TestProgressedIsTheBaseOfDeadlines(t *testing.T) {
	now, then := time.Unix(2000, 0), time.Unix(1000, 0)
	last := rollout.Status{Phase: rollout.Progressing, Template: "v2", Replicas: 4, Progressed: then,
		Counts: rollout.Counts{Total: 4, Updated: 2, Ready: 3, Available: 3}}
	for name, c := range map[string]struct {
		change func(last *rollout.Status, plan *rollout.Plan)
		want   time.Time
	}{
		"nothing":            {func(*rollout.Status, *rollout.Plan) {}, then},
		"lost":               {func(l *rollout.Status, _ *rollout.Plan) { *l = rollout.Status{} }, now},
		"in the future":      {func(l *rollout.Status, _ *rollout.Plan) { l.Progressed = now.Add(1) }, now},
		"a write":            {func(_ *rollout.Status, p *rollout.Plan) { *p = steps("a") }, now},
		"paused":             {func(_ *rollout.Status, p *rollout.Plan) { p.Phase = rollout.Paused }, now},
		"waiting":            {func(_ *rollout.Status, p *rollout.Plan) { p.Phase = rollout.Waiting }, now},
		"no longer paused":   {func(l *rollout.Status, _ *rollout.Plan) { l.Phase = rollout.Paused }, now},
		"no longer waiting":  {func(l *rollout.Status, _ *rollout.Plan) { l.Phase = rollout.Waiting }, now},
		"another template":   {func(l *rollout.Status, _ *rollout.Plan) { l.Template = "v1" }, now},
		"another size":       {func(l *rollout.Status, _ *rollout.Plan) { l.Replicas = 5 }, now},
		"more updated":       {func(l *rollout.Status, _ *rollout.Plan) { l.Updated, l.Total = 1, 3 }, now},
		"more ready":         {func(l *rollout.Status, _ *rollout.Plan) { l.Ready = 2 }, now},
		"more available":     {func(l *rollout.Status, _ *rollout.Plan) { l.Available = 2 }, now},
		"fewer old":          {func(l *rollout.Status, _ *rollout.Plan) { l.Total = 5 }, now},
		"fewer available":    {func(l *rollout.Status, _ *rollout.Plan) { l.Available = 4 }, then},
		"fewer updated":      {func(l *rollout.Status, _ *rollout.Plan) { l.Updated, l.Total = 3, 5 }, then},
		"more terminating":   {func(l *rollout.Status, _ *rollout.Plan) { l.Terminating = 9 }, then},
		"another word of it": {func(_ *rollout.Status, p *rollout.Plan) { p.Message = "still" }, then},
	} {
		l, p := last, rollout.Plan{Phase: rollout.Progressing}
		c.change(&l, &p)
		w := &workload{state: rollout.State{Now: now, Template: "v2", Replicas: 4, Last: l, Revisions: []rollout.Revision{
			{Name: "a", Template: "v1", Actual: 2, Ready: 2, Available: 2},
			{Name: "b", Template: "v2", Actual: 2, Ready: 1, Available: 1},
		}}}
		status, err := new(rollout.Engine).Reconcile(t.Context(), w, always(p))
		if err != nil || !status.Progressed.Equal(c.want) {
			t.Errorf("%s: progressed at %v, want %v (%v)", name, status.Progressed.Unix(), c.want.Unix(), err)
		}
	}
}

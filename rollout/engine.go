package rollout

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"time"
)

// Engine carries out what a [Strategy] plans for a [Workload]. The zero value is ready. It has
// no memory: one Engine serves many rollouts, at the same time too.
type Engine struct {
	// Gates are the gates that steps may name. Of a plan with another one nothing is carried out.
	Gates map[string]Gate
	// Trace is told what happens.
	Trace Trace
	// Budget is the most actions that one Reconcile carries out; 0 is all that are planned.
	Budget int
	// Poll is how long after a look the next is due though nothing seems to change, while the
	// rollout is not over. 0 is 10 seconds.
	Poll time.Duration
	// Patience is how long Run tries again after transient errors in a row. 0 is 5 minutes.
	Patience time.Duration
}

const (
	defaultPoll     = 10 * time.Second
	defaultPatience = 5 * time.Minute
	// soon is when to look again after less was done than planned: long enough for whoever was
	// in the way to finish, short enough not to be noticed.
	soon = 200 * time.Millisecond
)

// Reconcile looks once, carries out what can be done now and returns without waiting. A
// conflict is no error: the outcome asks to look again soon. Its errors are those of the
// workload, of the strategy, and [*StepError]; the status is valid beside an error.
func (e *Engine) Reconcile(ctx context.Context, w Workload, s Strategy) (Status, error) {
	return e.reconcile(ctx, w, s, Status{})
}

// Plan is the dry run of Reconcile: it observes and plans, asks no gate and changes nothing.
func (e *Engine) Plan(ctx context.Context, w Workload, s Strategy) (State, Plan, error) {
	state, err := e.observe(ctx, w)
	if err != nil {
		return State{}, Plan{}, err
	}
	plan, err := e.plan(s, state)
	return state, plan, err
}

func (e *Engine) reconcile(ctx context.Context, w Workload, s Strategy, last Status) (Status, error) {
	state, err := e.look(ctx, w)
	if errors.Is(err, ErrConflict) {
		return Status{Phase: Progressing, Message: err.Error(), RequeueAfter: soon}, nil
	}
	if err != nil {
		return last, err
	}
	if state.Last == (Status{}) {
		state.Last = last
	}
	plan, err := e.plan(s, state)
	if err != nil {
		return state.Last, err
	}
	status, err := e.carryOut(ctx, w, s, state, plan)
	status.Progressed = status.progressed(state.Last, state.Now)
	if saver, ok := w.(Saver); ok && !status.Same(state.Last) {
		if saveErr := saver.Save(ctx, status); saveErr != nil {
			err = errors.Join(err, fmt.Errorf("save status: %w", saveErr))
		}
	}
	e.Trace.reconciled(status, err)
	return status, err
}

// look observes, after the workload has taken what belongs to it.
func (e *Engine) look(ctx context.Context, w Workload) (State, error) {
	if c, ok := w.(Claimer); ok {
		if err := c.Claim(ctx); err != nil {
			return State{}, fmt.Errorf("claim: %w", err)
		}
	}
	return e.observe(ctx, w)
}

func (e *Engine) observe(ctx context.Context, w Workload) (State, error) {
	state, err := w.Observe(ctx)
	if err != nil {
		return State{}, fmt.Errorf("observe: %w", err)
	}
	state.Verdicts = maps.Clone(state.Verdicts)
	e.Trace.observed(state)
	return state, nil
}

func (e *Engine) plan(s Strategy, state State) (Plan, error) {
	plan, err := s.Plan(state)
	if err != nil {
		return Plan{}, fmt.Errorf("plan: %w", err)
	}
	e.Trace.planned(state, plan)
	return plan, nil
}

// carryOut applies the steps of the plan up to the first that must wait. A step's gate is asked
// when the step is next, and then the strategy plans again with the verdict.
func (e *Engine) carryOut(ctx context.Context, w Workload, s Strategy, state State, plan Plan) (Status, error) {
	if err := e.known(plan, state); err != nil {
		return e.outcome(state, plan, 0, soon), err
	}
	writes := 0
	for i := 0; i < len(plan.Steps); {
		step := plan.Steps[i]
		verdict, asked := state.Verdicts[step.Gate]
		switch {
		case e.Budget > 0 && writes >= e.Budget:
			return e.outcome(state, plan, writes, soon), nil
		case step.Gate == "" || asked && verdict.Answer == Open:
			err := e.apply(ctx, w, step)
			if errors.Is(err, ErrConflict) {
				return e.outcome(state, plan, writes, soon), nil
			}
			if err != nil {
				return e.outcome(state, plan, writes, soon), err
			}
			writes++
			i++
		case asked && verdict.Answer == Shut:
			return e.giveUp(ctx, w, state, plan, step, verdict, writes)
		case asked:
			return e.held(state, plan, step, verdict, writes), nil
		case writes > 0:
			// The state that the gate and the strategy would see is gone: look again first.
			return e.outcome(state, plan, writes, soon), nil
		default:
			var err error
			if state, err = e.ask(ctx, step.Gate, state); err != nil {
				return e.held(state, plan, step, Verdict{Message: err.Error()}, writes), err
			}
			next, err := e.plan(s, state)
			if err == nil {
				err = e.known(next, state)
			}
			if err != nil {
				return e.outcome(state, plan, writes, soon), err
			}
			plan = next
		}
	}
	return e.outcome(state, plan, writes, 0), nil
}

func (e *Engine) apply(ctx context.Context, w Workload, step Step) error {
	if err := ctx.Err(); err != nil {
		return &StepError{step, err}
	}
	e.Trace.applying(step)
	err := w.Apply(ctx, step.Action)
	e.Trace.applied(step, err)
	if err != nil {
		return &StepError{step, err}
	}
	return nil
}

// outcome is the status after a plan. The phase is that before its writes; the next look sees
// what they led to.
func (e *Engine) outcome(state State, plan Plan, writes int, after time.Duration) Status {
	st := Status{
		Phase: plan.Phase, Message: plan.Message,
		Template: state.Template, Replicas: state.Replicas,
		Counts: state.Counts(), Writes: writes, RequeueAfter: after,
	}
	if after == 0 && !plan.Phase.Over() {
		st.RequeueAfter = e.poll()
	}
	if wake := plan.Wake.Sub(state.Now); !plan.Wake.IsZero() && (st.RequeueAfter == 0 || wake < st.RequeueAfter) {
		st.RequeueAfter = max(wake, time.Millisecond)
	}
	return st
}

func (e *Engine) poll() time.Duration {
	if e.Poll > 0 {
		return e.Poll
	}
	return defaultPoll
}

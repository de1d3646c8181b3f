package rollout

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// gatePatience is how long a gate may take to answer.
const gatePatience = 10 * time.Second

// known makes sure that every gate which a plan names can be asked, before anything is written.
func (e *Engine) known(p Plan, state State) error {
	for _, step := range p.Steps {
		_, ok := e.Gates[step.Gate]
		if _, answered := state.Verdicts[step.Gate]; step.Gate != "" && !ok && !answered {
			names := slices.Sorted(maps.Keys(e.Gates))
			return &InvalidError{"gate", fmt.Sprintf("%q", step.Gate), "one that the engine knows: [" + strings.Join(names, " ") + "]"}
		}
	}
	return nil
}

// ask returns the state with the verdict of one gate in it.
func (e *Engine) ask(ctx context.Context, name string, state State) (State, error) {
	verdict, err := check(ctx, e.Gates[name], state)
	e.Trace.asked(name, verdict, err)
	if err != nil {
		return state, fmt.Errorf("gate %q: %w", name, err)
	}
	verdicts := maps.Clone(state.Verdicts)
	if verdicts == nil {
		verdicts = map[string]Verdict{}
	}
	verdicts[name] = verdict
	state.Verdicts = verdicts
	return state, nil
}

// check asks a gate. One that panics, or that neither answers nor heeds its context, answers an
// error; what becomes of the latter's goroutine is its own affair.
func check(ctx context.Context, gate Gate, state State) (Verdict, error) {
	within, cancel := context.WithTimeout(ctx, gatePatience)
	defer cancel()
	type answer struct {
		verdict Verdict
		err     error
	}
	answers := make(chan answer, 1)
	go func() {
		var a answer
		defer func() {
			if r := recover(); r != nil {
				a = answer{err: fmt.Errorf("panic: %v", r)}
			}
			answers <- a
		}()
		a.verdict, a.err = gate.Check(within, state)
	}()
	select {
	case a := <-answers:
		return a.verdict, a.err
	case <-within.Done():
		if ctx.Err() != nil {
			return Verdict{}, ctx.Err()
		}
		return Verdict{}, &TransientError{Err: fmt.Errorf("no answer in %v", gatePatience)}
	}
}

// held is the outcome before a gate that is not open.
func (e *Engine) held(state State, plan Plan, step Step, v Verdict, writes int) Status {
	st := e.outcome(state, plan, writes, v.Retry)
	st.Phase, st.Message = Waiting, verdictOf(step, v)
	return st
}

func verdictOf(step Step, v Verdict) string {
	said := fmt.Sprintf("gate %q is %v", step.Gate, v.Answer)
	if v.Message != "" {
		said += ": " + v.Message
	}
	return said
}

// giveUp writes down that a gate is shut for the wanted template, where the workload keeps such
// things. What that leads to is the strategy's affair, at the next look.
func (e *Engine) giveUp(ctx context.Context, w Workload, state State, plan Plan, step Step, v Verdict, writes int) (Status, error) {
	why := verdictOf(step, v)
	failed := e.outcome(state, plan, writes, v.Retry)
	failed.Phase, failed.Message, failed.RequeueAfter = Failed, why, v.Retry
	if _, already := state.Rejected[state.Template]; already {
		return failed, nil
	}
	err := e.apply(ctx, w, Step{Action: Reject{Template: state.Template, Why: why}, Why: "what a gate refuses is not tried again"})
	switch {
	case err == nil:
		writes++
	case errors.Is(err, ErrUnsupported):
		return failed, nil
	case !errors.Is(err, ErrConflict):
		return failed, err
	}
	st := e.outcome(state, plan, writes, soon)
	st.Phase, st.Message = Progressing, why
	return st, nil
}

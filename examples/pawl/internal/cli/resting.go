package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/gopawl/pawl/rollout"
)

// A pause holds every size, but for a resize: that is shared out among the revisions, once. It is the
// only thing that a command does to a paused app.

// errRests ends a drive in a pause that leaves nothing to do.
var errRests = errors.New("paused")

// followPaused carries out what the pause leaves to do, or says who does and how to go on.
func (p *Pawl) followPaused(ctx context.Context, s *session, name string, d driving) error {
	if done, err := p.resizePaused(ctx, s, name, d); done || err != nil {
		return err
	}
	return p.leave(ctx, s, name)
}

// refusePaused is followPaused for a command that promises a rollout: it is an error, unless somebody
// has ended the pause meanwhile.
func (p *Pawl) refusePaused(ctx context.Context, s *session, name string, d driving) error {
	if _, err := p.resizePaused(ctx, s, name, d); err != nil {
		return err
	}
	record, err := s.Load(ctx, name)
	if err != nil {
		return err
	}
	if !record.Spec.Paused {
		return p.follow(ctx, s, name, d)
	}
	return fmt.Errorf("deployment %q is paused: nothing is rolled out until 'pawl resume %s'", name, name)
}

// resizePaused carries out what the pause leaves to do, unless it is nothing or somebody else does.
func (p *Pawl) resizePaused(ctx context.Context, s *session, name string, d driving) (done bool, err error) {
	_, state, plan, err := p.look(ctx, s, name)
	if err != nil {
		return false, err
	}
	driver, err := s.DrivenBy(ctx, name)
	if err != nil || driver != "" || !d.wait || plan.Phase != rollout.Paused || !due(state, plan) {
		return false, err
	}
	d.rests = true
	return true, p.drive(ctx, s, name, d)
}

// resting ends a drive as soon as a pause leaves nothing to do.
func resting(cancel context.CancelCauseFunc) rollout.Trace {
	rests := false
	return rollout.Trace{
		Planned: func(s rollout.State, plan rollout.Plan) { rests = plan.Phase == rollout.Paused && !due(s, plan) },
		Reconciled: func(_ rollout.Status, err error) {
			if rests && err == nil {
				cancel(errRests)
			}
		},
	}
}

// due reports whether something is left to do in a pause: now, or when replicas that are on their way
// have come. Where none is, a resize that no bound allows waits for the end of the pause.
func due(s rollout.State, plan rollout.Plan) bool {
	return len(plan.Steps) > 0 || slices.ContainsFunc(s.Revisions, resized(s.Replicas)) && slices.ContainsFunc(s.Revisions, moving)
}

// resized reports whether a size was worked out for another number of wanted replicas.
func resized(wanted int32) func(rollout.Revision) bool {
	return func(r rollout.Revision) bool {
		return r.Replicas > 0 && r.Basis.Desired > 0 && r.Basis.Desired != wanted
	}
}

func moving(r rollout.Revision) bool {
	return !r.Observed || r.Actual != r.Replicas || r.Available != r.Replicas || r.Terminating > 0
}

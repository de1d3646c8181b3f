package sim

import (
	"context"
	"fmt"
	"time"

	"github.com/gopawl/pawl/rollout"
)

// Report is what a rollout did in virtual time.
type Report struct {
	Steps []Step
	// Writes is the number of steps.
	Writes int
	// Duration is the time until the rollout was over, or until nothing could happen any more.
	Duration time.Duration
	// LowestAvailable is the fewest replicas that were available at any moment, the beginning
	// included: 0 for a first deployment.
	LowestAvailable int32
	// HighestExisting is the most replicas that existed at any moment, after the controllers
	// had acted; those that were terminating are left out.
	HighestExisting int32
	// End is the last plan: its phase and its message say how the rollout ended.
	End rollout.Plan
	// Stalled says that it is not over, but that nothing would ever happen by itself.
	Stalled bool
}

// Step is one step that was carried out.
type Step struct {
	At   time.Duration // since the beginning
	Step rollout.Step
	Name string // the revision that it was about; "" for a route or a template
}

// maxRounds ends the preview of a strategy that does not come to an end.
const maxRounds = 100_000

// Preview runs a strategy from a state to its end, in virtual time: it plans, carries out all
// steps, moves on to the next event, and again. Gates are open.
//
// Its errors are those of the strategy, of an action that a simulated workload does not know,
// and that there is no end in sight.
func Preview(s rollout.Strategy, from rollout.State, o Options) (Report, error) {
	p := &preview{workload: New(from, o), report: Report{LowestAvailable: from.Counts().Available}}
	p.start = p.workload.Now()
	p.engine = rollout.Engine{Gates: map[string]rollout.Gate{}, Trace: rollout.Trace{Applied: p.applied}}
	p.measure()
	for range maxRounds {
		over, err := p.round(s)
		if over || err != nil {
			return p.report, err
		}
	}
	return p.report, fmt.Errorf("no end in sight after %d rounds: %s", maxRounds, p.report.End.Message)
}

type preview struct {
	workload *Workload
	engine   rollout.Engine
	report   Report
	start    time.Time
}

// round is one look and one move of time.
func (p *preview) round(s rollout.Strategy) (over bool, err error) {
	ctx := context.Background()
	status, err := p.engine.Reconcile(ctx, p.workload, rollout.StrategyFunc(func(state rollout.State) (rollout.Plan, error) {
		plan, err := s.Plan(state)
		p.open(plan)
		p.report.End = plan
		return plan, err
	}))
	p.report.Duration = p.workload.Now().Sub(p.start)
	if err != nil || status.Phase.Over() {
		return true, err
	}
	if !p.move(status.Writes) {
		p.report.Stalled = true
	}
	p.measure()
	return p.report.Stalled, nil
}

// open knows the gates of a plan and lets everything through.
func (p *preview) open(plan rollout.Plan) {
	for _, step := range plan.Steps {
		p.engine.Gates[step.Gate] = rollout.GateFunc(letThrough)
	}
}

func letThrough(context.Context, rollout.State) (rollout.Verdict, error) {
	return rollout.Verdict{Answer: rollout.Open}, nil
}

// move goes to the next moment at which the plan may be another one. After writes that is now.
func (p *preview) move(writes int) bool {
	w, wake := p.workload, p.report.End.Wake
	next, ok := w.Event()
	switch {
	case writes > 0:
		w.Tick()
	case wake.After(w.Now()) && (!ok || wake.Before(next)):
		w.Advance(wake.Sub(w.Now()))
	case !ok:
		return false
	default:
		w.Next()
	}
	return true
}

func (p *preview) applied(step rollout.Step, err error) {
	if err != nil {
		return
	}
	p.report.Writes++
	p.report.Steps = append(p.report.Steps, Step{
		At: p.workload.Now().Sub(p.start), Step: step, Name: p.workload.about(step.Action),
	})
}

// about is the name of the revision that an action was about.
func (w *Workload) about(a rollout.Action) string {
	if made, ok := a.(rollout.Create); ok {
		for _, r := range w.revisions {
			if r.Template == made.Template {
				return r.Name
			}
		}
	}
	return rollout.RevisionOf(a)
}

func (p *preview) measure() {
	var available, existing int32
	for _, r := range p.workload.revisions {
		shown := p.workload.show(r)
		available += shown.Available
		existing += shown.Actual
	}
	p.report.LowestAvailable = min(p.report.LowestAvailable, available)
	p.report.HighestExisting = max(p.report.HighestExisting, existing)
}

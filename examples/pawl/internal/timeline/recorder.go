package timeline

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/gopawl/pawl/examples/pawl/internal/view"
	"github.com/gopawl/pawl/rollout"
)

// Recorder makes a [Timeline] of what an engine does. It is for one engine, and not safe for
// concurrent use. What it keeps is bounded, however long the rollout takes.
type Recorder struct {
	App, Namespace string
	// Simulated says that the rollout does not happen.
	Simulated bool
	// Bounds are the floor and the ceiling as of the last look.
	Bounds func() (floor, ceiling int32)
	// Images are those of each revision by name, as of the last look; nil is none.
	Images func() map[string][]string
	// Revision is the name of the one that a write was about; nil is what the action says.
	Revision func(rollout.Action) string
	// Now dates what is not a look; nil is [time.Now].
	Now func() time.Time

	timeline Timeline
	samples  samples
	events   events
	pending  *look
	values   Values // of the pending look
	template string // wanted at the last look
	replicas int32
	met      struct{ floor, ceiling bool }
}

// Trace listens to an engine.
func (r *Recorder) Trace() rollout.Trace {
	return rollout.Trace{
		Planned: r.Look,
		Applied: func(step rollout.Step, err error) {
			name := rollout.RevisionOf(step.Action)
			if r.Revision != nil {
				name = r.Revision(step.Action)
			}
			r.Write(r.now(), step, name, err)
		},
		Reconciled: r.reconciled,
		Retrying:   r.retrying,
	}
}

func (r *Recorder) now() time.Time {
	if r.Now != nil {
		return r.Now()
	}
	return time.Now()
}

// look is what was seen and is not judged yet: a gate may still be asked.
type look struct {
	state rollout.State
	plan  rollout.Plan
}

// Look takes down what was seen, and what the strategy made of it. Several of one moment are one.
func (r *Recorder) Look(s rollout.State, p rollout.Plan) {
	if r.pending != nil && !r.pending.state.Now.Equal(s.Now) {
		r.commit()
	}
	r.pending = &look{s, p}
	t := &r.timeline
	t.Problems = problems(s)
	t.Standing = standing(p.Phase, p.Message)
	if current, ok := s.New(); ok {
		t.To = r.revision(current)
	}
	if t.Looks == 0 {
		t.From = r.revisions(s)
	}
	r.values = r.count(s)
}

// commit makes a sample of the pending look.
func (r *Recorder) commit() {
	if r.pending == nil {
		return
	}
	s, p, v := r.pending.state, r.pending.plan, r.values
	r.pending = nil
	at := r.pass(s.Now)
	r.timeline.Looks++
	if r.timeline.Looks > 1 {
		r.changes(at, s)
	}
	r.template, r.replicas = s.Template, s.Replicas
	switch p.Phase {
	case rollout.Paused:
		v.Held = Paused
	case rollout.Waiting:
		v.Held = Waiting
	}
	r.judge(&v)
	r.turn(at, v.Held, p.Message)
	r.bounds(v.Bounds)
	r.extremes(at, v)
	r.samples.add(Sample{at, v})
}

func standing(p rollout.Phase, message string) string { return fmt.Sprintf("%s: %s", p, message) }

// problems are one reason each.
func problems(s rollout.State) []string {
	var all []string
	for line := range strings.Lines(view.Problems(s)) {
		all = append(all, strings.TrimSpace(line))
	}
	return all
}

// pass moves time, which never goes back, and adds it up.
func (r *Recorder) pass(at time.Time) time.Time {
	t := &r.timeline
	if t.Begun.IsZero() {
		t.Begun, t.Ended = at, at
		t.Facts.Held = map[Held]time.Duration{}
	}
	if at.Before(t.Ended) {
		return t.Ended
	}
	passed := at.Sub(t.Ended)
	t.Ended = at
	if last, ok := r.samples.last(); ok {
		if last.Held != "" {
			t.Facts.Held[last.Held] += passed
		}
		if last.Short {
			t.Facts.Short += passed
		}
		if last.Over {
			t.Facts.Over += passed
		}
	}
	return at
}

// retrying says that nothing is known from now on.
func (r *Recorder) retrying(err error, _ int, _ time.Duration) {
	r.commit()
	last, ok := r.samples.last()
	if !ok {
		return
	}
	at := r.pass(r.now())
	r.turn(at, Retrying, err.Error())
	last.At, last.Held = at, Retrying
	r.samples.add(last)
}

// reconciled knows more than the plan where a gate is not open.
func (r *Recorder) reconciled(s rollout.Status, _ error) {
	if r.pending != nil && s.Phase != "" {
		r.pending.plan.Phase, r.pending.plan.Message = s.Phase, s.Message
		r.timeline.Standing = standing(s.Phase, s.Message)
	}
	r.commit()
}

// Write takes down a write to the revision of a name, and its error. It may be told of later than of
// what came after.
func (r *Recorder) Write(at time.Time, step rollout.Step, name string, err error) {
	r.commit()
	if at.After(r.timeline.Ended) {
		r.pass(at)
	}
	what := written(step.Action, name)
	if err != nil {
		r.event(at, Refused, "Not done: "+what, err.Error())
		return
	}
	r.timeline.Facts.Writes++
	r.event(at, kind(step.Action), what, step.Why)
}

// written is a write in the words of the command. The bookkeeping that it passes over is told here.
func written(a rollout.Action, name string) string {
	switch a := a.(type) {
	case rollout.Settle:
		return "Settled replica set " + name
	case rollout.Scale:
		if a.From == a.To {
			return "Refreshed replica set " + name
		}
	}
	return view.Write(rollout.Step{Action: a}, name)
}

func kind(a rollout.Action) Kind {
	switch a := a.(type) {
	case rollout.Create:
		return Grow
	case rollout.Delete:
		return Shrink
	case rollout.Scale:
		switch {
		case a.To > a.From:
			return Grow
		case a.To < a.From:
			return Shrink
		}
	}
	return Other
}

func (r *Recorder) event(at time.Time, kind Kind, what, why string) {
	r.events.add(Event{At: at, Kind: kind, What: what, Why: why})
}

// End says how it ended: nil is complete, [context.Canceled] that somebody interrupted it.
func (r *Recorder) End(err error) {
	r.commit()
	t := &r.timeline
	switch {
	case err == nil:
		t.Outcome, t.Message = Complete, strings.TrimPrefix(t.Standing, string(rollout.Complete)+": ")
	case errors.Is(err, ErrStalled):
		t.Outcome, t.Message = Stalled, err.Error()
	case errors.Is(err, context.Canceled):
		t.Outcome, t.Message = Interrupted, "the rollout was left as it is"
	default:
		t.Outcome, t.Message = Failed, err.Error()
	}
	if t.Looks > 0 {
		if !r.Simulated {
			r.pass(r.now())
		}
		r.event(t.Ended, End, string(t.Outcome), t.Message)
	}
}

// Timeline is what was heard so far.
func (r *Recorder) Timeline() Timeline {
	t := r.timeline
	t.App, t.Namespace, t.Simulated = r.App, r.Namespace, r.Simulated
	t.Samples = r.samples.all
	t.Events, t.Omitted, t.OmittedBefore = r.events.list()
	t.From = slices.DeleteFunc(slices.Clone(t.From), func(from Revision) bool { return from.Name == t.To.Name && len(t.From) > 1 })
	return t
}

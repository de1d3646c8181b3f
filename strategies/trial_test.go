package strategies_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"time"

	"github.com/gopawl/pawl/rollout"
	"github.com/gopawl/pawl/rollout/sim"
)

// subject is a strategy with what it promises beyond the four laws. The functions may be nil.
type subject struct {
	name     string
	strategy rollout.Strategy
	write    func(before, after rollout.State) error // holds for every write of the strategy
	always   func(rollout.State) error               // holds at every moment ...
	alwaysIn weather                                 // ... in this weather and better
}

// try makes one random rollout, and holds the strategy to the laws on the way: noise at first,
// with only a prefix of each plan carried out; then quiet, until the rollout is complete.
// Everything follows from the seed.
func try(seed uint64, choose func(*rand.Rand) subject, log func(string, ...any)) error {
	rng := rand.New(rand.NewPCG(seed, 1))
	t := &trial{rng: rng, subject: choose(rng), weather: weather(rng.IntN(3)), log: log}
	t.workload = t.newWorkload()
	t.note("%s; %v weather; %+v", t.name, t.weather, t.settings)
	for range 10 + rng.IntN(60) {
		if err := t.round(); err != nil {
			return fmt.Errorf("%s: %w", t.name, err)
		}
	}
	if err := t.toTheEnd(); err != nil {
		return fmt.Errorf("%s: %w", t.name, err)
	}
	return nil
}

// trial is one random rollout.
type trial struct {
	subject
	weather  weather
	settings settings
	rng      *rand.Rand
	workload *sim.Workload
	log      func(string, ...any)
}

func (t *trial) note(format string, args ...any) {
	if t.log != nil {
		t.log(format, args...)
	}
}

func (t *trial) observe() rollout.State {
	s, err := t.workload.Observe(context.Background())
	if err != nil {
		panic(err) // the context of a trial does not end
	}
	return s
}

// round is one look, a part of the plan, some noise and some time.
func (t *trial) round() error {
	plan, err := t.plan()
	if err != nil {
		return err
	}
	prefix := plan.Steps
	if n := len(prefix); n > 0 && t.rng.IntN(3) == 0 {
		prefix = prefix[:t.rng.IntN(n+1)]
	}
	if err := t.apply(prefix); err != nil {
		return err
	}
	t.noise()
	if t.rng.IntN(4) == 0 {
		return nil // another look before anybody acts
	}
	return t.pass(time.Duration(t.rng.IntN(12_000)) * time.Millisecond)
}

// plan plans twice: the answers must be the same, and the state as it was.
func (t *trial) plan() (rollout.Plan, error) {
	given, same := t.observe(), t.observe()
	first, err := t.strategy.Plan(given)
	if err != nil {
		return first, err
	}
	second, _ := t.strategy.Plan(given)
	switch {
	case !reflect.DeepEqual(first, second):
		return first, fmt.Errorf("not pure: %+v, then %+v", first, second)
	case !reflect.DeepEqual(given, same):
		return first, fmt.Errorf("the plan changed the state: %+v to %+v", same, given)
	}
	t.note("%v %s: %s%s", given.Now.Format("04:05.000"), first.Phase, first.Message, sizes(given))
	return first, sound(given, first)
}

// sound checks what holds for every plan by itself.
func sound(s rollout.State, p rollout.Plan) error {
	switch {
	case p.Phase == "":
		return errors.New("a plan without a phase")
	case p.Message == "":
		return errors.New("a plan that does not say why")
	case p.Phase.Over() && len(p.Steps) > 0:
		return fmt.Errorf("%s with steps %v", p.Phase, p.Steps)
	}
	for _, step := range p.Steps {
		if s.Paused && !sharesOut(s, step.Action) {
			return fmt.Errorf("%v while paused", step.Action)
		}
		if step.Why == "" {
			return fmt.Errorf("%v without a reason", step.Action)
		}
	}
	return nil
}

func (t *trial) apply(steps []rollout.Step) error {
	for _, step := range steps {
		before := t.observe()
		t.note("  %v (%s)", step.Action, step.Why)
		if err := t.workload.Apply(context.Background(), step.Action); err != nil {
			return fmt.Errorf("%v: %w", step.Action, err)
		}
		if t.write != nil {
			if err := t.write(before, t.observe()); err != nil {
				return fmt.Errorf("%v: %w", step.Action, err)
			}
		}
	}
	return nil
}

// pass lets time pass, and looks at every moment at which something happens.
func (t *trial) pass(d time.Duration) error {
	end := t.workload.Now().Add(d)
	for {
		next, ok := t.workload.Event()
		if !ok || next.After(end) {
			break
		}
		t.workload.Next()
		if err := t.look(); err != nil {
			return err
		}
	}
	t.workload.Advance(end.Sub(t.workload.Now()))
	return nil
}

func (t *trial) look() error {
	if t.always == nil || t.weather > t.alwaysIn {
		return nil
	}
	s := t.observe()
	if err := t.always(s); err != nil {
		t.note("%v%s", s.Now.Format("04:05.000"), sizes(s))
		return err
	}
	return nil
}

// toTheEnd ends the noise: the rollout must complete, and then be quiet.
func (t *trial) toTheEnd() error {
	t.note("the noise ends")
	t.workload.Paused = false
	for range 1000 {
		plan, err := t.plan()
		if err != nil {
			return err
		}
		if err := t.apply(plan.Steps); err != nil {
			return err
		}
		if plan.Phase == rollout.Complete {
			return t.quiet()
		}
		if _, ok := t.workload.Next(); !ok && len(plan.Steps) == 0 {
			return fmt.Errorf("does not converge: %s: %s%s", plan.Phase, plan.Message, sizes(t.observe()))
		}
		if err := t.look(); err != nil {
			return err
		}
	}
	return errors.New("does not converge: no end in sight")
}

// quiet looks at a complete rollout at every later moment at which something happens.
func (t *trial) quiet() error {
	s := t.observe()
	if c, now := s.Counts(), mustNew(s); c.Total != s.Replicas || c.Available != s.Replicas || now.Replicas != s.Replicas || now.Settled.IsZero() {
		return fmt.Errorf("complete with %+v and a new revision %+v", c, now)
	}
	for {
		plan, err := t.plan()
		if err != nil {
			return err
		}
		if plan.Phase != rollout.Complete {
			return fmt.Errorf("complete, and then %s: %s", plan.Phase, plan.Message)
		}
		if _, ok := t.workload.Next(); !ok {
			return nil
		}
	}
}

func mustNew(s rollout.State) rollout.Revision {
	r, _ := s.New()
	return r
}

func sizes(s rollout.State) (text string) {
	for _, r := range s.Revisions {
		text += fmt.Sprintf("; %s %d: %d/%d/%d", r.Name, r.Replicas, r.Actual, r.Ready, r.Available)
		if r.Terminating > 0 {
			text += fmt.Sprintf("-%d", r.Terminating)
		}
		if !r.Observed {
			text += "?"
		}
	}
	return text
}

// sharesOut reports whether a is what a pause allows: another size for a revision, where sizes
// were worked out for another number of replicas than is wanted now.
func sharesOut(s rollout.State, a rollout.Action) bool {
	scale, ok := a.(rollout.Scale)
	return ok && slices.ContainsFunc(s.Revisions, func(r rollout.Revision) bool {
		return r.Basis.Desired != s.Replicas && (r.Replicas > 0 || r.Name == scale.Name)
	})
}

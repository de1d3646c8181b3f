package rollouttest

import (
	"errors"
	"fmt"
	"slices"

	"github.com/gopawl/pawl/rollout"
)

// broken tells how a state was come to, and what happened next.
func (x *explorer) broken(err error, id int32, next ...event) error {
	told := &BrokenError{Law: lawSound, Err: err}
	if b := (*broken)(nil); errors.As(err, &b) {
		told.Law, told.Err = b.law, b.err
	}
	var events []event
	for ; x.states[id].parent >= 0; id = x.states[id].parent {
		events = append(events, x.states[id].event)
	}
	slices.Reverse(events)
	p := &path{strategy: x.strategy, world: x.world(id)}
	p.start()
	for _, e := range append(events, next...) {
		p.happens(e)
	}
	told.Path = p.lines
	return told
}

// endless tells of rounds that do not lead to an end.
func (x *explorer) endless(way []int32, why string) error {
	told := x.broken(breaks(lawConvergent, "%s", why), way[0]).(*BrokenError)
	told.Path = append(told.Path, "nothing disturbs it any more")
	p := &path{strategy: x.strategy}
	for _, id := range way {
		p.world = x.world(id)
		p.happens(event{kind: plans})
		for p.world.busy() {
			p.happens(event{kind: writes})
		}
		p.add("all that follows from it")
	}
	told.Path = append(told.Path, p.lines...)
	return told
}

// path tells a story.
type path struct {
	strategy rollout.Strategy
	world    world
	lines    []string
}

func (p *path) add(format string, args ...any) {
	p.lines = append(p.lines, fmt.Sprintf(format, args...))
}

func (p *path) start() {
	p.add("%d replicas of %s are wanted%s", p.world.replicas, names[p.world.template], p.world.sizes())
}

// happens adds an event with what it leads to. Plans are made again, for their reasons.
func (p *path) happens(e event) {
	switch e.kind {
	case plans:
		plan, err := p.strategy.Plan(p.world.seen())
		if err != nil {
			p.add("plan: %v", err)
			return
		}
		p.add("plan: %s: %s, %d steps", plan.Phase, plan.Message, len(plan.Steps))
		p.world.underWay = plan.Steps
	case writes:
		step := p.world.underWay[0]
		next, err := p.world.step()
		p.world = next
		if err != nil {
			p.add("%v (%s): %v", step.Action, step.Why, err)
			return
		}
		p.add("%v (%s)%s", step.Action, step.Why, p.world.sizes())
	default:
		p.world = p.world.happens(e)
		p.add("%v%s", e, p.world.sizes())
	}
}

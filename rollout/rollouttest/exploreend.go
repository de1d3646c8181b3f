package rollouttest

import "github.com/gopawl/pawl/rollout"

// converge shows from every state, in the order found, that its rollout comes to an end when
// nothing disturbs it any more. A state in a pause is left out: resumed, it is another one. So
// is one in the midst of a plan: after a crash it is another one.
func (x *explorer) converge() error {
	for id := range x.states {
		if w := x.world(int32(id)); w.busy() || w.paused {
			continue
		}
		if err := x.toTheEnd(int32(id)); err != nil {
			return err
		}
	}
	return nil
}

// toTheEnd goes from state to state, one round at a time, up to the end or to one that is known
// to lead there.
func (x *explorer) toTheEnd(from int32) error {
	var way []int32
	on := map[int32]bool{}
	for id := from; !x.states[id].ends; {
		if on[id] {
			return x.endless(way, "comes back to where it was")
		}
		way, on[id] = append(way, id), true
		w := x.world(id)
		p, err := x.strategy.Plan(w.seen())
		switch {
		case err != nil || x.hash(p) != x.states[id].plan:
			return x.broken(breaks(lawPure, "another plan at a later look: %+v, %v", p, err), id)
		case p.Phase.Over():
			x.states[id].ends = true
			continue
		}
		next, err := w.round(p)
		if err != nil {
			return x.broken(breaks(lawSound, "%w", err), id, event{kind: plans})
		}
		there, ok := x.find(next)
		switch {
		case !ok:
			return x.endless(way, "comes to where it never was: "+next.sizes())
		case there == id:
			return x.endless(way, string(p.Phase)+": "+p.Message)
		}
		id = there
	}
	for _, id := range way {
		x.states[id].ends = true
	}
	return nil
}

// round carries out a plan and lets happen all that follows from it. Where nothing does, the time
// passes that the plan asks for.
func (w world) round(p rollout.Plan) (world, error) {
	next, err := w.carryOut(p.Steps)
	if err != nil {
		return next, err
	}
	for i := range next.versions {
		v := &next.versions[i]
		v.due, v.frozen, v.shown, v.counts = false, false, counts{}, counts{available: v.size}
	}
	if wait := p.Wake.Sub(at(w.now)); len(p.Steps) == 0 && next.versions == w.versions && wait > 0 {
		next.now += ticks(wait)
	}
	return next, nil
}

// carryOut is the world after all steps.
func (w world) carryOut(steps []rollout.Step) (world, error) {
	var err error
	for _, step := range steps {
		if w, err = w.apply(step.Action); err != nil {
			return w, err
		}
	}
	return w, nil
}

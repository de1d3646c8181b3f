package rollouttest

import (
	"cmp"
	"reflect"

	"github.com/gopawl/pawl/rollout"
)

// judge holds the truth to what the strategy promises of every moment, and its memory to none.
//
// The floor is judged from the first look that shows it kept: what somebody else has broken is only
// approached again.
//
// One gap no strategy can close. Between what is seen and the act of a controller, replicas may become
// ready that are not available yet, and the controller may end available ones in their place. So
// where replicas count as available later than they are ready, and a controller or a cache is late,
// as many are ready as the floor says; once that has happened, the floor is judged from the next look
// that shows it kept.
type judge struct {
	promises Promises
	minReady bool    // replicas are available later than they are ready
	late     bool    // controllers, caches or writes have been late
	weather  Weather // so far
	held     bool    // the floor was seen to be kept
	routes   routes
	plans    int
	memory   []remembered
}

// remembered is what was once planned.
type remembered struct {
	state rollout.State
	plan  rollout.Plan
}

// looks says what the strategy sees, and what there is.
func (j *judge) looks(seen, truth rollout.State) {
	if j.weather == Calm && j.promises.Bounds != nil {
		floor, _, err := j.promises.Bounds(truth.Replicas)
		j.held = j.held || err == nil && guaranteed(seen) >= floor && guaranteed(truth) >= floor
	}
	j.lookAtRoutes(seen, truth)
}

// moment judges the truth.
func (j *judge) moment(truth rollout.State, t *Tally) error {
	j.routes.completions(truth)
	if j.weather == Calm {
		if err := cmp.Or(j.bounds(truth, t), j.traffic(truth)); err != nil {
			return err
		}
	}
	return j.promises.invariantsAt(truth, j.weather)
}

func (j *judge) bounds(truth rollout.State, t *Tally) error {
	if j.promises.Bounds == nil {
		return nil
	}
	floor, ceiling, err := j.promises.boundsOf(truth.Replicas)
	if err != nil {
		return err
	}
	c := truth.Counts()
	switch {
	case !j.held:
	case c.Available < floor && j.minReady && j.late && c.Ready >= floor:
		j.held = false
	case c.Available == floor && floor < truth.Replicas:
		t.AtFloor++
	}
	if j.held {
		if err := floorKept(c.Available, floor); err != nil {
			return err
		}
	}
	existing := j.promises.counted(truth)
	if existing == ceiling && ceiling > truth.Replicas {
		t.AtCeiling++
	}
	return ceilingKept(existing, ceiling)
}

// remember keeps some of the plans.
func (j *judge) remember(s rollout.State, p rollout.Plan) {
	if j.plans++; (j.plans < 4 || j.plans%4 == 0) && len(j.memory) < 24 {
		j.memory = append(j.memory, remembered{s, p})
	}
}

// recall plans again what is remembered, last things first: a strategy that remembers anything itself
// answers differently now.
func (j *judge) recall(s rollout.Strategy) error {
	for i := len(j.memory) - 1; i >= 0; i-- {
		m := j.memory[i]
		if plan, err := s.Plan(copyState(m.state)); err != nil || !reflect.DeepEqual(plan, m.plan) {
			return breaks(lawPure, "%+v before, and for the same state after the rollout %+v, %v", m.plan, plan, err)
		}
	}
	return nil
}

package rollouttest

import (
	"time"

	"github.com/gopawl/pawl/rollout"
)

// most is how often a strategy may be asked before it comes to an end.
const most = 1000

// run looks whenever something happens, until the rollout is over, nothing can happen any more,
// so much time has passed, or so many steps were taken.
func (st *stage) run(limit time.Duration, steps int) error {
	end := st.workload.Now().Add(limit)
	for range most {
		g := whole
		if steps > 0 {
			g.steps = steps
		}
		taken, err := st.look(g)
		if err != nil {
			return err
		}
		if steps > 0 {
			if steps -= taken; steps == 0 {
				return nil
			}
		}
		over := false
		if taken > 0 && st.exact() {
			err = st.pass(0)
		} else {
			over, err = st.rest(end)
		}
		if over || err != nil {
			return err
		}
	}
	return breaks(lawConvergent, "no end in sight after %d looks: %s", most, st.plan.Message)
}

// rest is what a look without steps leads to. It reports whether the run has ended.
func (st *stage) rest(end time.Time) (over bool, err error) {
	if st.phase.Over() {
		return true, nil
	}
	next, ok := st.next()
	switch {
	case !ok:
		st.teller.look()
		st.teller.note("nothing more will happen")
		return true, nil
	case next.After(end):
		return true, st.pass(end.Sub(st.workload.Now()))
	}
	return false, st.pass(next.Sub(st.workload.Now()))
}

// finish ends the noise: the rollout must come to an end and stay there. Where the wanted template was
// given up, that end is a failure or what it went back to; its owner then has it tried again.
func (st *stage) finish() error {
	st.workload.Paused, st.view.by, st.calm = false, nil, true
	if err := st.toTheEnd(); err != nil {
		return err
	}
	if rejected(st.truth()) {
		st.tally.GivenUp++
		st.teller.look()
		st.teller.note("the owner has it tried again")
		st.workload.Retry()
		if err := st.toTheEnd(); err != nil {
			return err
		}
	}
	if st.plan.Phase == rollout.Complete {
		st.tally.Completed++
	}
	return st.judge.recall(st.strategy)
}

// toTheEnd runs to the end of the rollout, where it must be quiet. Replicas that do not start may hold
// it up; it must then come to rest, and to its end once they do.
func (st *stage) toTheEnd() error {
	if err := st.run(forever, 0); err != nil {
		return err
	}
	if !st.plan.Phase.Over() && st.heal() {
		st.teller.look()
		st.teller.note("every replica starts after all")
		if err := st.run(forever, 0); err != nil {
			return err
		}
	}
	if !st.plan.Phase.Over() {
		return breaks(lawConvergent, "comes to rest before its end: %s: %s", st.plan.Phase, st.plan.Message)
	}
	if err := st.quiet(); err != nil {
		return err
	}
	return st.judge.endOfRoutes(st.truth())
}

const forever = 100 * 24 * time.Hour

// heal lets every pod start after all. It reports whether there are any that did not.
func (st *stage) heal() bool {
	if st.scene.healed || !st.scene.fails() {
		return false
	}
	st.scene.healed = true
	for _, r := range st.truth().Revisions {
		for _, p := range st.workload.Pods(r.Name) {
			if p.Ready.IsZero() {
				p.Ready = st.workload.Now().Add(time.Second)
			}
		}
	}
	return true
}

// quiet looks at a rollout that is over at every later moment at which something happens.
func (st *stage) quiet() error {
	phase := st.plan.Phase
	for range most {
		next, ok := st.next()
		if !ok {
			return nil
		}
		if err := st.pass(next.Sub(st.workload.Now())); err != nil {
			return err
		}
		if _, err := st.look(whole); err != nil {
			return err
		}
		if st.plan.Phase != phase {
			return breaks(lawQuiet, "%s, and then %s: %s", phase, st.plan.Phase, st.plan.Message)
		}
	}
	return nil
}

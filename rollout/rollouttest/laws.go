package rollouttest

import (
	"cmp"
	"errors"
	"fmt"
	"reflect"
	"slices"

	"github.com/gopawl/pawl/rollout"
)

// The names of what can be broken. An [Invariant] has its own.
const (
	lawPure        = "pure"       // same state, same plan
	lawSound       = "sound"      // a plan says why, and is one that can be carried out
	lawQuiet       = "quiet"      // a complete rollout has no steps and stays complete
	lawConvergent  = "convergent" // a rollout completes when nothing disturbs it any more
	promiseFloor   = "floor"
	promiseCeil    = "ceiling"
	promiseTraffic = "traffic"
)

// broken is a law or a promise that did not hold.
type broken struct {
	law string
	err error
}

func (b *broken) Error() string { return b.law + ": " + b.err.Error() }
func (b *broken) Unwrap() error { return b.err }

func breaks(law, format string, args ...any) error {
	return &broken{law, fmt.Errorf(format, args...)}
}

// planTwice plans twice: the answers must be the same, and the state as it was. The copy of the
// state shares nothing with it.
func planTwice(s rollout.Strategy, given, copied rollout.State) (rollout.Plan, error) {
	first, err := s.Plan(given)
	second, again := s.Plan(given)
	switch {
	case !reflect.DeepEqual(first, second), (err == nil) != (again == nil):
		return first, breaks(lawPure, "%+v, %v, then %+v, %v", first, err, second, again)
	case !reflect.DeepEqual(given, copied):
		return first, breaks(lawPure, "the plan changed the state: %+v to %+v", copied, given)
	case err != nil:
		return first, breaks(lawSound, "%w", err)
	}
	return first, sound(given, first)
}

// sound checks what holds for every plan by itself.
func sound(s rollout.State, p rollout.Plan) error {
	var err error
	switch {
	case p.Phase == "":
		err = errors.New("a plan without a phase")
	case p.Message == "":
		err = errors.New("a plan that does not say why")
	case p.Phase == rollout.Complete && rejected(s):
		err = fmt.Errorf("complete, though %s was given up", s.Template)
	case p.Phase == rollout.RolledBack && !rejected(s):
		err = fmt.Errorf("rolled back, though %s was not given up", s.Template)
	case p.Phase.Over() && len(p.Steps) > 0:
		err = fmt.Errorf("%s with steps %v", p.Phase, p.Steps)
	case s.Paused && p.Phase != rollout.Paused && !p.Phase.Over():
		err = fmt.Errorf("%s while paused", p.Phase)
	}
	if err != nil {
		return &broken{lawSound, err}
	}
	for _, step := range p.Steps {
		if step.Why == "" {
			return breaks(lawSound, "%v without a reason", step.Action)
		}
		if s.Paused && !allowedInPause(s, step.Action) {
			return breaks(lawSound, "%v while paused", step.Action)
		}
	}
	return nil
}

// rejected reports whether the wanted template was given up.
func rejected(s rollout.State) bool {
	_, ok := s.Rejected[s.Template]
	return ok
}

// allowedInPause reports whether a pause does not hold an action: another size for a revision, where sizes
// were worked out for another number of replicas than is wanted now, a pin for a route that has none, and
// the deletion of what is empty.
func allowedInPause(s rollout.State, a rollout.Action) bool {
	switch a := a.(type) {
	case rollout.Delete:
		return true
	case rollout.Switch:
		route, _ := routeOf(s, a.Route)
		return route.To == ""
	case rollout.Scale:
		return sharesOut(s, a)
	}
	return false
}

func sharesOut(s rollout.State, scale rollout.Scale) bool {
	return slices.ContainsFunc(s.Revisions, func(r rollout.Revision) bool {
		if r.Replicas == 0 {
			return r.Name == scale.Name && r.Basis.Desired == 0 // empty because none was wanted
		}
		return r.Basis.Desired > 0 && r.Basis.Desired != s.Replicas
	})
}

// keptByWrite checks a write of the strategy: what it saw before and what it sees right after.
func (p Promises) keptByWrite(before, after rollout.State) error {
	if p.Bounds != nil {
		floor, ceiling, err := p.boundsOf(before.Replicas)
		if err != nil {
			return err
		}
		if was, is := guaranteed(before), guaranteed(after); is < was && is < floor {
			return breaks(promiseFloor, "lowers what is sure to be available from %d to %d, the floor is %d", was, is, floor)
		}
		if was, is := p.counted(before), p.counted(after); is > was && is > ceiling {
			return breaks(promiseCeil, "raises the replicas from %d to %d, the ceiling is %d", was, is, ceiling)
		}
	}
	for _, i := range p.Invariants {
		if i.Write != nil {
			if err := i.Write(before, after); err != nil {
				return &broken{i.Name, err}
			}
		}
	}
	return nil
}

// keptAt checks a moment: the state as it really is, whatever the strategy sees of it.
func (p Promises) keptAt(s rollout.State, w Weather) error {
	if p.Bounds != nil && w == Calm {
		floor, ceiling, err := p.boundsOf(s.Replicas)
		if err != nil {
			return err
		}
		if err := floorKept(s.Counts().Available, floor); err != nil {
			return err
		}
		if err := ceilingKept(p.counted(s), ceiling); err != nil {
			return err
		}
	}
	return p.invariantsAt(s, w)
}

func (p Promises) boundsOf(replicas int32) (floor, ceiling int32, err error) {
	if floor, ceiling, err = p.Bounds(replicas); err != nil {
		err = breaks(lawSound, "bounds of %d: %w", replicas, err)
	}
	return floor, ceiling, err
}

func floorKept(available, floor int32) error {
	if available < floor {
		return breaks(promiseFloor, "%d are available, the floor is %d", available, floor)
	}
	return nil
}

func ceilingKept(replicas, ceiling int32) error {
	if replicas > ceiling {
		return breaks(promiseCeil, "%d replicas, the ceiling is %d", replicas, ceiling)
	}
	return nil
}

func (p Promises) invariantsAt(s rollout.State, w Weather) error {
	for _, i := range p.Invariants {
		if i.Always != nil && w <= i.In {
			if err := i.Always(s); err != nil {
				return &broken{i.Name, err}
			}
		}
	}
	return nil
}

// settledAsWanted checks a state in which the strategy called the rollout complete, or rolled back: then
// what it is back at counts as wanted.
func settledAsWanted(s rollout.State, phase rollout.Phase) error {
	if phase == rollout.RolledBack {
		last, _ := s.LastSettled()
		s.Template = cmp.Or(s.Rejected[s.Template].BackTo, last.Template)
	}
	c := s.Counts()
	current, _ := s.New()
	if c.Total != s.Replicas || c.Available != s.Replicas || current.Replicas != s.Replicas || current.Settled.IsZero() {
		return breaks(lawQuiet, "%s with %d replicas, %d of them available, %d wanted; revision %s has size %d, settled: %t",
			phase, c.Total, c.Available, s.Replicas, current.Name, current.Replicas, !current.Settled.IsZero())
	}
	return nil
}

// guaranteed is how many replicas stay available whichever the controllers choose to end among
// those that are ready.
func guaranteed(s rollout.State) int32 { return sure(s, "") }

// counted is the number of replicas that counts against the ceiling.
func (p Promises) counted(s rollout.State) (n int32) {
	for _, r := range s.Revisions {
		if p.Terminating {
			n += max(r.Replicas, r.Actual) + r.Terminating
		} else {
			n += r.Replicas
		}
	}
	return n
}

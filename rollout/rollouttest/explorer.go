package rollouttest

import (
	"errors"
	"hash/maphash"

	"github.com/gopawl/pawl/rollout"
)

// explorer is one exploration, breadth first: the first way found to a state is a shortest one.
type explorer struct {
	strategy rollout.Strategy
	scope    Scope
	weather  Weather
	longest  int64 // wait that was asked for, in ticks
	seed     maphash.Seed
	ids      map[string]int32 // of states, by key
	states   []visited        // by id, in the order found
	buffer   []byte
	report   Explored
}

// visited is a state, and how it was come to.
type visited struct {
	key    string
	plan   uint64 // a hash of the plan made there
	parent int32  // -1 at the start
	depth  int32
	event  event
	ends   bool // known to lead to an end
}

// errLonger says that the strategy asks for a longer wait than was known: begin again.
var errLonger = errors.New("a longer wait")

func newExplorer(s rollout.Strategy, scope Scope, longest int64) *explorer {
	return &explorer{
		strategy: s, scope: scope, weather: scope.weather(), longest: longest,
		seed: maphash.MakeSeed(), ids: map[string]int32{},
	}
}

func (x *explorer) explore() error {
	for _, w := range x.scope.starts() {
		if err := x.reach(-1, event{}, w); err != nil {
			return err
		}
	}
	for id := int32(0); int(id) < len(x.states); id++ {
		if err := x.visit(id); err != nil {
			return err
		}
	}
	return x.converge()
}

// world returns a state.
func (x *explorer) world(id int32) world {
	w := worldOf(x.states[id].key)
	x.scope.rule(&w)
	return w
}

// find returns the id of a world that was reached.
func (x *explorer) find(w world) (id int32, ok bool) {
	w.normalise(x.longest)
	x.buffer = w.key(x.buffer[:0])
	id, ok = x.ids[string(x.buffer)]
	return id, ok
}

// reach adds a world, unless it is there.
func (x *explorer) reach(parent int32, e event, w world) error {
	if parent >= 0 {
		x.report.Transitions++
	}
	if _, ok := x.find(w); ok {
		return nil
	}
	if len(x.states) == x.scope.Limit {
		return &LimitError{x.scope.Limit}
	}
	v := visited{key: string(x.buffer), parent: parent, event: e}
	if parent >= 0 {
		v.depth = x.states[parent].depth + 1
	}
	x.ids[v.key] = int32(len(x.states))
	x.states = append(x.states, v)
	x.report.States++
	x.report.Deepest = max(x.report.Deepest, int(v.depth))
	return nil
}

// visit judges a state, and all that comes next.
func (x *explorer) visit(id int32) error {
	w := x.world(id)
	if err := x.scope.keptAt(w.real(), x.weather); err != nil {
		return x.broken(err, id)
	}
	var err error
	if w.busy() {
		err = x.write(id, w)
	} else {
		err = x.plan(id, w)
	}
	if err != nil {
		return err
	}
	for _, e := range x.scope.around(&w) {
		if err := x.reach(id, e, w.happens(e)); err != nil {
			return err
		}
	}
	return nil
}

// plan asks the strategy.
func (x *explorer) plan(id int32, w world) error {
	x.report.Plans++
	s := w.seen()
	p, err := planTwice(x.strategy, s, w.seen())
	if err != nil {
		return x.broken(err, id)
	}
	if err := x.foresee(id, w, p.Steps); err != nil {
		return err
	}
	x.states[id].plan = x.hash(p)
	if p.Phase == rollout.Complete {
		x.report.Complete++
		return x.rest(id, w)
	}
	if len(p.Steps) > 0 {
		next := w
		next.underWay = p.Steps
		return x.reach(id, event{kind: plans}, next)
	}
	if wait := ticks(p.Wake.Sub(s.Now)); wait > 0 {
		if wait > x.longest {
			x.longest = wait
			return errLonger
		}
		e := event{elapses, 0, wait}
		return x.reach(id, e, w.happens(e))
	}
	return nil
}

// rest checks a world that the strategy called complete: it is, and it stays so.
func (x *explorer) rest(id int32, w world) error {
	if err := settledAsWanted(w.real(), rollout.Complete); err != nil {
		return x.broken(err, id, event{kind: plans})
	}
	for i := range w.versions {
		for _, e := range x.scope.byItself(&w, i) {
			next := w.happens(e)
			p, err := x.strategy.Plan(next.seen())
			if err != nil {
				return x.broken(breaks(lawSound, "%w", err), id, e)
			}
			if p.Phase != rollout.Complete {
				return x.broken(breaks(lawQuiet, "complete, and then %s: %s", p.Phase, p.Message), id, e, event{kind: plans})
			}
		}
	}
	return nil
}

// foresee judges every write of a plan as if it came right after the look.
func (x *explorer) foresee(id int32, w world, steps []rollout.Step) error {
	so := []event{{kind: plans}}
	for _, step := range steps {
		so = append(so, event{kind: writes})
		next, err := w.apply(step.Action)
		if err != nil {
			return x.broken(breaks(lawSound, "%w", err), id, so...)
		}
		if err := x.judge(x.scope.Promises, w, next); err != nil {
			return x.broken(err, id, so...)
		}
		w = next
	}
	return nil
}

// write carries out the next step of the plan that is under way. In calm weather it keeps the
// bounds whatever has happened since the look.
func (x *explorer) write(id int32, w world) error {
	next, err := w.step()
	if err != nil {
		return x.broken(breaks(lawSound, "%w", err), id, event{kind: writes})
	}
	x.report.Writes++
	if x.weather == Calm {
		bounds := Promises{Bounds: x.scope.Bounds, Terminating: x.scope.Terminating}
		if err := x.judge(bounds, w, next); err != nil {
			return x.broken(err, id, event{kind: writes})
		}
	}
	return x.reach(id, event{kind: writes}, next)
}

// step is the world after the next step. A conflict ends the plan: the engine looks again.
func (w world) step() (world, error) {
	next, err := w.apply(w.underWay[0].Action)
	if errors.Is(err, rollout.ErrConflict) {
		return w.happens(event{kind: crashes}), nil
	}
	next.underWay = w.underWay[1:]
	return next, err
}

// judge holds a write to promises, as it is seen and as it is.
func (x *explorer) judge(p Promises, before, after world) error {
	if x.scope.Lag {
		if err := p.keptByWrite(before.seen(), after.seen()); err != nil {
			return err
		}
	}
	return p.keptByWrite(before.real(), after.real())
}

// hash tells plans apart.
func (x *explorer) hash(p rollout.Plan) uint64 {
	k := keyWriter{x.buffer[:0]}
	for _, step := range p.Steps {
		k.action(step.Action)
		k.to = append(append(k.to, step.Why...), step.Gate...)
	}
	k.to = append(append(k.to, p.Phase...), p.Message...)
	k.number(p.Wake.UnixNano())
	x.buffer = k.to
	return maphash.Bytes(x.seed, k.to)
}

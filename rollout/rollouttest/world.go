package rollouttest

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/gopawl/pawl/rollout"
)

// world is a small workload without time, in which every single event is a choice: replicas are
// counts per revision and stage, and there is at most one revision of each template.
//
//	starting ──► (ready ──►) available        ended ──► terminating ──► gone
//
// The controller of a revision acts on the size asked for last at some later moment. A world is
// a value; what it points to is never changed.
type world struct {
	// What the owner wants.
	template int // index into names
	replicas int32
	paused   bool

	now      int64 // in ticks
	versions [maxTemplates]version
	rejected [maxTemplates]bool
	underWay []rollout.Step // what is left of a plan
	left     int            // how many disturbances may still come

	rules
}

// rules are the same in all worlds of a scope.
type rules struct {
	lagging   bool  // what is seen of a version after a write is from before it, for a while
	scaled    bool  // sizes are dated
	lingering int32 // how many replicas of a version can be terminating at a time
}

// version is the revision of one template.
type version struct {
	exists bool
	size   int32
	counts
	due    bool   // the controller has yet to act on the size
	frozen bool   // the view is from before the size asked for last
	shown  counts // in a frozen view
	basis  rollout.Basis
	number int64

	created, scaled, settled int64 // in ticks; 0 is never
}

// counts are replicas by stage.
type counts struct{ starting, ready, available, terminating int32 }

func (c counts) alive() int32 { return c.starting + c.ready + c.available }

const (
	maxTemplates = 4
	// maxSize keeps a strategy without bounds from growing beyond all measure.
	maxSize = 1000
	// tick is the time between two writes. Time that has passed is counted in thousands of them.
	tick = time.Microsecond
	long = 1000
)

// names are the templates, and the names of their revisions.
var names = [maxTemplates]string{"v1", "v2", "v3", "v4"}

// birth is the moment of tick 0.
var birth = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

// complete is a world in which n replicas of the first template are available.
func complete(n int32) world {
	w := world{replicas: n, now: 1}
	w.versions[0] = version{exists: true, size: n, counts: counts{available: n}, number: 1, created: 1}
	return w
}

// empty is a world without revisions.
func empty(n int32) world { return world{replicas: n, now: 1} }

func at(ticks int64) time.Time {
	if ticks == 0 {
		return time.Time{}
	}
	return birth.Add(time.Duration(ticks) * tick)
}

// seen is the world as the strategy sees it.
func (w world) seen() rollout.State { return w.state(version.seen) }

// real is the world as it is.
func (w world) real() rollout.State { return w.state(version.real) }

func (w world) state(show func(version) counts) rollout.State {
	s := rollout.State{Now: at(w.now), Replicas: w.replicas, Template: names[w.template], Paused: w.paused}
	s.Revisions = make([]rollout.Revision, 0, maxTemplates)
	for i, v := range w.versions {
		if v.exists {
			s.Revisions = append(s.Revisions, v.revision(names[i], show(v)))
		}
	}
	for i, rejected := range w.rejected {
		if rejected && s.Rejected == nil {
			s.Rejected = map[string]rollout.Rejection{}
		}
		if rejected {
			s.Rejected[names[i]] = rollout.Rejection{Why: "given up"}
		}
	}
	slices.SortFunc(s.Revisions, func(a, b rollout.Revision) int {
		return cmp.Or(cmp.Compare(a.Number, b.Number), cmp.Compare(a.Name, b.Name))
	})
	return s
}

func (v version) real() counts { return v.counts }

func (v version) seen() counts {
	if v.frozen {
		return v.shown
	}
	return v.counts
}

func (v version) revision(name string, c counts) rollout.Revision {
	return rollout.Revision{
		Name: name, Template: name, Label: name, Number: v.number,
		Replicas: v.size, Basis: v.basis, Observed: !v.due && !v.frozen,
		Actual: c.alive(), Ready: c.ready + c.available, Available: c.available, Terminating: c.terminating,
		Created: at(v.created), Scaled: at(v.scaled), Settled: at(v.settled),
	}
}

// ticks is a duration, rounded up.
func ticks(d time.Duration) int64 { return int64((d + tick - 1) / tick) }

// normalise gives a world the smallest numbers and stamps of the same order, so that there are
// only so many worlds.
// Nothing is longer than the longest wait: later is as good.
func (w *world) normalise(longest int64) {
	w.renumber()
	w.redate(longest)
}

func (w *world) renumber() {
	var all []int64
	for _, v := range w.versions {
		if v.number > 0 {
			all = append(all, v.number)
		}
	}
	all = distinct(all)
	for i := range w.versions {
		if v := &w.versions[i]; v.number > 0 {
			v.number = int64(slices.Index(all, v.number) + 1)
		}
	}
}

// redate brings stamps that a few writes part next to each other. Twice the longest wait, because
// a strategy may begin to wait for a moment late.
func (w *world) redate(longest int64) {
	all := make([]int64, 0, 3*maxTemplates+1)
	for _, v := range w.versions {
		all = append(all, v.created, v.scaled, v.settled)
	}
	all = distinct(append(all, w.now))
	if all[0] == 0 {
		all = all[1:]
	}
	to := make([]int64, len(all))
	for i := range all {
		switch {
		case i == 0:
			to[i] = 1
		case all[i]-all[i-1] < long/2:
			to[i] = to[i-1] + 1
		default:
			gap := (all[i] - all[i-1] + long/2) / long * long
			to[i] = to[i-1] + min(gap, 2*longest)
		}
	}
	move := func(stamp *int64) {
		if *stamp > 0 {
			*stamp = to[slices.Index(all, *stamp)]
		}
	}
	for i := range w.versions {
		v := &w.versions[i]
		move(&v.created)
		move(&v.scaled)
		move(&v.settled)
	}
	move(&w.now)
}

func distinct(all []int64) []int64 {
	slices.Sort(all)
	return slices.Compact(all)
}

// sizes describes the revisions: size asked for, then existing, ready, available and
// terminating replicas.
func (w world) sizes() (text string) {
	for i, v := range w.versions {
		if !v.exists {
			continue
		}
		c := v.counts
		text += fmt.Sprintf("; %s %d: %d/%d/%d", names[i], v.size, c.alive(), c.ready+c.available, c.available)
		if c.terminating > 0 {
			text += fmt.Sprintf("-%d", c.terminating)
		}
		if v.due || v.frozen {
			text += "?"
		}
	}
	return text
}

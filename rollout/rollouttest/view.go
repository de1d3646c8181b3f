package rollouttest

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/gopawl/pawl/rollout"
)

// view is what the strategy sees of the truth. It may lag behind, each object for itself, as
// caches do: an object never goes back in time, and what we wrote ourselves is always there. The
// sizes, numbers and stamps of a revision are therefore never of before our last write to it; its
// counts may be, and are then not Observed.
type view struct {
	by      []time.Duration // how far reads are behind, one after the other; nil is not at all
	reads   int
	moments []moment
	changed time.Time        // when anything happened last
	first   int              // the number of the first moment that is kept
	at      map[string]int   // the moment at which an object was read last; "" is the owner
	own     map[string]int   // the moment of which we know what is written of an object: our last write
	born    map[string]int   // the moment at which a revision came into being
	sizes   map[string]int32 // as the last look saw them, with what we wrote since
	resized map[string]int   // how often a revision was given a size, by anybody
}

// moment is the truth as it was once.
type moment struct {
	state   rollout.State
	resized map[string]int
}

func newView() *view {
	return &view{at: map[string]int{}, own: map[string]int{}, born: map[string]int{}, resized: map[string]int{}}
}

// record keeps the present.
func (v *view) record(truth rollout.State) {
	v.moments = append(v.moments, moment{truth, v.resized})
}

// happened keeps the present, in which something has changed.
func (v *view) happened(truth rollout.State) {
	v.record(truth)
	v.changed = truth.Now
}

// caughtUp is when everything that has happened is seen.
func (v *view) caughtUp() time.Time {
	if len(v.by) == 0 {
		return v.changed
	}
	return v.changed.Add(slices.Max(v.by))
}

func (v *view) last() int { return v.first + len(v.moments) - 1 }

func (v *view) moment(n int) moment { return v.moments[max(n, v.first)-v.first] }

// touched says that a revision was given a size.
func (v *view) touched(name string) {
	v.resized = maps.Clone(v.resized)
	v.resized[name]++
}

// look moves each object on to what is read of it now.
func (v *view) look() {
	at := map[string]int{"": v.read("")}
	oldest := at[""]
	for _, name := range v.names() {
		at[name] = v.read(name)
		oldest = min(oldest, at[name])
	}
	for _, r := range v.moment(v.last()).state.Routes {
		at[routeKey+r.Name] = v.read(routeKey + r.Name)
		oldest = min(oldest, at[routeKey+r.Name])
	}
	v.at, v.sizes = at, map[string]int32{}
	v.moments, v.first = slices.Clone(v.moments[oldest-v.first:]), oldest
	for _, r := range v.state().Revisions {
		v.sizes[r.Name] = r.Replicas
	}
}

// read is the moment of which an object is read now.
func (v *view) read(name string) int {
	n := v.last()
	if len(v.by) > 0 {
		behind := v.moment(n).state.Now.Add(-v.by[v.reads%len(v.by)])
		v.reads++
		for n > v.first && v.moment(n).state.Now.After(behind) {
			n--
		}
	}
	return max(n, v.at[name])
}

// names are those of all revisions that may be seen.
func (v *view) names() []string {
	seen := map[string]bool{}
	for _, m := range v.moments {
		for _, r := range m.state.Revisions {
			seen[r.Name] = true
		}
	}
	return slices.Sorted(maps.Keys(seen))
}

// made says that a revision came into being in the last moment.
func (v *view) made(name string) { v.born[name] = v.last() }

// Routes and rejections are objects beside the revisions, under names that no revision has.
const (
	routeKey  = "route "
	rejectKey = "rejections "
)

// wrote keeps the present right after a write of ours: it is seen from now on. A size that somebody
// else gave the revision is known at the next look; what is planned already does not know it.
func (v *view) wrote(a rollout.Action, truth rollout.State) {
	before, name := v.moment(v.last()).state, rollout.RevisionOf(a)
	switch a := a.(type) {
	case rollout.Scale:
		v.sizes[name] = a.To
		if a.From != a.To {
			v.touched(name)
		}
	case rollout.Switch:
		name = routeKey + a.Route
	case rollout.Reject:
		name = rejectKey
	}
	v.happened(truth)
	for _, r := range truth.Revisions {
		if _, ok := find(before, r.Name); !ok {
			name = r.Name
			v.made(name)
		}
	}
	v.own[name] = v.last()
}

// replaced reports whether a revision was removed, and another one made under its name, since it was
// read.
func (v *view) replaced(name string) bool { return v.born[name] > max(v.at[name], v.own[name]) }

// rerouted reports whether somebody else has pointed a route elsewhere since it was read.
func (v *view) rerouted(name string) bool {
	seen, now := v.route(name), v.moment(v.last()).route(name)
	return seen.To != now.To || !seen.Since.Equal(now.Since)
}

// state is what is seen. It shares nothing with the view.
func (v *view) state() rollout.State {
	truth, owner := v.moment(v.last()).state, v.moment(v.at[""]).state
	seen := copyState(truth)
	seen.Replicas, seen.Template, seen.Paused = owner.Replicas, owner.Template, owner.Paused
	seen.Rejected = maps.Clone(v.moment(max(v.at[""], v.own[rejectKey])).state.Rejected)
	seen.Revisions = nil
	for _, name := range v.names() {
		if r, ok := v.revision(name); ok {
			seen.Revisions = append(seen.Revisions, copyRevision(r))
		}
	}
	slices.SortStableFunc(seen.Revisions, func(a, b rollout.Revision) int {
		return cmp.Or(cmp.Compare(a.Number, b.Number), cmp.Compare(a.Name, b.Name))
	})
	for i, route := range seen.Routes {
		seen.Routes[i] = v.route(route.Name)
	}
	return seen
}

// revision is what is written of a revision since our last write to it, with counts that may be
// older. Those of an earlier revision of its name are none.
func (v *view) revision(name string) (rollout.Revision, bool) {
	at := v.at[name]
	known := max(at, v.own[name])
	spec, status := v.moment(known), v.moment(at)
	r, ok := find(spec.state, name)
	if !ok {
		return r, false
	}
	var counts rollout.Revision
	if born := v.born[name]; at >= born || known < born {
		counts, _ = find(status.state, name)
	}
	r.Actual, r.Ready, r.Available, r.Terminating = counts.Actual, counts.Ready, counts.Available, counts.Terminating
	r.Problems, r.Facts = counts.Problems, counts.Facts
	if size, ok := v.sizes[name]; ok {
		r.Replicas = size
	}
	r.Observed = counts.Observed && spec.resized[name] == status.resized[name]
	return r, true
}

// route is what is written of a route since our last write to it, with endpoints that may be older:
// those of before that write are stale, whatever they are of.
func (v *view) route(name string) rollout.Route {
	at, own := v.at[routeKey+name], v.own[routeKey+name]
	r := v.moment(max(at, own)).route(name)
	if at < own {
		old := v.moment(at).route(name)
		r.Serving, r.Stale = 0, old.Serving+old.Stale
	}
	return r
}

func (m moment) route(name string) rollout.Route {
	r, _ := routeOf(m.state, name)
	return r
}

func routeOf(s rollout.State, name string) (rollout.Route, bool) {
	for _, r := range s.Routes {
		if r.Name == name {
			return r, true
		}
	}
	return rollout.Route{}, false
}

func find(s rollout.State, name string) (rollout.Revision, bool) {
	for _, r := range s.Revisions {
		if r.Name == name {
			return r, true
		}
	}
	return rollout.Revision{}, false
}

// copyState returns a state that shares nothing with s.
func copyState(s rollout.State) rollout.State {
	s.Revisions, s.Routes = slices.Clone(s.Revisions), slices.Clone(s.Routes)
	for i, r := range s.Revisions {
		s.Revisions[i] = copyRevision(r)
	}
	s.Rejected, s.Verdicts = maps.Clone(s.Rejected), maps.Clone(s.Verdicts)
	return s
}

func copyRevision(r rollout.Revision) rollout.Revision {
	r.Problems, r.Facts = slices.Clone(r.Problems), maps.Clone(r.Facts)
	return r
}

package sim

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	"github.com/gopawl/pawl/rollout"
)

// Never is the start-up time of a pod that does not become ready.
const Never time.Duration = -1

// Options say how pods and controllers behave. With the zero value everything happens at once.
type Options struct {
	// StartUp is how long the n-th pod of a template, counted from 1, takes from its creation
	// until it is ready; [Never] if it does not become ready. Nil is at once.
	StartUp func(template string, n int) time.Duration
	// MinReady is how long a pod must have been ready to count as available.
	MinReady time.Duration
	// Stop is how long a pod that was asked to go still exists.
	Stop time.Duration
	// React is how long the controller of a revision takes to act on a new size. Nil is until
	// time moves next.
	React func(revision string) time.Duration
	// Routing is how long the endpoints of a route take to follow a Switch. Nil is at once.
	Routing func(route string) time.Duration
	// Order compares two pods that are both ready: a negative number ends a first. Nil ends
	// the newest first. Pods that are not ready always go before those that are.
	Order func(a, b Pod) int
	// Name is the name of a new revision. Nil is the beginning of the template's identity.
	Name func(template string) string
}

// After is a StartUp: d for every pod, and [Never] for the pods of the failing templates.
func After(d time.Duration, failing ...string) func(string, int) time.Duration {
	return func(template string, _ int) time.Duration {
		if slices.Contains(failing, template) {
			return Never
		}
		return d
	}
}

// Workload is a simulated [rollout.Workload]. It is not safe for concurrent use; the functions
// of a [rollout.Trace] may call it.
type Workload struct {
	// Replicas, Template and Paused are what the owner wants. They may be changed at any time.
	Replicas int32
	Template string
	Paused   bool

	options   Options
	now       time.Time
	revisions []*revision
	routes    []route
	rejected  map[string]rollout.Rejection
	verdicts  map[string]rollout.Verdict
	last      rollout.Status
	made      map[string]int // pods ever made, by template
	changed   chan struct{}
}

// revision is a revision with its pods. The counts in its State part are filled in by Observe.
type revision struct {
	rollout.Revision
	pods []*Pod
	due  time.Time // when the controller acts on the size asked for last
}

// route is a route with what is behind it until its endpoints follow.
type route struct {
	rollout.Route
	was     string
	settles time.Time // when the endpoints follow
}

// epoch is the virtual present of a state that has none.
var epoch = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

// New returns a workload that shows the state s. Its counts become pods: those that are ready
// but not available have just become ready, those that are not ready or are terminating have
// just come to that. Where s has no Now, time begins at a fixed moment.
func New(s rollout.State, o Options) *Workload {
	w := &Workload{
		Replicas: s.Replicas, Template: s.Template, Paused: s.Paused,
		options: o, now: s.Now,
		rejected: maps.Clone(s.Rejected),
		verdicts: maps.Clone(s.Verdicts), last: s.Last,
		made: map[string]int{}, changed: make(chan struct{}, 1),
	}
	if w.now.IsZero() {
		w.now = epoch
	}
	for _, r := range s.Routes {
		w.routes = append(w.routes, route{Route: r})
	}
	for _, r := range s.Revisions {
		w.revisions = append(w.revisions, w.populate(clone(r)))
	}
	return w
}

// populate makes pods of a revision's counts.
func (w *Workload) populate(state rollout.Revision) *revision {
	r := &revision{Revision: state, due: w.now}
	for i := range max(0, state.Actual) {
		p := w.start(r)
		switch {
		case i < state.Available:
			p.Ready = w.now.Add(-w.options.MinReady)
		case i < state.Ready:
			p.Ready = w.now
		}
		p.Created = earliest(p.Created, p.Ready)
	}
	for range max(0, state.Terminating) {
		w.end(w.start(r))
	}
	return r
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func earliest(a, b time.Time) time.Time {
	if b.IsZero() || a.Before(b) {
		return a
	}
	return b
}

// Now is the virtual present.
func (w *Workload) Now() time.Time { return w.now }

// Observe implements [rollout.Workload]. What it returns shares nothing with the workload.
func (w *Workload) Observe(ctx context.Context) (rollout.State, error) {
	if err := ctx.Err(); err != nil {
		return rollout.State{}, err
	}
	s := rollout.State{
		Now: w.now, Replicas: w.Replicas, Template: w.Template, Paused: w.Paused,
		Rejected: maps.Clone(w.rejected), Verdicts: maps.Clone(w.verdicts), Last: w.last,
	}
	for _, r := range w.revisions {
		s.Revisions = append(s.Revisions, w.show(r))
	}
	slices.SortStableFunc(s.Revisions, func(a, b rollout.Revision) int {
		return cmp.Or(cmp.Compare(a.Number, b.Number), cmp.Compare(a.Name, b.Name))
	})
	for _, r := range w.routes {
		s.Routes = append(s.Routes, w.endpoints(r))
	}
	return s, nil
}

// show is a revision as it is seen from outside.
func (w *Workload) show(r *revision) rollout.Revision {
	shown := clone(r.Revision)
	shown.Actual, shown.Ready, shown.Available, shown.Terminating, shown.ReadySince = 0, 0, 0, 0, time.Time{}
	for _, p := range r.pods {
		switch {
		case p.Terminating():
			shown.Terminating++
			continue
		case w.available(p):
			shown.Available++
		}
		shown.Actual++
		if w.ready(p) {
			shown.Ready++
			shown.ReadySince = latest(shown.ReadySince, p.Ready)
		}
	}
	return shown
}

// endpoints is a route as its endpoints are now.
func (w *Workload) endpoints(r route) rollout.Route {
	shown := r.Route
	shown.Serving, shown.Stale = 0, 0
	for _, v := range w.revisions {
		switch behind := w.behind(r); {
		case behind != "" && behind != v.Template:
		case v.Template == r.To:
			shown.Serving += w.show(v).Ready
		default:
			shown.Stale += w.show(v).Ready
		}
	}
	return shown
}

// behind is the template whose pods get the traffic of a route; "" is all.
func (w *Workload) behind(r route) string {
	if w.now.Before(r.settles) {
		return r.was
	}
	return r.To
}

// Save implements [rollout.Saver].
func (w *Workload) Save(_ context.Context, s rollout.Status) error {
	w.last = s
	return nil
}

// Watch implements [rollout.Watcher]: the channel receives after a write and when time has moved.
func (w *Workload) Watch(context.Context) (<-chan struct{}, error) { return w.changed, nil }

func (w *Workload) find(name string) (*revision, bool) {
	for _, r := range w.revisions {
		if r.Name == name {
			return r, true
		}
	}
	return nil, false
}

func clone(r rollout.Revision) rollout.Revision {
	r.Problems, r.Facts = slices.Clone(r.Problems), maps.Clone(r.Facts)
	return r
}

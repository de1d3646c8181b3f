package rollouttest

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/gopawl/pawl/rollout"
)

// routes is what the judge remembers about traffic.
type routes struct {
	completed map[string]bool   // templates that a rollout has completed on
	last      string            // of these the latest; "" is none yet, and nothing is promised
	at        time.Time         // when that was
	kept      map[string]bool   // routes whose promise was seen to be kept
	behind    map[string]string // by route, the template last seen to have all its traffic; "" is any
}

// completions remembers what rollouts have completed on.
func (m *routes) completions(truth rollout.State) {
	for _, r := range truth.Revisions {
		if r.Settled.IsZero() {
			continue
		}
		if m.completed == nil {
			m.completed, m.kept, m.behind = map[string]bool{}, map[string]bool{}, map[string]string{}
		}
		m.completed[r.Template] = true
		if !r.Settled.Before(m.at) {
			m.last, m.at = r.Template, r.Settled
		}
	}
}

// promisedRoutes are the routes whose traffic is promised, by name.
func (p Promises) promisedRoutes() []string { return slices.Sorted(maps.Keys(p.Traffic)) }

// promised calls a function for every route of a state whose traffic is promised, once anything is.
func (j *judge) promised(s rollout.State, do func(r rollout.Route, floor int32) error) error {
	if j.routes.last == "" {
		return nil
	}
	for _, name := range j.promises.promisedRoutes() {
		if r, ok := routeOf(s, name); ok {
			if err := do(r, j.promises.Traffic[name](s.Replicas)); err != nil {
				return err
			}
		}
	}
	return nil
}

// lookAtRoutes says what the strategy sees, and what there is.
func (j *judge) lookAtRoutes(seen, truth rollout.State) {
	j.routes.completions(truth)
	_ = j.promised(truth, func(r rollout.Route, floor int32) error {
		if trafficShown(seen, r.Name, floor) && trafficShown(truth, r.Name, floor) {
			j.routes.kept[r.Name] = true
		}
		return nil
	})
	_ = j.promised(seen, func(r rollout.Route, _ int32) error {
		if r.Stale == 0 || r.To == "" {
			j.routes.behind[r.Name] = r.To
		}
		return nil
	})
}

// routesKept judges a write of the strategy: what it saw before and what it sees right after.
func (j *judge) routesKept(before, after rollout.State) error {
	return j.promised(before, func(was rollout.Route, floor int32) error {
		is, _ := routeOf(after, was.Name)
		return cmp.Or(
			j.routes.mayPoint(before, was, is.To, floor),
			keptApart(before, after, was),
			j.routes.keptBehind(before, after, was, floor))
	})
}

// traffic judges a moment of calm: the endpoints of the routes whose promise was seen to be kept.
func (j *judge) traffic(truth rollout.State) error {
	return j.promised(truth, func(r rollout.Route, floor int32) error {
		if n := r.Serving + r.Stale; j.routes.kept[r.Name] && n < floor {
			return breaks(promiseTraffic, "%d get the traffic of route %s, pointed at %q, the floor is %d", n, r.Name, r.To, floor)
		}
		return nil
	})
}

// endOfRoutes judges a rollout that is over, and quiet: a route has some replica behind it, where there
// is one of a template that a rollout completed on and that was not given up.
func (j *judge) endOfRoutes(truth rollout.State) error {
	best := int32(0)
	for template := range j.routes.completed {
		if _, rejected := truth.Rejected[template]; !rejected {
			best = max(best, sure(truth, template))
		}
	}
	return j.promised(truth, func(r rollout.Route, floor int32) error {
		if r.Serving+r.Stale == 0 && min(best, floor) > 0 {
			return breaks(promiseTraffic, "at the end nothing gets the traffic of route %s, pointed at %q, where %d could", r.Name, r.To, best)
		}
		return nil
	})
}

// mayPoint checks that a route is pointed at a template which has as many available as the floor, in
// a size that was observed; or at one that has more than the one before, whose trouble it is.
// A route that has nothing behind it to lose, or that has everything, may be pointed at what
// completed last and has any, and at what no other revision has more than.
func (m routes) mayPoint(s rollout.State, route rollout.Route, to string, floor int32) error {
	if to == route.To {
		return nil
	}
	was, is := sure(s, route.To), sure(s, to)
	known, found := observed(s, to)
	switch {
	case found && sure(known, to) >= floor:
	case route.To != "" && was < is:
	case sizeOf(s, route.To) == 0 && (to == m.last && is > 0 || is >= largest(s)):
	default:
		return breaks(promiseTraffic, "route %s is switched from %q, with %d that are sure to be available, to %s with %d (observed: %t), the floor is %d",
			route.Name, route.To, was, to, is, found, floor)
	}
	return nil
}

// keptApart checks that what is new gets no traffic as it starts: there are no first replicas of a
// revision while a route has everything behind it, and others are.
func keptApart(before, after rollout.State, route rollout.Route) error {
	if route.To != "" {
		return nil
	}
	for _, r := range after.Revisions {
		old, _ := find(before, r.Name)
		if old.Replicas == 0 && r.Replicas > 0 && sure(before, "") > sure(before, r.Template) {
			return breaks(promiseTraffic, "%s gets its first replicas while route %s is pinned to nothing, and others serve behind it", r.Name, route.Name)
		}
	}
	return nil
}

// keptBehind checks that what is behind a route is not made fewer than the floor. After a switch that
// is both what it points to and, until the endpoints have followed, what they are of.
func (m routes) keptBehind(before, after rollout.State, route rollout.Route, floor int32) error {
	templates := []string{route.To}
	if route.To != "" && route.Stale > 0 && route.Serving < floor {
		templates = append(templates, m.behind[route.Name])
	}
	for _, template := range templates {
		if was, is := sure(before, template), sure(after, template); is < was && is < floor {
			return breaks(promiseTraffic, "lowers what is sure to be available of %q behind route %s from %d to %d, the floor is %d",
				template, route.Name, was, is, floor)
		}
	}
	return nil
}

// sure is how many replicas of a template stay available whatever the controllers end; of all where
// the template is "".
func sure(s rollout.State, template string) (n int32) {
	for _, r := range s.Revisions {
		if template == "" || r.Template == template {
			n += sureOf(r)
		}
	}
	return n
}

// sureOf is how many replicas of a revision stay available whichever of those that are ready its
// controller ends.
func sureOf(r rollout.Revision) int32 { return max(0, r.Available-max(0, r.Ready-r.Replicas)) }

// largest is how many the revision has that has most.
func largest(s rollout.State) (n int32) {
	for _, r := range s.Revisions {
		n = max(n, sureOf(r))
	}
	return n
}

// sizeOf is how many replicas of a template are asked for.
func sizeOf(s rollout.State, template string) (n int32) {
	for _, r := range s.Revisions {
		if r.Template == template {
			n += r.Replicas
		}
	}
	return n
}

// observed is the state with only those revisions of a template whose counts are of the size asked
// for last, and whether there are any.
func observed(s rollout.State, template string) (rollout.State, bool) {
	s.Revisions = slices.DeleteFunc(slices.Clone(s.Revisions), func(r rollout.Revision) bool {
		return r.Template != template || !r.Observed
	})
	return s, len(s.Revisions) > 0
}

// trafficShown reports whether a look shows that a promise about a route is kept: its traffic comes to
// as many as the floor, all of what it points at, or of the only revision, and sure to stay.
func trafficShown(s rollout.State, name string, floor int32) bool {
	route, ok := routeOf(s, name)
	if route.To != "" {
		return route.Stale == 0 && min(route.Serving, sure(s, route.To)) >= floor
	}
	return ok && largest(s) == sure(s, "") && largest(s) >= floor
}

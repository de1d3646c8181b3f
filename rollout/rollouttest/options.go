package rollouttest

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gopawl/pawl/rollout"
)

// Options are those of [Check]. With the zero value it makes 1,000 rollouts in all weathers.
type Options struct {
	Promises
	// Seed is the first seed; each rollout has the next one. 0 is 1.
	Seed uint64
	// Rollouts is how many are made. 0 is 1,000.
	Rollouts int
	// Replicas is the most that are wanted. 0 is 8.
	Replicas int32
	// Templates is how many there are to choose from. 0 is 4.
	Templates int
	// Routes are the names of those that the workload has. Nil is none.
	Routes []string
	// Weathers are those that occur. Nil is all.
	Weathers []Weather
	// Log is told every story as it was played. Nil tells nobody.
	Log func(format string, args ...any)
}

// withDefaults puts in what is not given.
func (o Options) withDefaults() Options {
	if o.Seed == 0 {
		o.Seed = 1
	}
	if o.Rollouts == 0 {
		o.Rollouts = 1000
	}
	if o.Replicas == 0 {
		o.Replicas = 8
	}
	if o.Templates == 0 {
		o.Templates = 4
	}
	if len(o.Weathers) == 0 {
		o.Weathers = []Weather{Calm, Stormy, Wild}
	}
	return o
}

func (o Options) validate() error {
	for _, c := range []struct {
		path  string
		value int64
	}{{"rollouts", int64(o.Rollouts)}, {"replicas", int64(o.Replicas)}, {"templates", int64(o.Templates)}} {
		if c.value < 0 {
			return &rollout.InvalidError{Path: c.path, Value: c.value, Allowed: "0 or more"}
		}
	}
	for _, w := range o.Weathers {
		if w < Calm || w > Wild {
			return &rollout.InvalidError{Path: "weathers", Value: int(w), Allowed: "Calm, Stormy or Wild"}
		}
	}
	for i, name := range o.Routes {
		if name == "" || strings.ContainsAny(name, " ,()") || slices.Contains(o.Routes[:i], name) {
			return &rollout.InvalidError{Path: "routes", Value: fmt.Sprintf("%q", name), Allowed: "unique, and one word"}
		}
	}
	for _, name := range o.promisedRoutes() {
		if !slices.Contains(o.Routes, name) {
			return &rollout.InvalidError{Path: "traffic", Value: fmt.Sprintf("%q", name), Allowed: "one of the routes"}
		}
	}
	return nil
}

// Promises are what a strategy promises beside the four laws. The zero value is nothing.
type Promises struct {
	// Bounds returns the fewest replicas that stay available and the most that exist, for a
	// number of wanted ones; nil promises nothing about bounds.
	//
	// No write lowers what is sure to stay available to below the floor, nor raises the
	// replicas to above the ceiling; and in calm weather both hold at every moment.
	Bounds func(replicas int32) (floor, ceiling int32, err error)
	// Terminating says that replicas count against the ceiling until they are gone. Otherwise
	// the sizes asked for count.
	Terminating bool
	// Traffic has, for a route by its name, the fewest replicas that its traffic reaches, for a
	// number of wanted ones. Nothing is promised until a rollout has completed.
	//
	// No write points the route at fewer than that which are sure to be available, or at a size that
	// was not observed: unless there were still fewer before, or the route was pinned to nothing.
	// No write lowers to below it what the route points at, nor what it pointed at before the
	// endpoints have followed a switch; none starts a new revision while the route is pinned to nothing.
	// In calm weather the endpoints come to it at every moment, from a look on that shows so. At the
	// end there is some replica behind the route, if one serves whose template was not given up.
	Traffic map[string]func(replicas int32) (floor int32)
	// Invariants are your own.
	Invariants []Invariant
}

// Invariant is something that a strategy never breaks. Nil functions hold.
type Invariant struct {
	// Name is what a failure is called.
	Name string
	// Write holds for every write of the strategy: for what it saw before, and what it sees
	// right after.
	Write func(before, after rollout.State) error
	// Always holds at every moment, in the weather In and in better.
	Always func(rollout.State) error
	In     Weather
}

// Weather is how much goes on beside the strategy.
type Weather int

const (
	// Calm: other templates are wanted, given up and tried again, there are pauses, crashes, closed
	// gates, a lost status, caches that lag behind, slow writes, replicas that are slow or never
	// start, slow controllers in any order, and the worst choice of replicas to end.
	Calm Weather = iota
	// Stormy: other sizes are wanted, too, replicas fail and are evicted, and routes lose their pin.
	Stormy
	// Wild: and somebody else writes.
	Wild
)

func (w Weather) String() string { return [...]string{"calm", "stormy", "wild"}[w] }

package rollouttest

import "github.com/gopawl/pawl/rollout"

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
	// Weathers are those that occur. Nil is all.
	Weathers []Weather
	// Start changes the state that a rollout starts from: it may add routes and facts. Nil changes
	// nothing.
	Start func(rollout.State) rollout.State
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
	// Calm: other templates are wanted, there are pauses, crashes, closed gates, a lost status,
	// caches that lag behind, slow writes, replicas that are slow or never start, slow
	// controllers in any order, and the worst choice of replicas to end.
	Calm Weather = iota
	// Stormy: other sizes are wanted, too, and replicas fail and are evicted.
	Stormy
	// Wild: and somebody else writes.
	Wild
)

func (w Weather) String() string { return [...]string{"calm", "stormy", "wild"}[w] }

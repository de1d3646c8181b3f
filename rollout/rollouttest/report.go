package rollouttest

import (
	"fmt"
	"strings"
)

// Report is what [Check] has tried, so that one that tried nothing shows.
type Report struct {
	// First and Last are the seeds; there was none where Last is less.
	First, Last uint64
	// ByWeather has a tally for each [Weather].
	ByWeather [Wild + 1]Tally
}

// Tally counts what happened.
type Tally struct {
	Rollouts  int
	Completed int // came to their end as wanted
	GivenUp   int // came to their end with a wanted template that was given up, and were then tried again
	Looks     int
	Writes    int
	Switches  int // writes that point a route elsewhere
	Crashes   int // of the process, before or inside of a write
	Conflicts int // writes that were planned for something that is no more
	AtFloor   int // moments of calm with as few available as may be
	AtCeiling int // moments of calm with as many as may exist
}

func (t *Tally) add(o Tally) {
	t.Rollouts += o.Rollouts
	t.Completed += o.Completed
	t.GivenUp += o.GivenUp
	t.Looks += o.Looks
	t.Writes += o.Writes
	t.Switches += o.Switches
	t.Crashes += o.Crashes
	t.Conflicts += o.Conflicts
	t.AtFloor += o.AtFloor
	t.AtCeiling += o.AtCeiling
}

func (r *Report) add(seed uint64, w Weather, t Tally) {
	r.Last = seed
	r.ByWeather[w].add(t)
}

// Total adds up all weathers.
func (r Report) Total() (sum Tally) {
	for _, t := range r.ByWeather {
		sum.add(t)
	}
	return sum
}

// Plus is the report of two ranges of seeds.
func (r Report) Plus(o Report) Report {
	if r.Total().Rollouts == 0 {
		return o
	}
	for w, t := range o.ByWeather {
		r.ByWeather[w].add(t)
	}
	r.First, r.Last = min(r.First, o.First), max(r.Last, o.Last)
	return r
}

// String is the report in two lines.
func (r Report) String() string {
	t := r.Total()
	var weathers []string
	for w, t := range r.ByWeather {
		weathers = append(weathers, fmt.Sprintf("%d %v", t.Rollouts, Weather(w)))
	}
	return fmt.Sprintf("%d rollouts (%s), seeds %d to %d: %d complete, %d of all given up before\n"+
		"%d looks, %d writes (%d switches), %d crashes, %d conflicts; %d moments at the floor, %d at the ceiling",
		t.Rollouts, strings.Join(weathers, ", "), r.First, r.Last, t.Completed, t.GivenUp,
		t.Looks, t.Writes, t.Switches, t.Crashes, t.Conflicts, t.AtFloor, t.AtCeiling)
}

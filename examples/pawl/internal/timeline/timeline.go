package timeline

import (
	"errors"
	"fmt"
	"time"
)

// Timeline is a rollout of one app, as its engine saw it. Make one with a [Recorder].
type Timeline struct {
	App, Namespace string
	// Simulated says that it did not happen, but would.
	Simulated bool
	// Begun is the first look, Ended when the last was over. Both are zero where nothing was seen.
	Begun, Ended time.Time
	// Looks is how often the engine looked.
	Looks int
	// From are the revisions that had replicas at the beginning, To is the one wanted at the end.
	From []Revision
	To   Revision
	// Samples are in order. Each holds until the next, the last until Ended.
	Samples []Sample
	// Events are in order.
	Events []Event
	// Omitted is how many events were left out, to bound the size, before the one with the
	// number OmittedBefore.
	Omitted, OmittedBefore int
	// Bounds are those that held, one after another; only the last few of many.
	Bounds []Bounds
	// Facts hold exactly, also where samples were left out.
	Facts Facts
	// Outcome is how it ended and Message why; Standing is what the last look came to.
	Outcome           Outcome
	Message, Standing string
	// Problems are the reasons for which replicas were not available at the last look.
	Problems []string
}

// Outcome is how a rollout ended for who watched it.
type Outcome string

// The outcomes.
const (
	Complete    Outcome = "Complete"
	Failed      Outcome = "Failed"
	Interrupted Outcome = "Interrupted" // left as it was
	Stalled     Outcome = "Stalled"     // nothing more would happen by itself
)

// ErrStalled ends a simulation in which nothing more would happen by itself.
var ErrStalled = errors.New("nothing more happens by itself")

// Revision is one version of the app.
type Revision struct {
	Name   string
	Number int64    // 0 where it has none
	Images []string // of its containers
}

// String is the name with the number and the images.
func (r Revision) String() string {
	s := r.Name
	if r.Number > 0 {
		s += fmt.Sprintf(" (revision %d)", r.Number)
	}
	for _, image := range r.Images {
		s += " " + image
	}
	return s
}

// Sample is what was there from a moment on.
type Sample struct {
	At time.Time
	Values
}

// Values are numbers of replicas, and what kept the rollout.
type Values struct {
	New, Old    Side
	Terminating int // on their way out, of any revision
	Bounds
	// Held is why nothing moved on purpose, or could.
	Held Held
	// Short says that fewer were available than the floor, Over that more existed than the
	// ceiling, after that bound had been kept: a rollout may begin outside of its bounds, and a
	// change of size may put it there.
	Short, Over bool
}

// Side are the replicas of the wanted revision, or of all others.
type Side struct{ Existing, Available int }

// Existing is how many exist and are not terminating.
func (v Values) Existing() int { return v.New.Existing + v.Old.Existing }

// Available is how many are available.
func (v Values) Available() int { return v.New.Available + v.Old.Available }

// Bounds are what was wanted of the sizes.
type Bounds struct{ Wanted, Floor, Ceiling int }

// Held is why nothing moves; "" where something may.
type Held string

// What may hold a rollout.
const (
	Paused   Held = "paused"       // by its owner
	Waiting  Held = "waiting"      // for a gate
	Retrying Held = "trying again" // the cluster did not answer
)

// Event is something that happened at one moment.
type Event struct {
	Number    int // counted from 1
	At        time.Time
	Kind      Kind
	What, Why string
}

// Kind is what sort of event it is.
type Kind string

// The kinds of events.
const (
	Grow    Kind = "grow"    // a revision was made or scaled up
	Shrink  Kind = "shrink"  // one was scaled down or deleted
	Other   Kind = "other"   // another write: adopted, settled, switched
	Refused Kind = "refused" // a write that did not succeed
	Change  Kind = "change"  // something else is wanted, or the rollout is held or goes on
	End     Kind = "end"     // of the timeline
)

// Facts are about the whole of a timeline.
type Facts struct {
	Writes int
	// LowestAvailable and HighestExisting are extremes, with the first moment of each.
	LowestAvailable, HighestExisting     int
	LowestAvailableAt, HighestExistingAt time.Time
	// Short and Over are how long a bound was broken after it had been kept.
	Short, Over time.Duration
	Held        map[Held]time.Duration
}

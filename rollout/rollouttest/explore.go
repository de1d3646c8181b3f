package rollouttest

import (
	"cmp"
	"errors"
	"fmt"
	"strings"

	"github.com/gopawl/pawl/rollout"
)

// Scope is how far [Explore] goes. Time and space grow fast with each of its fields; the number
// of states says how far it went.
type Scope struct {
	// Promises are what the strategy is held to beside the laws.
	Promises
	// Replicas is how many are wanted at most; all numbers from 0 are tried.
	Replicas int32
	// Templates is how many there are to choose from, at most 4. Which one is wanted changes at
	// any moment. 0 is 2.
	Templates int
	// Pauses: the owner pauses and resumes at any moment.
	Pauses bool
	// Resizes: the owner wants another number of replicas at any moment.
	Resizes bool
	// Rejections: somebody gives the wanted template up.
	Rejections bool
	// Failures: replicas that are ready become unready.
	Failures bool
	// Evictions: replicas are ended from outside.
	Evictions bool
	// Interference: somebody else changes sizes.
	Interference bool
	// MinReady: replicas are ready for some time before they are available. In calm weather a
	// replica then becomes ready only when the controller has acted on the size asked for
	// last, and not between a look and its writes: otherwise no strategy could keep a floor.
	MinReady bool
	// Lag: what the strategy sees of a revision after a write is from before that write, until
	// some time after its controller has acted.
	Lag bool
	// Lingering is how many replicas of a revision can be terminating at a time; further ones
	// that are ended are gone at once. 0 is for a strategy that does not look at them.
	Lingering int32
	// Scaled: the strategy looks at Revision.Scaled, which is zero otherwise.
	Scaled bool
	// Disturbances is how many may come at most: changes by the owner but for resuming,
	// failures, evictions, sizes changed by others. 0 is any number.
	Disturbances int
	// Limit is the most states that are visited before Explore gives up with a [*LimitError];
	// 0 is 5 million.
	Limit int
}

const (
	defaultTemplates = 2
	defaultLimit     = 5_000_000
)

// Explored is what [Explore] has been through.
type Explored struct {
	States      int // distinct, the rest of a plan being a part of the state
	Transitions int // events, from each state all that are possible
	Plans       int // states in which the strategy was asked
	Writes      int // transitions that are a step of a plan
	Complete    int // states that the strategy calls complete
	Deepest     int // events on the shortest way to the farthest state
}

func (e Explored) String() string {
	return fmt.Sprintf("%d states, %d transitions, %d plans, %d writes, %d complete, farthest after %d events",
		e.States, e.Transitions, e.Plans, e.Writes, e.Complete, e.Deepest)
}

// BrokenError is a law or a promise that does not hold, with the shortest way there.
type BrokenError struct {
	Law  string // pure, sound, quiet, convergent, floor, ceiling, or the name of an [Invariant]
	Err  error
	Path []string // the start and all events, each with what it leads to
}

func (e *BrokenError) Error() string {
	return fmt.Sprintf("%s: %v\n  %s", e.Law, e.Err, strings.Join(e.Path, "\n  "))
}

func (e *BrokenError) Unwrap() error { return e.Err }

// LimitError says that there are more states than may be visited: nothing is proven.
type LimitError struct{ Limit int }

func (e *LimitError) Error() string {
	return fmt.Sprintf("more than %d states: nothing is proven; take a smaller scope or a higher limit", e.Limit)
}

// Explore visits every state that can be reached within a scope, and holds the strategy to the
// four laws and to its promises in each of them. It starts from workloads that are complete,
// and, unless only the calm weather is in the scope, from ones without a revision.
//
// The world it explores has no time: replicas are counted per revision and stage, and each event
// (a replica becomes available, fails, is gone; a controller acts and ends any of those that are
// ready; another template is wanted; a plan is made, or one step of it carried out, or the rest
// of it lost) may come next whenever it is possible. What disturbs comes between two plans: the
// rest of a plan is the same with it or without, and no plan can know what happens after the
// look that it is made from. Stamps count by their order alone, but for those that a
// [rollout.Plan].Wake waits for. There are no routes; gates are open or, as after a crash, are
// not; what a plan is made from has no [rollout.Status].
//
// Every prefix of a plan is judged as if it were carried out right after the look; in calm
// weather each write keeps the bounds whatever has happened in between.
//
// That a rollout converges is shown from every state: with no more disturbances, when all
// replicas become available, rounds of a whole plan and all that follows from it lead to a plan
// that is over.
//
// The error is a [*BrokenError] or a [*LimitError].
func Explore(s rollout.Strategy, scope Scope) (Explored, error) {
	scope, err := scope.withDefaults()
	if err != nil {
		return Explored{}, err
	}
	x := newExplorer(s, scope, 0)
	for err = x.explore(); errors.Is(err, errLonger); err = x.explore() {
		x = newExplorer(s, scope, x.longest)
	}
	return x.report, err
}

func (s Scope) withDefaults() (Scope, error) {
	if s.Templates == 0 {
		s.Templates = defaultTemplates
	}
	if s.Limit == 0 {
		s.Limit = defaultLimit
	}
	switch {
	case s.Templates < 1 || s.Templates > maxTemplates:
		return s, &rollout.InvalidError{Path: "templates", Value: s.Templates, Allowed: fmt.Sprintf("from 1 to %d", maxTemplates)}
	case s.Replicas < 0 || s.Replicas > maxSize:
		return s, &rollout.InvalidError{Path: "replicas", Value: s.Replicas, Allowed: fmt.Sprintf("from 0 to %d", maxSize)}
	case s.Lingering < 0:
		return s, &rollout.InvalidError{Path: "lingering", Value: s.Lingering, Allowed: "0 or more"}
	case s.Disturbances < 0:
		return s, &rollout.InvalidError{Path: "disturbances", Value: s.Disturbances, Allowed: "0 or more"}
	case s.Limit < 0:
		return s, &rollout.InvalidError{Path: "limit", Value: s.Limit, Allowed: "0 or more"}
	}
	return s, nil
}

func (s Scope) weather() Weather {
	switch {
	case s.Interference:
		return Wild
	case s.Resizes, s.Failures, s.Evictions:
		return Stormy
	}
	return Calm
}

// starts are the worlds to begin with.
func (s Scope) starts() (all []world) {
	for n := range s.Replicas + 1 {
		all = append(all, complete(n))
		if s.weather() > Calm {
			all = append(all, empty(n))
		}
	}
	for i := range all {
		s.rule(&all[i])
		all[i].left = s.Disturbances
	}
	return all
}

// rule says what is not part of a key.
func (s Scope) rule(w *world) {
	w.rules = rules{lagging: s.Lag, scaled: s.Scaled, lingering: s.Lingering}
}

// String names what is in the scope.
func (s Scope) String() string {
	text := fmt.Sprintf("%d replicas, %d templates", s.Replicas, cmp.Or(s.Templates, defaultTemplates))
	for _, c := range []struct {
		in   bool
		name string
	}{
		{s.Pauses, "pauses"}, {s.Resizes, "resizes"}, {s.Rejections, "rejections"}, {s.Failures, "failures"},
		{s.Evictions, "evictions"}, {s.Interference, "interference"}, {s.MinReady, "minReady"}, {s.Lag, "lag"},
		{s.Scaled, "scaled"}, {s.Lingering > 0, fmt.Sprintf("%d lingering", s.Lingering)},
		{s.Disturbances > 0, fmt.Sprintf("at most %d disturbances", s.Disturbances)},
	} {
		if c.in {
			text += ", " + c.name
		}
	}
	return text
}

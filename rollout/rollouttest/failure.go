package rollouttest

import (
	"errors"
	"fmt"
	"strings"

	"github.com/gopawl/pawl/rollout"
)

// Failure says what a strategy broke, and how.
type Failure struct {
	// Seed is the one that the story follows from; 0 for a [Replay].
	Seed uint64
	// Law is what was broken: pure, sound, quiet, convergent, floor, ceiling, or the name of an
	// [Invariant].
	Law string
	// Event is the line of Story at which it broke, counted from 1.
	Event int
	// Story is what was played, and Shortest the shortest that still breaks the same law. Both can be
	// replayed, and stand in a transcript.
	Story, Shortest string
	// Err is what broke.
	Err error

	told string // the shortest story, with what happened
}

// Error gives the seed, the event, what broke, the shortest story as a transcript, and how to replay
// it.
func (f *Failure) Error() string {
	var text strings.Builder
	lines := strings.Split(f.Story, "\n")
	if f.Seed > 0 {
		fmt.Fprintf(&text, "seed %d, ", f.Seed)
	}
	fmt.Fprintf(&text, "event %d (%s): %v\n\n", f.Event, lines[f.Event-1], f.Err)
	if f.Shortest != f.Story {
		text.WriteString("The shortest story that still fails:\n\n")
	}
	text.WriteString(f.told)
	if f.Seed > 0 {
		fmt.Fprintf(&text, "\nSee it again with Seed: %d and Rollouts: 1 in these options, or Replay the story.\n", f.Seed)
	}
	return text.String()
}

// Unwrap returns Err.
func (f *Failure) Unwrap() error { return f.Err }

// failure shortens a story that failed.
func failure(s rollout.Strategy, o Options, seed uint64, failed story, p played) error {
	var b *broken
	if !errors.As(p.err, &b) {
		return fmt.Errorf("seed %d: %w", seed, p.err)
	}
	short := &shrinker{
		left: mostLooks,
		fails: func(candidate story) (event, looks int) {
			again := play(s, o, candidate, false)
			if again.breaks(b.law) {
				event = again.event
			}
			return event, again.tally.Looks
		},
	}
	f := &Failure{Seed: seed, Law: b.law, Event: p.event, Err: b, Story: failed.String()}
	shortest := short.shrink(failed[:p.event])
	f.Shortest = shortest.String()
	again := play(s, o, shortest, true)
	if f.told = again.told; !again.breaks(b.law) {
		f.Shortest = failed[:p.event].String()
		f.told = f.Shortest + "\nPlayed again it does not fail: the strategy remembers something.\n"
	}
	return f
}

package rollouttest

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/gopawl/pawl/rollout"
)

// Check holds a strategy to the four laws, and to what it promises, in many rollouts. Each is a story
// that follows from its seed: there is noise for a while, of which the package documentation has
// the kinds, and then the rollout must come to its end and be quiet.
//
// It stops at the first story in which something breaks, and looks for the shortest one that still
// breaks the same: that is a [*Failure]. An [*rollout.InvalidError] is about the options. Check is
// sequential, and what it does follows from its arguments; to use several processors, call it with
// several ranges of seeds.
func Check(s rollout.Strategy, o Options) (Report, error) {
	o = o.withDefaults()
	report := Report{First: o.Seed, Last: o.Seed - 1}
	if err := o.validate(); err != nil {
		return report, err
	}
	for n := range uint64(o.Rollouts) {
		seed := o.Seed + n
		story := o.generate(rand.New(rand.NewPCG(seed, 1)))
		played := play(s, o, story, o.Log != nil)
		report.add(seed, story.weather(), played.tally)
		if o.Log != nil {
			o.Log("seed %d, %v\n%s", seed, story.weather(), played.told)
		}
		if played.err != nil {
			return report, failure(s, o, seed, story, played)
		}
	}
	return report, nil
}

// Replay plays one story, such as [Failure.Shortest], and judges it as [Check] does. What breaks is
// a [*Failure]; other errors are about the story. Of the options it uses the promises and Log.
func Replay(s rollout.Strategy, o Options, text string) error {
	o = o.withDefaults()
	story, err := parseStory(text)
	if err != nil {
		return err
	}
	played := play(s, o, story, true)
	if o.Log != nil {
		o.Log("%s", played.told)
	}
	var b *broken
	if errors.As(played.err, &b) {
		return &Failure{Law: b.law, Event: played.event, Story: story.String(), Shortest: story.String(), Err: b, told: played.told}
	}
	return played.err
}

// played is what became of a story.
type played struct {
	tally Tally
	event int    // the number of the command that failed, counted from 1
	err   error  // a *broken, or what is wrong with the story
	told  string // the story as a transcript
}

// breaks reports whether the story ended with a broken law.
func (p played) breaks(law string) bool {
	var b *broken
	return errors.As(p.err, &b) && b.law == law
}

func play(s rollout.Strategy, o Options, story story, tell bool) played {
	st := newStage(s, o)
	if tell {
		st.teller.out = &strings.Builder{}
	}
	p := played{tally: Tally{Rollouts: 1}}
	for n, c := range story {
		if p.err = st.do(c); p.err != nil {
			p.event = n + 1
			story = story[:p.event]
			break
		}
	}
	st.tally.Rollouts = 1
	p.tally = st.tally
	if tell && st.scene != nil {
		p.told = story.String() + "----\n" + st.told(p.err)
	}
	var b *broken
	if p.err != nil && !errors.As(p.err, &b) {
		p.err = fmt.Errorf("%v: %w", story[p.event-1], p.err)
	}
	return p
}

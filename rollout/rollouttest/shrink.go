package rollouttest

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// mostLooks bounds how much is played to shorten a story: about a second.
const mostLooks = 200_000

// shrinker looks for the shortest story that fails: it leaves out events, then makes what is left
// simpler, until nothing more can be done. It is deterministic.
type shrinker struct {
	// fails plays a story. It returns the number of the event at which it fails, 0 where it does not,
	// and how often the strategy looked.
	fails func(story) (event, looks int)
	left  int // looks
}

func (sh *shrinker) shrink(s story) story {
	for {
		before := s.String()
		s = sh.leaveOut(s)
		s = sh.join(s)
		s = sh.rename(s)
		s = sh.simplify(s)
		if s.String() == before || sh.left <= 0 {
			return s
		}
	}
}

// try returns the candidate, up to its failure, if it fails.
func (sh *shrinker) try(candidate story) (story, bool) {
	if sh.left <= 0 {
		return nil, false
	}
	event, looks := sh.fails(candidate)
	sh.left -= 1 + looks
	return candidate[:event], event > 0
}

// leaveOut removes events, many at a time at first (Zeller's delta debugging).
func (sh *shrinker) leaveOut(s story) story {
	for size := len(s) / 2; size > 0; size /= 2 {
		for i := 1; i+size <= len(s); {
			candidate := slices.Concat(s[:i], s[i+size:])
			if shorter, ok := sh.try(candidate); ok {
				s = shorter
			} else {
				i++
			}
		}
	}
	return s
}

// join makes one wait of two that follow each other.
func (sh *shrinker) join(s story) story {
	for i := 1; i+1 < len(s); i++ {
		if s[i].name != "wait" || s[i+1].name != "wait" {
			continue
		}
		sum := s[i].read().span("for") + s[i+1].read().span("for")
		joined := s[i].with("for", sum.String())
		if shorter, ok := sh.try(slices.Concat(s[:i], story{joined}, s[i+2:])); ok {
			s = shorter
			i--
		}
	}
	return s
}

// rename gives the templates the lowest numbers, in the order in which they occur.
func (sh *shrinker) rename(s story) story {
	names := map[string]string{}
	renamed := slices.Clone(s)
	for i, c := range s {
		for _, key := range []string{"serving", "template", "failing", "revision", "to"} {
			arg, ok := c.arg(key)
			if !ok || len(arg.Vals) != 1 || key == "to" && c.name != "route" {
				continue
			}
			old := arg.Vals[0]
			if names[old] == "" {
				names[old] = fmt.Sprintf("v%d", len(names)+1)
			}
			renamed[i] = renamed[i].with(key, names[old])
		}
	}
	if renamed.String() != s.String() {
		if same, ok := sh.try(renamed); ok {
			return same
		}
	}
	return s
}

// simplify tries simpler values for every argument of every command.
func (sh *shrinker) simplify(s story) story {
	for i := 0; i < len(s); i++ {
		for again := true; again; {
			again = false
			for _, simpler := range s[i].simpler() {
				if shorter, ok := sh.try(slices.Concat(s[:i], story{simpler}, s[i+1:])); ok && len(shorter) > i {
					s, again = shorter, true
					break
				}
			}
		}
	}
	return s
}

// simpler are the commands that say less, the simplest first. The routes stay: without one that it
// knows of, a strategy fails in a way of its own.
func (c command) simpler() (all []command) {
	for _, arg := range c.args {
		if arg.Key == "routes" {
			continue
		}
		all = append(all, c.without(arg.Key))
		for n := range arg.Vals {
			if len(arg.Vals) > 1 {
				all = append(all, c.with(arg.Key, arg.Vals[n]), c.with(arg.Key, slices.Delete(slices.Clone(arg.Vals), n, n+1)...))
			}
			for _, value := range simplerValues(arg.Vals[n]) {
				values := slices.Clone(arg.Vals)
				values[n] = value
				all = append(all, c.with(arg.Key, values...))
			}
		}
	}
	return all
}

// simplerValues are smaller numbers and rounder, shorter times.
func simplerValues(text string) (all []string) {
	if n, err := strconv.Atoi(text); err == nil {
		for _, m := range []int{0, 1, n / 2, n - 1} {
			if m >= 0 && m < n {
				all = append(all, strconv.Itoa(m))
			}
		}
	}
	if d, err := time.ParseDuration(text); err == nil && strings.HasSuffix(text, "s") {
		for _, e := range []time.Duration{0, time.Second, (d / 2).Truncate(time.Second), d.Truncate(time.Second), d - time.Second} {
			if e >= 0 && e < d {
				all = append(all, e.String())
			}
		}
	}
	return all
}

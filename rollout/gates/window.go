package gates

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/gopawl/pawl/rollout"
)

// Window is open within each of its weekly spans of time. What counts is what the clocks show at
// its location: an hour that they skip in spring is in no span, one that they show twice in
// autumn is in its span both times.
type Window struct {
	Spans    []Span         // one at least
	Location *time.Location // nil is UTC
}

// Span is a part of certain days, in whole minutes since midnight as a clock shows them.
type Span struct {
	Days []time.Weekday // on which it begins; none is every day
	From time.Duration  // less than 24 hours
	// To is when it ends, at most 24 hours; one before From is on the day after.
	To time.Duration
}

const day = 24 * time.Hour

// Validate returns an [*rollout.InvalidError] for a window without spans, or with one that is no
// part of a day or has no length.
func (w Window) Validate() error {
	if len(w.Spans) == 0 {
		return &rollout.InvalidError{Path: "window.spans", Value: "[]", Allowed: "one or more"}
	}
	for i, s := range w.Spans {
		at := func(name string) string { return fmt.Sprintf("window.spans[%d].%s", i, name) }
		switch {
		case s.From < 0 || s.From >= day || s.From%time.Minute != 0:
			return &rollout.InvalidError{Path: at("from"), Value: s.From, Allowed: "whole minutes from 0 to less than 24h"}
		case s.To < 0 || s.To > day || s.To%time.Minute != 0:
			return &rollout.InvalidError{Path: at("to"), Value: s.To, Allowed: "whole minutes from 0 to 24h"}
		case s.From == s.To:
			return &rollout.InvalidError{Path: at("to"), Value: s.To, Allowed: "another time than from; a whole day is from 0 to 24h"}
		}
		for _, d := range s.Days {
			if d < time.Sunday || d > time.Saturday {
				return &rollout.InvalidError{Path: at("days"), Value: int(d), Allowed: "a day of the week, 0 (Sunday) to 6"}
			}
		}
	}
	return nil
}

// Check asks to be asked again when the next span begins.
func (w Window) Check(_ context.Context, s rollout.State) (rollout.Verdict, error) {
	if err := w.Validate(); err != nil {
		return rollout.Verdict{}, err
	}
	if w.open(s.Now) {
		return rollout.Verdict{Answer: rollout.Open}, nil
	}
	opens := w.opens(s.Now)
	return rollout.Verdict{Message: "opens on " + opens.Format("Mon 2006-01-02 15:04 MST"), Retry: opens.Sub(s.Now)}, nil
}

func (w Window) open(t time.Time) bool {
	t = w.local(t)
	return slices.ContainsFunc(w.Spans, func(s Span) bool { return s.holds(t) })
}

func (w Window) local(t time.Time) time.Time {
	if w.Location == nil {
		return t.UTC()
	}
	return t.In(w.Location)
}

// opens is the first minute in a span after t. It looks at each one, since no arithmetic with days
// knows what clocks do; even a span that is skipped once comes within two weeks.
func (w Window) opens(t time.Time) time.Time {
	t = w.local(t).Truncate(time.Minute)
	for end := t.Add(15 * day); t.Before(end); {
		if t = t.Add(time.Minute); w.open(t) {
			break
		}
	}
	return t
}

func (s Span) holds(t time.Time) bool {
	clock := time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute
	today := t.Weekday()
	if s.From < s.To {
		return s.begins(today) && s.From <= clock && clock < s.To
	}
	yesterday := (today + 6) % 7
	return s.begins(today) && s.From <= clock || s.begins(yesterday) && clock < s.To
}

func (s Span) begins(d time.Weekday) bool { return len(s.Days) == 0 || slices.Contains(s.Days, d) }

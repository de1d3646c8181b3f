package timeline

import (
	"fmt"
	"strings"
	"time"
)

// fact is a line above a picture.
type fact struct{ Name, Value string }

// title is the app with its namespace.
func (t Timeline) title() string {
	title := fmt.Sprintf("%s in namespace %s", t.App, t.Namespace)
	if t.Simulated {
		title += ", as it would be rolled out"
	}
	return title
}

// result is how it ended, with a sign for those who see no colours.
func (t Timeline) result() string {
	sign := map[Outcome]string{Complete: "✔", Failed: "✖", Interrupted: "■", Stalled: "■"}[t.Outcome]
	return fmt.Sprintf("%s %s: %s", sign, t.Outcome, t.Message)
}

func (t Timeline) facts() []fact {
	var all []fact
	add := func(name, format string, args ...any) { all = append(all, fact{name, fmt.Sprintf(format, args...)}) }
	if t.Outcome != Complete && t.Looks > 0 {
		add("At the end", "%s", t.Standing)
	}
	for _, p := range t.Problems {
		if t.Outcome != Complete {
			add("Problem", "%s", p)
		}
	}
	for _, from := range t.From {
		if from.Name != t.To.Name {
			add("From", "%s", from)
		}
	}
	if t.Looks == 0 {
		return all
	}
	if t.To.Name != "" {
		add("To", "%s", t.To)
	}
	all = append(all, t.when(), fact{"Bounds", t.bounds()})
	f := t.Facts
	add("Available", "never fewer than %d%s%s", f.LowestAvailable, t.at(f.LowestAvailableAt), broken(f.Short, "below the floor"))
	add("Existing", "never more than %d%s%s", f.HighestExisting, t.at(f.HighestExistingAt), broken(f.Over, "above the ceiling"))
	add("Writes", "%d", f.Writes)
	for _, h := range []Held{Paused, Waiting, Retrying} {
		if d := f.Held[h]; d > 0 {
			add("Held", "%s for %s", h, short(d))
		}
	}
	return all
}

func (t Timeline) when() fact {
	took := short(t.Ended.Sub(t.Begun))
	if t.Simulated {
		return fact{"Takes", took}
	}
	return fact{"When", fmt.Sprintf("%s, for %s", stamp(t.Begun), took)}
}

func stamp(at time.Time) string { return at.UTC().Format("2006-01-02 15:04:05 UTC") }

func (t Timeline) bounds() string {
	var all []string
	for _, b := range t.Bounds {
		all = append(all, fmt.Sprintf("%d wanted: at least %d available, at most %d existing", b.Wanted, b.Floor, b.Ceiling))
	}
	return strings.Join(all, "; then ")
}

func (t Timeline) at(moment time.Time) string {
	if d := moment.Sub(t.Begun); d > 0 {
		return fmt.Sprintf(" (after %s)", short(d))
	}
	return " (at the beginning)"
}

func broken(d time.Duration, what string) string {
	if d <= 0 {
		return ""
	}
	return fmt.Sprintf("; %s for %s", what, short(d))
}

// source is what has to be known to trust a picture.
func (t Timeline) source() string {
	if t.Simulated {
		return "Simulated by pawl plan: nothing of this has happened."
	}
	return fmt.Sprintf("Drawn by pawl from %d looks at the cluster. What came and went between two of them is not shown.", t.Looks)
}

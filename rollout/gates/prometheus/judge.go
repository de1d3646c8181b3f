package prometheus

import (
	"fmt"
	"strings"
	"time"

	"github.com/prometheus/common/model"

	"github.com/gopawl/pawl/rollout"
)

// shown is how many bad points a message names.
const shown = 3

// judge counts. The messages of a gate that is pending stand still, since each new one is saved.
func (g Gate) judge(points []model.SamplePair, over, now time.Time) rollout.Verdict {
	var bad []string
	for _, p := range points {
		if why := g.bad(float64(p.Value)); why != "" {
			bad = append(bad, fmt.Sprintf("%s at %s", why, p.Timestamp.Time().UTC().Format(time.TimeOnly+" MST")))
		}
	}
	all, good := int(g.For/g.Every)+1, len(points)-len(bad)
	switch left := over.Sub(now); {
	case len(bad) > g.Failures:
		return rollout.Verdict{Answer: rollout.Shut, Message: fmt.Sprintf("%d of %d points are bad, %d may be: %s", len(bad), len(points), g.Failures, list(bad))}
	case left > 0:
		return rollout.Verdict{Message: "watched until " + over.UTC().Format(time.DateTime+" MST"), Retry: min(left, g.Every)}
	case good < all-g.Failures:
		return rollout.Verdict{Message: fmt.Sprintf("fewer than %d good values in the last %v", all-g.Failures, g.For), Retry: g.Every}
	}
	return rollout.Verdict{Answer: rollout.Open, Message: fmt.Sprintf("%d of %d points are good", good, all)}
}

// bad says how a value is out of bounds; "" is that it is not.
func (g Gate) bad(value float64) string {
	switch {
	case g.Max != nil && value > *g.Max:
		return fmt.Sprintf("%v > %v", value, *g.Max)
	case g.Min != nil && value < *g.Min:
		return fmt.Sprintf("%v < %v", value, *g.Min)
	}
	return ""
}

func list(bad []string) string {
	if more := len(bad) - shown; more > 0 {
		return strings.Join(bad[:shown], ", ") + fmt.Sprintf(" and %d more", more)
	}
	return strings.Join(bad, ", ")
}

package prometheus

import (
	"fmt"
	"math"
	"time"

	"github.com/gopawl/pawl/rollout"
)

// Validate returns an [*rollout.InvalidError] for what is required and not set, for bounds that no
// value keeps, and for points that are too many or too few.
func (g Gate) Validate() error {
	invalid := func(path string, value any, allowed string) error {
		return &rollout.InvalidError{Path: path, Value: value, Allowed: allowed}
	}
	switch {
	case g.API == nil:
		return invalid("api", "<nil>", "given")
	case g.Query == nil:
		return invalid("query", "<nil>", "given")
	case g.Max == nil && g.Min == nil:
		return invalid("max", "<nil>", "given, or min")
	case g.Max != nil && math.IsNaN(*g.Max):
		return invalid("max", *g.Max, "a number")
	case g.Min != nil && math.IsNaN(*g.Min):
		return invalid("min", *g.Min, "a number")
	case g.Max != nil && g.Min != nil && *g.Min > *g.Max:
		return invalid("min", *g.Min, fmt.Sprintf("at most the max of %v", *g.Max))
	case g.Every < time.Second:
		return invalid("every", g.Every, "1s or more")
	case g.For < g.Every || g.For/g.Every >= maxPoints:
		return invalid("for", g.For, fmt.Sprintf("at least every and less than %d times as long: %v", maxPoints, g.Every))
	case g.Failures < 0 || g.Failures > int(g.For/g.Every):
		return invalid("failures", g.Failures, fmt.Sprintf("0 or more, and fewer than the %d points", g.For/g.Every+1))
	}
	return nil
}

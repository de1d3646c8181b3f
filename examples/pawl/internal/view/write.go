package view

import (
	"fmt"

	"github.com/gopawl/pawl/rollout"
)

// Write is one write in the words of a Deployment's events, with its reason and without an end of
// line. The name is that of the revision that it was about, which a [rollout.Create] does not say.
// It is "" for what is not worth a line: bookkeeping that changes no size.
func Write(step rollout.Step, revision string) string {
	what := written(step.Action, clean(revision))
	if what == "" || step.Why == "" {
		return what
	}
	return fmt.Sprintf("%s (%s)", what, clean(step.Why))
}

func written(action rollout.Action, name string) string {
	switch a := action.(type) {
	case rollout.Create:
		if a.Replicas == 0 {
			return "Created replica set " + name
		}
		return fmt.Sprintf("Scaled up replica set %s from 0 to %d", name, a.Replicas)
	case rollout.Scale:
		return scaled(a, name)
	case rollout.Adopt:
		return "Went back to replica set " + name
	case rollout.Delete:
		return "Deleted replica set " + name
	case rollout.Settle:
		return ""
	}
	return clean(action.String())
}

func scaled(a rollout.Scale, name string) string {
	switch {
	case a.To > a.From:
		return fmt.Sprintf("Scaled up replica set %s from %d to %d", name, a.From, a.To)
	case a.To < a.From:
		return fmt.Sprintf("Scaled down replica set %s from %d to %d", name, a.From, a.To)
	}
	return ""
}

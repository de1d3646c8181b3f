package strategies

import (
	"fmt"
	"time"

	"github.com/gopawl/pawl/rollout"
)

// Canary stops on the way at sizes of the new revision, each for a time or until a gate is open, and
// goes on as its Rolling, within whose bounds it stays throughout. At a step as many old replicas
// have gone as new ones are available, so sizes are shares of the traffic as well. Where there is
// nothing old there is nothing to stop for.
//
// It is written as anybody could write it: on a plan of Rolling, by what the library exports.
type Canary struct {
	Rolling
	Steps []CanaryStep
}

// CanaryStep is a stop.
type CanaryStep struct {
	// Size is how many replicas the new revision has: more than at the step before; percentages
	// round up.
	Size rollout.Amount
	// Pause is for how long it stays so, from when all of them are ready; 0 is not at all.
	Pause time.Duration
	// Gate is asked afterwards; "" is none.
	Gate string
}

// Plan is that of Rolling, held back at the step that is next.
func (c Canary) Plan(s rollout.State) (rollout.Plan, error) {
	sizes, err := c.sizes(s.Replicas)
	if err != nil {
		return rollout.Plan{}, err
	}
	plan, err := c.Rolling.Plan(s)
	now, _ := s.New()
	old := int32(0)
	for _, r := range s.Old() {
		old += r.Replicas
	}
	if err != nil || s.Paused || old == 0 || len(plan.Steps) == 0 {
		return plan, err
	}
	for i, size := range sizes {
		if now.Replicas > size || size == s.Replicas || i+1 < len(sizes) && sizes[i+1] == size {
			continue // passed, or no stop at all, or the same as the next
		}
		if now.Replicas < size || !now.Observed || now.Available < size || old > s.Replicas-size {
			return hold(s, plan, old, size), nil
		}
		pause, gate := c.stop(s, sizes, size)
		if until := now.ReadySince.Add(pause); s.Now.Before(until) {
			plan = hold(s, plan, old, size)
			plan.Phase, plan.Wake = rollout.Waiting, until
			plan.Message = fmt.Sprintf("step %d of %d: %d new replicas until %s", i+1, len(sizes), size, until.UTC().Format(time.TimeOnly))
			return plan, nil
		}
		if i+1 < len(sizes) {
			plan = hold(s, plan, old, sizes[i+1])
		}
		for j := range plan.Steps {
			plan.Steps[j].Gate = gate
		}
		return plan, nil
	}
	return plan, nil
}

// stop is what is to be waited for at a size: all that the steps say which come to it. Of several
// gates it is the first that is not open yet.
func (c Canary) stop(s rollout.State, sizes []int32, size int32) (pause time.Duration, gate string) {
	for i, step := range c.Steps {
		if sizes[i] != size {
			continue
		}
		pause = max(pause, step.Pause)
		if step.Gate != "" && (gate == "" || s.Verdicts[gate].Answer == rollout.Open) {
			gate = step.Gate
		}
	}
	return pause, gate
}

// sizes are those of the steps for a number of replicas.
func (c Canary) sizes(replicas int32) ([]int32, error) {
	sizes := make([]int32, len(c.Steps))
	for i, step := range c.Steps {
		path := fmt.Sprintf("steps[%d]", i)
		if err := step.Size.Validate(path + ".size"); err != nil {
			return nil, err
		}
		sizes[i] = min(step.Size.Or(rollout.Amount{}).Ceil(replicas), replicas)
		switch {
		case sizes[i] == 0 && replicas > 0, i > 0 && sizes[i] < sizes[i-1]:
			return nil, &rollout.InvalidError{Path: path + ".size", Value: step.Size, Allowed: "one replica or more, and no fewer than at the step before"}
		case step.Pause < 0:
			return nil, &rollout.InvalidError{Path: path + ".pause", Value: step.Pause, Allowed: "0 or more"}
		}
	}
	return sizes, nil
}

// hold is a plan in which the new revision grows to a size at most, and the old ones keep the rest.
func hold(s rollout.State, plan rollout.Plan, old, size int32) rollout.Plan {
	now, _ := s.New()
	at := map[string]rollout.Revision{} // as the steps so far leave them
	for _, r := range s.Revisions {
		at[r.Name] = r
	}
	var steps []rollout.Step
	for _, step := range plan.Steps {
		switch a := step.Action.(type) {
		case rollout.Create:
			a.Replicas = min(a.Replicas, size)
			step.Action = a
		case rollout.Scale:
			r := at[a.Name]
			switch a.From = r.Replicas; {
			case a.Name == now.Name:
				a.To = max(min(a.To, size), min(a.From, a.To))
			case a.To < a.From:
				a.To = max(a.To, a.From-max(0, old-(s.Replicas-size)))
				old -= a.From - a.To
			}
			if a.To == r.Replicas && a.Basis == r.Basis && !r.Outdated {
				continue // nothing is left of it
			}
			r.Replicas, r.Basis, r.Outdated = a.To, a.Basis, false
			at[a.Name], step.Action = r, a
		}
		steps = append(steps, step)
	}
	plan.Steps = steps
	return plan
}

package strategies

import (
	"fmt"

	"github.com/gopawl/pawl/rollout"
)

// Gated makes the transitions of a strategy wait for gates, which the engine knows by their names
// ([rollout.Engine].Gates). A name that is "" is no gate. A rollout that goes on after one is open
// is the strategy's own: nothing but the first new replicas is planned otherwise.
//
// It goes around the strategy itself; [RollBack], [Deadline] and [FailFast] go around it. Neither
// what is paused nor what was given up waits for a gate.
type Gated struct {
	Strategy rollout.Strategy
	// Start is asked before the first write of a rollout.
	Start string
	// First is asked when the first new replicas are available, before there are more. How many
	// these are is FirstReplicas; unset is one.
	First         string
	FirstReplicas rollout.Amount
	// Switch is asked before a route, by its name, is switched from what serves to the new
	// revision. Going back to a revision that a rollout completed on, and that still runs, is not
	// asked for.
	Switch map[string]string
	// Shrink is asked before each write that makes an old revision smaller, but where Retire is
	// asked.
	Shrink string
	// Retire is asked before the write that takes the last old replicas; "" leaves that to Shrink.
	Retire string
	// Complete is asked before the rollout counts as complete.
	Complete string
}

// Plan is that of the strategy, with gates.
func (g Gated) Plan(s rollout.State) (rollout.Plan, error) {
	first, err := g.first(s.Replicas)
	if err != nil {
		return rollout.Plan{}, err
	}
	for route := range g.Switch {
		if _, err := find(s, "switch", route); err != nil {
			return rollout.Plan{}, err
		}
	}
	plan, err := g.Strategy.Plan(s)
	if _, rejected := s.Rejected[s.Template]; err != nil || s.Paused || rejected || len(plan.Steps) == 0 {
		return plan, err
	}
	w := &gating{Gated: g, state: s, first: first, left: map[string]int32{}}
	w.current, w.found = s.New()
	for _, r := range s.Old() {
		w.left[r.Name] = r.Replicas
	}
	return w.plan(plan), nil
}

// first is how many the first new replicas are; 0 where nobody asks.
func (g Gated) first(replicas int32) (int32, error) {
	if g.First == "" {
		return 0, nil
	}
	if err := g.FirstReplicas.Validate("firstReplicas"); err != nil {
		return 0, err
	}
	n := g.FirstReplicas.Or(rollout.Count(1)).Ceil(replicas)
	if n == 0 && replicas > 0 {
		return 0, &rollout.InvalidError{Path: "firstReplicas", Value: g.FirstReplicas, Allowed: "one replica or more"}
	}
	return n, nil
}

// gating is one plan with gates in the making.
type gating struct {
	Gated
	state   rollout.State
	current rollout.Revision
	found   bool
	first   int32
	left    map[string]int32 // sizes of the old revisions, as the steps so far leave them
}

func (g *gating) plan(plan rollout.Plan) rollout.Plan {
	var steps []rollout.Step
	for _, step := range plan.Steps {
		grown, whole := g.capped(step.Action)
		if grown == nil {
			plan.Message = fmt.Sprintf("%d of the %d first replicas are available", g.current.Available, g.first)
			break
		}
		step.Action = grown
		if step.Gate == "" {
			step.Gate = g.gate(step.Action)
		}
		steps = append(steps, step)
		if !whole {
			break
		}
	}
	plan.Steps = steps
	return plan
}

// capped is an action that makes no more than the first new replicas, and whether it is as it was.
// It is nil where these must become available before there are more.
func (g *gating) capped(a rollout.Action) (grown rollout.Action, whole bool) {
	switch a := a.(type) {
	case rollout.Create:
		if g.first > 0 && a.Replicas > g.first && g.serves() {
			a.Replicas = g.first
			return a, false
		}
	case rollout.Scale:
		switch {
		case !g.firstOf(a) || a.To <= g.first:
		case a.From < g.first:
			a.To = g.first
			return a, false
		case !g.current.Observed || g.current.Available < g.first:
			return nil, false
		}
	}
	return a, true
}

// firstOf reports whether an action is the growth of the first new replicas, or the next after it.
func (g *gating) firstOf(a rollout.Scale) bool {
	return g.first > 0 && a.Name == g.current.Name && a.From <= g.first && a.To > a.From && g.serves() && !completed(g.state)
}

// serves reports whether there is anything but the new revision.
func (g *gating) serves() bool {
	for _, r := range g.state.Old() {
		if r.Replicas > 0 || r.Actual > 0 {
			return true
		}
	}
	return false
}

// gate is the name of the one that an action waits for.
func (g *gating) gate(a rollout.Action) string {
	if g.Start != "" && !g.begun() {
		return g.Start
	}
	switch a := a.(type) {
	case rollout.Scale:
		if g.firstOf(a) && a.To > g.first {
			return g.First
		}
		return g.shrinking(a)
	case rollout.Switch:
		if a.To == g.state.Template && g.current.Settled.IsZero() && g.serves() {
			return g.Switch[a.Route]
		}
	case rollout.Settle:
		return g.Complete
	}
	return ""
}

// begun reports whether the rollout is under way, or over.
func (g *gating) begun() bool {
	return g.found && (g.current.Replicas > 0 || completed(g.state))
}

// shrinking is the gate of an action that makes an old revision smaller.
func (g *gating) shrinking(a rollout.Scale) string {
	if _, old := g.left[a.Name]; !old || a.To >= a.From {
		return ""
	}
	g.left[a.Name] = a.To
	for _, size := range g.left {
		if size > 0 {
			return g.Shrink
		}
	}
	if g.Retire == "" {
		return g.Shrink
	}
	return g.Retire
}

package view

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"sigs.k8s.io/yaml"

	"github.com/gopawl/pawl/rollout"
	"github.com/gopawl/pawl/rollout/sim"
)

// Plan is a simulated rollout, in a form for programs. Times are Go durations, such as "1m2s".
type Plan struct {
	Steps []PlanStep `json:"steps"`
	// LowestAvailable and HighestExisting are the extremes on the way, the beginning included.
	LowestAvailable int32  `json:"lowestAvailable"`
	HighestExisting int32  `json:"highestExisting"`
	Writes          int    `json:"writes"`
	Duration        string `json:"duration"`
	// Phase and Message say how it ends.
	Phase   rollout.Phase `json:"phase"`
	Message string        `json:"message"`
	// Stalled says that it does not end: nothing more would happen by itself.
	Stalled bool `json:"stalled"`
}

// PlanStep is one write.
type PlanStep struct {
	At     string `json:"at"`     // since the beginning
	Action string `json:"action"` // create, adopt, scale, refresh, settle, delete, switch, reject
	Name   string `json:"name"`   // of the ReplicaSet, or of the route that is switched
	From   *int32 `json:"from"`   // the sizes; null where the action is not about size
	To     *int32 `json:"to"`
	Why    string `json:"why"`
}

// PlanOf is the plan that a simulation came to.
func PlanOf(r sim.Report) Plan {
	p := Plan{
		Steps:           make([]PlanStep, len(r.Steps)),
		LowestAvailable: r.LowestAvailable, HighestExisting: r.HighestExisting,
		Writes: r.Writes, Duration: r.Duration.String(),
		Phase: r.End.Phase, Message: r.End.Message, Stalled: r.Stalled,
	}
	for i, s := range r.Steps {
		p.Steps[i] = planStep(s)
	}
	return p
}

func planStep(s sim.Step) PlanStep {
	step := PlanStep{At: s.At.String(), Name: s.Name, Why: s.Step.Why}
	switch a := s.Step.Action.(type) {
	case rollout.Create:
		step.From, step.To = new(int32), &a.Replicas
	case rollout.Scale:
		step.From, step.To = &a.From, &a.To
	case rollout.Switch:
		step.Name = a.Route
	}
	step.Action, _, _ = strings.Cut(s.Step.Action.String(), " ")
	return step
}

// JSON is the plan in JSON, indented, with the end of its last line.
func (p Plan) JSON() ([]byte, error) {
	data, err := json.MarshalIndent(p, "", "    ")
	return append(data, '\n'), err
}

// YAML is the plan in YAML.
func (p Plan) YAML() ([]byte, error) { return yaml.Marshal(p) }

// Table is the plan for people: a row for each write, and a summary.
func (p Plan) Table() string {
	if len(p.Steps) == 0 {
		return "Nothing is to be done.\n" + p.summary()
	}
	rows := [][]string{{"AT", "ACTION", "NAME", "SIZE", "WHY"}}
	for _, s := range p.Steps {
		rows = append(rows, []string{s.At, s.Action, clean(s.Name), s.size(), clean(s.Why)})
	}
	return text(table(rows)) + "\n" + p.summary()
}

func (s PlanStep) size() string {
	switch {
	case s.From == nil || s.To == nil:
		return ""
	case *s.From == *s.To:
		return strconv.Itoa(int(*s.To))
	}
	return fmt.Sprintf("%d → %d", *s.From, *s.To)
}

func (p Plan) summary() string {
	return fmt.Sprintf("At least %d available, at most %d existing, %s in %s.\n%s\n",
		p.LowestAvailable, p.HighestExisting, plural(p.Writes, "write"), p.Duration, p.end())
}

func (p Plan) end() string {
	if p.Stalled && p.Phase != rollout.Paused {
		return fmt.Sprintf("Stalled: %s, and nothing more happens by itself.", clean(p.Message))
	}
	return fmt.Sprintf("%s: %s.", p.Phase, strings.TrimPrefix(clean(p.Message), "paused: "))
}

func plural(n int, what string) string {
	if n != 1 {
		what += "s"
	}
	return fmt.Sprintf("%d %s", n, what)
}

package history_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/gopawl/pawl/history"
	"github.com/gopawl/pawl/rollout"
)

func TestKeepDeletesAtEveryLook(t *testing.T) {
	s := state(rev("a", 1, 0), rev("b", 2, 1), rev("c", 3, 2))
	settle := rollout.Step{Action: rollout.Settle{Name: "web-c"}}
	gated := rollout.Step{Action: rollout.Scale{Name: "web-c", To: 1}, Gate: "g"}
	inner := func(phase rollout.Phase, message string, steps ...rollout.Step) rollout.Plan {
		return rollout.Plan{Phase: phase, Message: message, Steps: steps}
	}
	tests := map[string]struct {
		inner   rollout.Plan
		limit   int32
		steps   string
		phase   rollout.Phase
		message string
	}{
		"complete":               {inner(rollout.Complete, "done"), 0, "[delete web-a delete web-b]", rollout.Progressing, "2 old revisions are pending deletion"},
		"complete, none too old": {inner(rollout.Complete, "done"), 2, "[]", rollout.Complete, "done"},
		"failed":                 {inner(rollout.Failed, "no"), 0, "[delete web-a delete web-b]", rollout.Progressing, "2 old revisions are pending deletion"},
		"failed, none too old":   {inner(rollout.Failed, "no"), 2, "[]", rollout.Failed, "no"},
		"paused":                 {inner(rollout.Paused, "held"), 1, "[delete web-a]", rollout.Paused, "held"},
		"under way":              {inner(rollout.Progressing, "on"), 0, "[delete web-a delete web-b]", rollout.Progressing, "on"},
		"last":                   {inner(rollout.Progressing, "on", settle), 1, "[settle web-c delete web-a]", rollout.Progressing, "on"},
		"before a gate": {
			inner(rollout.Progressing, "on", settle, gated, settle), 1,
			"[settle web-c delete web-a scale web-c from 0 to 1 settle web-c]", rollout.Progressing, "on",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			plan, err := history.Keep(strategy(test.inner), test.limit).Plan(s)
			if err != nil {
				t.Fatal(err)
			}
			if got := actions(plan); got != test.steps || plan.Phase != test.phase || plan.Message != test.message {
				t.Errorf("%s, %s: %q", got, plan.Phase, plan.Message)
			}
		})
	}
}

func actions(plan rollout.Plan) string {
	all := []rollout.Action{}
	for _, step := range plan.Steps {
		all = append(all, step.Action)
	}
	return fmt.Sprint(all)
}

// theirs is an action that this module does not know.
type theirs struct{}

func (theirs) String() string { return "theirs" }

// What a step is about is not deleted beside it, in whatever order the two were carried out.
func TestKeepLeavesOutWhatAPlanIsAbout(t *testing.T) {
	s := state(rev("a", 1, 0), rev("b", 2, 1), rev("c", 3, 2))
	for _, test := range []struct {
		action rollout.Action
		want   string
	}{
		{rollout.Scale{Name: "web-a", To: 3}, "[scale web-a from 0 to 3 delete web-b]"},
		{rollout.Adopt{Name: "web-b"}, "[adopt web-b delete web-a]"},
		{rollout.Settle{Name: "web-b"}, "[settle web-b delete web-a]"},
		{rollout.Delete{Name: "web-b"}, "[delete web-b delete web-a]"},
		{rollout.Switch{Route: "active", To: "a"}, "[switch active to a delete web-b]"},
		{rollout.Create{Template: "a"}, "[create a with 0 delete web-b]"},
		{rollout.Reject{Template: "a", Why: "x"}, "[reject a: x delete web-a delete web-b]"},
		{theirs{}, "[theirs]"},
	} {
		inner := rollout.Plan{Phase: rollout.Progressing, Steps: []rollout.Step{{Action: test.action}}}
		plan, err := history.Keep(strategy(inner), 0).Plan(s)
		if got := actions(plan); err != nil || got != test.want {
			t.Errorf("%s, %v, want %s", got, err, test.want)
		}
	}
}

func TestKeepPassesErrorsOn(t *testing.T) {
	broken := errors.New("broken")
	inner := rollout.StrategyFunc(func(rollout.State) (rollout.Plan, error) { return rollout.Plan{}, broken })
	if _, err := history.Keep(inner, 0).Plan(state(rev("a", 1, 0), rev("b", 2, 1))); !errors.Is(err, broken) {
		t.Errorf("%v, want the strategy's own error", err)
	}
}

// TestKeepDoesNotShareSteps: the slice of the inner plan may belong to somebody else.
func TestKeepDoesNotShareSteps(t *testing.T) {
	backing := []rollout.Step{{Why: "mine"}}
	inner := strategy(rollout.Plan{Phase: rollout.Progressing, Steps: backing[:0]})
	if _, err := history.Keep(inner, 0).Plan(state(rev("a", 1, 0), rev("b", 2, 1))); err != nil {
		t.Fatal(err)
	}
	if backing[0].Why != "mine" {
		t.Errorf("the inner plan was written to: %+v", backing[0])
	}
}

// TestKeepWaitsForTerminatingReplicas: complete is for good, so it is not said before the last
// deletion.
func TestKeepWaitsForTerminatingReplicas(t *testing.T) {
	s := state(rev("a", 1, 0), rev("b", 2, 1), rev("c", 3, 2))
	s.Revisions[0].Terminating = 1
	kept := history.Keep(strategy(rollout.Plan{Phase: rollout.Complete, Message: "done"}), 1)
	plan, err := kept.Plan(s)
	if err != nil || len(plan.Steps) > 0 || plan.Phase != rollout.Progressing || plan.Message != "1 old revisions are pending deletion" {
		t.Errorf("%+v, %v", plan, err)
	}
}

func strategy(p rollout.Plan) rollout.Strategy {
	return rollout.StrategyFunc(func(rollout.State) (rollout.Plan, error) { return p, nil })
}

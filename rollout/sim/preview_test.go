package sim_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/gopawl/pawl/rollout"
	"github.com/gopawl/pawl/rollout/sim"
	"github.com/gopawl/pawl/strategies"
)

func TestPreviewOfAFirstDeployment(t *testing.T) {
	report, err := sim.Preview(strategies.Rolling{}, rollout.State{Replicas: 2, Template: "v1"}, sim.Options{StartUp: sim.After(time.Second)})
	if err != nil || report.Stalled || report.End.Phase != rollout.Complete {
		t.Fatalf("%+v, %v", report, err)
	}
	if report.LowestAvailable != 0 || report.HighestExisting != 2 || report.Writes != 2 || report.Duration != time.Second {
		t.Errorf("%+v", report)
	}
	if name := report.Steps[0].Name; name != "v1" {
		t.Errorf("created %q", name)
	}
}

func TestPreviewOfATemplateThatFails(t *testing.T) {
	report, err := sim.Preview(strategies.Rolling{}, rollout.State{Replicas: 4, Template: "v2", Revisions: []rollout.Revision{serving("v1", 4)}},
		sim.Options{StartUp: sim.After(time.Second, "v2")})
	if err != nil || !report.Stalled {
		t.Fatalf("%+v, %v", report, err)
	}
	if report.LowestAvailable != 3 || report.HighestExisting != 5 || report.End.Message != "2 out of 4 new replicas have been updated" {
		t.Errorf("%+v", report)
	}
}

func TestPreviewOpensGatesAndWakes(t *testing.T) {
	var asked int
	s := rollout.StrategyFunc(func(s rollout.State) (rollout.Plan, error) {
		at := time.Date(2000, 1, 1, 0, 1, 0, 0, time.UTC)
		r, _ := s.New()
		switch {
		case s.Now.Before(at):
			return rollout.Plan{Phase: rollout.Waiting, Wake: at}, nil
		case r.Settled.IsZero():
			asked++
			return rollout.Plan{Phase: rollout.Progressing, Steps: []rollout.Step{{Action: rollout.Settle{Name: "v1"}, Gate: "promote"}}}, nil
		}
		return rollout.Plan{Phase: rollout.Complete}, nil
	})
	report, err := sim.Preview(s, rollout.State{Replicas: 1, Template: "v1", Revisions: []rollout.Revision{serving("v1", 1)}}, sim.Options{})
	if err != nil || report.Writes != 1 || report.Duration != time.Minute || asked != 2 {
		t.Errorf("%+v, %v, asked %d", report, err, asked)
	}
}

func TestPreviewEndsThoughTheStrategyDoesNot(t *testing.T) {
	size := int32(0)
	s := rollout.StrategyFunc(func(s rollout.State) (rollout.Plan, error) {
		r, _ := s.New()
		size = 1 - r.Replicas
		return rollout.Plan{Phase: rollout.Progressing, Message: "to and fro", Steps: []rollout.Step{{Action: rollout.Scale{Name: "v1", From: r.Replicas, To: size}}}}, nil
	})
	_, err := sim.Preview(s, rollout.State{Replicas: 1, Template: "v1", Revisions: []rollout.Revision{serving("v1", 1)}}, sim.Options{})
	if err == nil || !strings.Contains(err.Error(), "to and fro") {
		t.Error(err)
	}
}

func TestPreviewReturnsTheErrorOfAnUnknownAction(t *testing.T) {
	s := rollout.StrategyFunc(func(rollout.State) (rollout.Plan, error) {
		return rollout.Plan{Phase: rollout.Progressing, Steps: []rollout.Step{{Action: unknown("dance")}}}, nil
	})
	_, err := sim.Preview(s, rollout.State{Template: "v1"}, sim.Options{})
	var step *rollout.StepError
	if !errors.Is(err, rollout.ErrUnsupported) || !errors.As(err, &step) {
		t.Error(err)
	}
}

package rollouttest_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/gopawl/pawl/rollout"
	"github.com/gopawl/pawl/rollout/rollouttest"
)

func TestEndpointsAreLateToo(t *testing.T) {
	switched := false
	seen := seenBy(t, `
		workload replicas=2 serving=v1 routes=web pinned=web
		lag by=3s
		look
		look
		wait for=3s
		look
	`, func(s rollout.State) []rollout.Action {
		if s.Routes[0].To != "v1" {
			return nil
		}
		switched = true
		return []rollout.Action{rollout.Switch{Route: "web", To: "v2"}}
	})
	before, after, later := seen[0].Routes[0], seen[1].Routes[0], seen[2].Routes[0]
	if !switched || before.Serving != 2 || after.To != "v2" || after.Serving != 0 || after.Stale != 2 || later.Stale != 0 {
		t.Errorf("before %+v, after %+v, later %+v", before, after, later)
	}
}

// Endpoints that were read before our own switch are stale, though they are of what it leads back to.
func TestEndpointsOfBeforeASwitchAreStale(t *testing.T) {
	seen := seenBy(t, `
		workload replicas=2 serving=v1 routes=web pinned=web
		lag by=3s
		look
		wait for=1s
		look
		look
		wait for=3s
		look
	`, func(s rollout.State) []rollout.Action {
		switch r := s.Routes[0]; {
		case r.Since.IsZero():
			return []rollout.Action{rollout.Switch{Route: "web", To: "v2"}}
		case r.To == "v2":
			return []rollout.Action{rollout.Switch{Route: "web", To: "v1"}}
		}
		return nil
	})
	if r := seen[2].Routes[0]; r.To != "v1" || r.Serving != 0 || r.Stale != 2 {
		t.Errorf("at once: %+v", r)
	}
	if r := seen[3].Routes[0]; r.Serving != 2 || r.Stale != 0 {
		t.Errorf("later: %+v", r)
	}
}

func TestLateReadsMissWhatOthersDoToRoutes(t *testing.T) {
	conflicts := 0
	seen := seenBy(t, `
		workload replicas=2 serving=v1 routes=web pinned=web
		lag by=3s
		wait for=1s
		route name=web
		reject template=v1 why=(it is slow)
		look
		wait for=3s
		look
		retry
		look
		wait for=3s
		look
	`, func(s rollout.State) []rollout.Action {
		if s.Routes[0].To == "" {
			return nil
		}
		conflicts++
		return []rollout.Action{rollout.Switch{Route: "web", To: "v2"}}
	})
	for i, want := range []struct {
		to       string
		rejected int
	}{{"v1", 0}, {"", 1}, {"", 1}, {"", 0}} {
		if s := seen[i]; s.Routes[0].To != want.to || len(s.Rejected) != want.rejected {
			t.Errorf("look %d: route %+v, rejected %v", i+1, s.Routes[0], s.Rejected)
		}
	}
	if why := seen[1].Rejected["v1"].Why; conflicts == 0 || why != "it is slow" {
		t.Errorf("%d tries, rejected as %q", conflicts, why)
	}
}

func TestOurOwnRejectionIsSeenAtOnce(t *testing.T) {
	seen := seenBy(t, `
		workload serving=v1
		lag by=3s
		wait for=1s
		look
		look
	`, func(s rollout.State) []rollout.Action {
		if len(s.Rejected) > 0 {
			return nil
		}
		return []rollout.Action{rollout.Reject{Template: "v1", Why: "it is slow"}}
	})
	if n := len(seen[1].Rejected); n != 1 {
		t.Errorf("%d rejections", n)
	}
}

// scripted switches the route web once.
func scripted(phase rollout.Phase, to string) rollout.Strategy {
	return rollout.StrategyFunc(func(s rollout.State) (rollout.Plan, error) {
		p := rollout.Plan{Phase: phase, Message: "as written"}
		if s.Routes[0].To != to {
			p.Steps = []rollout.Step{{Action: rollout.Switch{Route: "web", To: to}, Why: "as written"}}
		}
		return p, nil
	})
}

func TestAPausePinsAndDoesNotPromote(t *testing.T) {
	for pinned, want := range map[string]string{"": "", " pinned=web": "switch web to v2 while paused"} {
		err := rollouttest.Replay(scripted(rollout.Paused, "v2"), rollouttest.Options{}, `
			workload serving=v1 routes=web`+pinned+`
			want paused=true
			look`)
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%q: %v", pinned, err)
		}
	}
}

// Until the endpoints follow, another side than the one that has the traffic is no stand-in for it.
func TestOnlyWhatHasTheTrafficIsKept(t *testing.T) {
	s := rollout.StrategyFunc(func(s rollout.State) (rollout.Plan, error) {
		p := rollout.Plan{Phase: rollout.Progressing, Message: "as written"}
		act := func(a rollout.Action) {
			p.Steps = append(p.Steps, rollout.Step{Action: a, Why: "as written"})
		}
		now, found := s.New()
		switch {
		case !found:
			act(rollout.Create{Template: s.Template, Replicas: s.Replicas})
		case s.Template == "v2" && now.Available == 2 && s.Routes[0].To == "v1":
			act(rollout.Switch{Route: "web", To: "v2"})
		case s.Template == "v3" && now.Available == 2:
			act(rollout.Scale{Name: "v1", From: 2})
		}
		return p, nil
	})
	const story = `
		workload replicas=2 serving=v1 routes=web pinned=web routing=9s
		look
		want template=v2
		look
		wait for=1s
		look
		want template=v3
		look
		wait for=%s
		look
		wait for=1s
	`
	var f *rollouttest.Failure
	err := rollouttest.Replay(s, webServes(), strings.ReplaceAll(story, "%s", "1s"))
	if !errors.As(err, &f) || f.Law != "traffic" || !strings.Contains(f.Error(), "lowers what is sure to be available of \"v1\" behind route web") {
		t.Error(err)
	}
	if err := rollouttest.Replay(s, webServes(), strings.ReplaceAll(story, "%s", "9s")); err != nil {
		t.Error(err)
	}
}

// A pin for a route that has none may be to what completed last. Who took the pin away, and has less of
// that now, is found by the endpoints.
func TestTrafficIsJudgedByEndpoints(t *testing.T) {
	s := rollout.StrategyFunc(func(s rollout.State) (rollout.Plan, error) {
		p := rollout.Plan{Phase: rollout.Progressing, Message: "as written"}
		act := func(a rollout.Action) {
			p.Steps = append(p.Steps, rollout.Step{Action: a, Why: "as written"})
		}
		now, found := s.New()
		switch route := s.Routes[0]; {
		case !found:
			act(rollout.Create{Template: s.Template, Replicas: s.Replicas})
		case s.Template == "v2" && now.Available == 2 && route.Since.IsZero():
			act(rollout.Switch{Route: "web", To: ""})
		case s.Template == "v2" && route.To == "":
			act(rollout.Scale{Name: "v1", From: 2, To: 1})
			act(rollout.Switch{Route: "web", To: "v1"})
		}
		return p, nil
	})
	var f *rollouttest.Failure
	err := rollouttest.Replay(s, webServes(), `
		workload replicas=2 serving=v1 routes=web pinned=web
		look
		want template=v2
		look
		wait for=1s
		look
		look
		wait for=1s
	`)
	if !errors.As(err, &f) || f.Law != "traffic" || !strings.Contains(f.Error(), "1 get the traffic of route web") {
		t.Error(err)
	}
}

// A first deployment promises nothing.
func TestNothingIsPromisedBeforeTheFirstCompletion(t *testing.T) {
	if err := rollouttest.Replay(scripted(rollout.Progressing, "v9"), webServes(), "workload routes=web\nlook\nwait for=1s"); err != nil {
		t.Error(err)
	}
	if err := rollouttest.Replay(scripted(rollout.Progressing, "v9"), webServes(), "workload serving=v1 routes=web\nlook"); err == nil {
		t.Error("not judged")
	}
}

// What was given up need not serve at the end, though it could.
func TestNothingGivenUpIsOwedToARoute(t *testing.T) {
	err := rollouttest.Replay(sideBySide{}, webServes(), `
		workload serving=v1 routes=web pinned=web
		reject
		route name=web to=v9
		finish
	`)
	if err != nil {
		t.Error(err)
	}
}

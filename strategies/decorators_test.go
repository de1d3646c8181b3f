package strategies_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gopawl/pawl/rollout"
	"github.com/gopawl/pawl/strategies"
)

// always is a strategy with one plan.
func always(p rollout.Plan) rollout.Strategy {
	return rollout.StrategyFunc(func(rollout.State) (rollout.Plan, error) { return p, nil })
}

var (
	underWay = rollout.Plan{Phase: rollout.Progressing, Message: "on its way"}
	moving   = rollout.Plan{Phase: rollout.Progressing, Message: "on its way", Steps: []rollout.Step{{Action: rollout.Settle{Name: "a"}}}}
)

func TestDeadline(t *testing.T) {
	const after = time.Minute
	ago := func(d time.Duration) rollout.State {
		s := wanted(3, revision("a", "v1", 3, 3), revision("b", "v2", 1, 0))
		s.Last = rollout.Status{Phase: rollout.Progressing, Template: "v2", Replicas: 3, Counts: s.Counts(), Progressed: s.Now.Add(-d)}
		return s
	}
	with := func(d time.Duration, change func(*rollout.State)) rollout.State {
		s := ago(d)
		change(&s)
		return s
	}
	gaveUp := "reject v2: no progress for 1m0s: on its way"
	for name, c := range map[string]struct {
		state rollout.State
		inner rollout.Plan
		want  string        // the step that there is
		wake  time.Duration // from now
	}{
		"too long":                      {ago(after), underWay, gaveUp, 0},
		"just not":                      {ago(after - 1), underWay, "", 1},
		"there is something to do":      {ago(time.Hour), moving, "settle a", 0},
		"held":                          {with(time.Hour, func(s *rollout.State) { s.Last.Phase = rollout.Waiting }), underWay, "", after},
		"paused":                        {ago(time.Hour), rollout.Plan{Phase: rollout.Paused, Message: "paused"}, "", 0},
		"another template":              {with(time.Hour, func(s *rollout.State) { s.Last.Template = "v1" }), underWay, "", after},
		"another number":                {with(time.Hour, func(s *rollout.State) { s.Last.Replicas = 4 }), underWay, "", after},
		"nothing known":                 {with(time.Hour, func(s *rollout.State) { s.Last = rollout.Status{} }), underWay, "", after},
		"more are ready":                {with(time.Hour, func(s *rollout.State) { s.Last.Ready-- }), underWay, "", after},
		"fewer are ready":               {with(time.Hour, func(s *rollout.State) { s.Last.Ready++ }), underWay, gaveUp, 0},
		"completed once":                {with(time.Hour, func(s *rollout.State) { s.Revisions[1].Settled = time.Unix(5, 0) }), underWay, "", 0},
		"completed, and another since":  {with(time.Hour, func(s *rollout.State) { s.Revisions[1].Settled, s.Revisions[0].Number = time.Unix(5, 0), 9 }), underWay, gaveUp, 0},
		"given up already":              {with(time.Hour, func(s *rollout.State) { s.Rejected = map[string]rollout.Rejection{"v2": {}} }), underWay, "", 0},
		"a stamp that is in the future": {ago(-time.Hour), underWay, "", after},
	} {
		t.Run(name, func(t *testing.T) {
			plan := mustPlan(t, strategies.Deadline(always(c.inner), after), c.state)
			var want []string
			if c.want != "" {
				want = []string{c.want}
			}
			if diff := cmp.Diff(want, actions(plan)); diff != "" {
				t.Error(diff)
			}
			var wake time.Time
			if c.wake > 0 {
				wake = c.state.Now.Add(c.wake)
			}
			if !plan.Wake.Equal(wake) || plan.Phase.Over() {
				t.Errorf("%+v, want it to wake at %v", plan, wake)
			}
		})
	}
}

func TestFailFast(t *testing.T) {
	now := wanted(0).Now
	image := rollout.Problem{Class: rollout.ClassImage, Replica: "web-x", Container: "web", Reason: "ImagePullBackOff", Message: `Back-off pulling image "web:bad"`, Since: now.Add(-time.Minute)}
	change := func(change func(*rollout.Problem)) rollout.Problem {
		p := image
		change(&p)
		return p
	}
	const words = `web-x, container web: ImagePullBackOff: Back-off pulling image "web:bad"`
	for name, c := range map[string]struct {
		problems []rollout.Problem
		classes  []rollout.Class
		settled  bool
		why      string
		wake     time.Duration
	}{
		"lasts":                  {problems: []rollout.Problem{image}, why: words},
		"lasts with others":      {problems: []rollout.Problem{change(func(p *rollout.Problem) { p.Since, p.Replica = now, "web-y" }), image}, why: words},
		"too new":                {problems: []rollout.Problem{change(func(p *rollout.Problem) { p.Since = now.Add(-time.Second) })}, wake: 29 * time.Second},
		"since nobody knows":     {problems: []rollout.Problem{change(func(p *rollout.Problem) { p.Since = time.Time{} })}},
		"heals by itself":        {problems: []rollout.Problem{change(func(p *rollout.Problem) { p.Class = rollout.ClassSchedule })}},
		"of no class":            {problems: []rollout.Problem{change(func(p *rollout.Problem) { p.Class = "" })}},
		"of a class asked for":   {problems: []rollout.Problem{change(func(p *rollout.Problem) { p.Class = rollout.ClassProbe })}, classes: []rollout.Class{rollout.ClassProbe}, why: words},
		"of none asked for":      {problems: []rollout.Problem{image}, classes: []rollout.Class{rollout.ClassProbe}},
		"of one that had worked": {problems: []rollout.Problem{image}, settled: true},
		"no replica at all": {problems: []rollout.Problem{{Class: rollout.ClassRefused, Reason: "FailedCreate", Message: "exceeded quota", Since: now.Add(-time.Hour)}},
			why: "new replicas: FailedCreate: exceeded quota"},
	} {
		t.Run(name, func(t *testing.T) {
			s := wanted(3, revision("a", "v1", 3, 3), revision("b", "v2", 1, 0))
			s.Revisions[1].Problems = c.problems
			s.Revisions[0].Problems = []rollout.Problem{image} // the old one's are its own
			if c.settled {
				s.Revisions[1].Settled = time.Unix(5, 0)
			}
			plan := mustPlan(t, strategies.FailFast(always(moving), 30*time.Second, c.classes...), s)
			want := "settle a"
			if c.why != "" {
				want = "reject v2: " + c.why
			}
			if diff := cmp.Diff([]string{want}, actions(plan)); diff != "" {
				t.Error(diff)
			}
			if c.wake > 0 != plan.Wake.Equal(s.Now.Add(c.wake)) {
				t.Errorf("wakes at %v", plan.Wake)
			}
		})
	}
}

// What is gone back to is written down before anything else, and then no longer looked for: it may
// not be settled any more, since going back makes it the newest.
func TestRollBackGoesOneWay(t *testing.T) {
	s := wanted(3, revision("a", "v0", 0, 0), revision("b", "v1", 3, 3), revision("c", "v2", 1, 0))
	s.Revisions[0].Settled, s.Revisions[1].Settled = time.Unix(4, 0), time.Unix(5, 0)
	s.Rejected = map[string]rollout.Rejection{"v2": {Why: "no"}}
	strategy := strategies.RollBack(strategies.Rolling{})
	if diff := cmp.Diff([]string{"reject v2, back to v1: no"}, actions(mustPlan(t, strategy, s))); diff != "" {
		t.Error(diff)
	}
	s.Rejected["v2"] = rollout.Rejection{Why: "no", BackTo: "v1"}
	s.Revisions[1].Settled = time.Time{}
	plan := mustPlan(t, strategy, s)
	if diff := cmp.Diff([]string{"adopt b", "scale c from 1 to 0"}, actions(plan)); diff != "" {
		t.Error(diff)
	}
	s.Revisions = s.Revisions[2:]
	plan = mustPlan(t, strategy, s)
	if plan.Phase != rollout.Failed || len(plan.Steps) > 0 {
		t.Errorf("with nothing left to go back to: %+v", plan)
	}
}

func TestRollBackHoldsWhereNothingWorkedYet(t *testing.T) {
	s := wanted(3, revision("a", "v1", 3, 3), revision("b", "v2", 1, 0))
	s.Rejected = map[string]rollout.Rejection{"v2": {Why: "no"}}
	want := rollout.Plan{Phase: rollout.Failed, Message: "no"}
	if diff := cmp.Diff(want, mustPlan(t, strategies.RollBack(strategies.Rolling{}), s)); diff != "" {
		t.Error(diff)
	}
}

func TestDecoratorsRefuseWhatTheyCannotWorkWith(t *testing.T) {
	s := wanted(3, revision("a", "v1", 3, 3))
	s.Routes = []rollout.Route{{Name: "web"}, {Name: "next"}}
	gates := func(change func(*strategies.Gated)) rollout.Strategy {
		g := strategies.Gated{Strategy: strategies.Rolling{}, First: "first"}
		change(&g)
		return g
	}
	canary := func(steps ...strategies.CanaryStep) rollout.Strategy { return strategies.Canary{Steps: steps} }
	for want, strategy := range map[string]rollout.Strategy{
		"deadline: invalid value 0s: must be more than 0":                                                    strategies.Deadline(strategies.Rolling{}, 0),
		"tolerance: invalid value -1ns: must be 0 or more":                                                   strategies.FailFast(strategies.Rolling{}, -1),
		"firstReplicas: invalid value 0%: must be one replica or more":                                       gates(func(g *strategies.Gated) { g.FirstReplicas = rollout.Percent(0) }),
		`switch: invalid value "wep": must be one of the workload's routes: ["web" "next"]`:                  gates(func(g *strategies.Gated) { g.Switch = map[string]string{"wep": "promote"} }),
		"steps[1].size: invalid value 1: must be one replica or more, and no fewer than at the step before":  canary(strategies.CanaryStep{Size: rollout.Count(2)}, strategies.CanaryStep{Size: rollout.Count(1)}),
		"steps[0].size: invalid value 0%: must be one replica or more, and no fewer than at the step before": canary(strategies.CanaryStep{Size: rollout.Percent(0)}),
		"steps[0].pause: invalid value -1s: must be 0 or more":                                               canary(strategies.CanaryStep{Size: rollout.Count(2), Pause: -time.Second}),
		`active: invalid value "": must be the name of a route`:                                              strategies.BlueGreen{},
		`active: invalid value "wep": must be one of the workload's routes: ["web" "next"]`:                  strategies.BlueGreen{Active: "wep"},
		`preview: invalid value "nxt": must be one of the workload's routes: ["web" "next"]`:                 strategies.BlueGreen{Active: "web", Preview: "nxt"},
		`preview: invalid value "web": must be another route than the active one`:                            strategies.BlueGreen{Active: "web", Preview: "web"},
		"keep: invalid value -1s: must be 0 or more":                                                         strategies.BlueGreen{Active: "web", Keep: -time.Second},
		"keepRejected: invalid value -1s: must be 0 or more":                                                 strategies.BlueGreen{Active: "web", KeepRejected: -time.Second},
	} {
		_, err := strategy.Plan(s)
		var invalid *rollout.InvalidError
		if !errors.As(err, &invalid) || err.Error() != want {
			t.Errorf("%v\nwant %s", err, want)
		}
	}
}

package strategies_test

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"

	"github.com/gopawl/pawl/rollout"
	"github.com/gopawl/pawl/rollout/sim"
	"github.com/gopawl/pawl/strategies"
)

// TestTranscripts plays whole rollouts; testdata/*.txt hold what is to happen. The commands:
//
//	rolling max-surge=25% max-unavailable=0 termination=complete
//	recreate
//	workload replicas=3 serving=v1 start-up=10s min-ready=5s stop=5s react=1s failing=(v2,v3)
//	want template=v2 replicas=5 paused=true
//	break revision=v1 pods=2 for=20s
//	run for=30s | run writes=3 | run
//
// The steps of one plan stand together under one time. A run ends when the rollout is over, when nothing can happen any more, after a time, or after
// a number of writes: in the middle of a plan too.
func TestTranscripts(t *testing.T) {
	datadriven.Walk(t, "testdata", func(t *testing.T, path string) {
		if !strings.HasSuffix(path, ".txt") {
			t.Skip("not a transcript")
		}
		var p player
		datadriven.RunTest(t, path, p.play)
	})
}

// player is one transcript in play.
type player struct {
	strategy rollout.Strategy
	workload *sim.Workload
	begin    time.Time
	out      strings.Builder
	said     string
}

func (p *player) play(t *testing.T, d *datadriven.TestData) string {
	p.out.Reset()
	switch d.Cmd {
	case "recreate":
		p.strategy = strategies.Recreate{}
		return "ok\n"
	case "rolling":
		p.rolling(t, d)
		return "ok\n"
	case "workload":
		p.newWorkload(t, d)
	case "want":
		d.MaybeScanArgs(t, "replicas", &p.workload.Replicas)
		d.MaybeScanArgs(t, "template", &p.workload.Template)
		d.MaybeScanArgs(t, "paused", &p.workload.Paused)
	case "break":
		p.breakPods(t, d)
	case "run":
		p.run(t, d)
	default:
		d.Fatalf(t, "unknown command %s", d.Cmd)
	}
	p.tellSizes(t)
	return p.out.String()
}

func (p *player) rolling(t *testing.T, d *datadriven.TestData) {
	var surge, unavailable, termination string
	d.MaybeScanArgs(t, "max-surge", &surge)
	d.MaybeScanArgs(t, "max-unavailable", &unavailable)
	d.MaybeScanArgs(t, "termination", &termination)
	r := strategies.Rolling{}
	for text, to := range map[string]*rollout.Amount{surge: &r.MaxSurge, unavailable: &r.MaxUnavailable} {
		if text == "" {
			continue
		}
		var err error
		if *to, err = rollout.ParseAmount(text); err != nil {
			d.Fatalf(t, "%v", err)
		}
	}
	if termination == "complete" {
		r.Termination = strategies.TerminationComplete
	}
	p.strategy = r
}

func (p *player) newWorkload(t *testing.T, d *datadriven.TestData) {
	var serving string
	s := rollout.State{}
	d.ScanArgs(t, "replicas", &s.Replicas)
	if d.MaybeScanArgs(t, "serving", &serving) {
		s.Template = serving
		r := revision(serving, serving, s.Replicas, s.Replicas)
		r.Number, r.Settled = 1, time.Unix(1, 0)
		s.Revisions = append(s.Revisions, r)
	}
	o := sim.Options{MinReady: duration(t, d, "min-ready"), Stop: duration(t, d, "stop")}
	var failing []string
	if arg, ok := d.Arg("failing"); ok {
		failing = arg.Vals
	}
	o.StartUp = sim.After(duration(t, d, "start-up"), failing...)
	react := duration(t, d, "react")
	o.React = func(string) time.Duration { return react }
	p.workload = sim.New(s, o)
	p.begin = p.workload.Now()
}

func duration(t *testing.T, d *datadriven.TestData, key string) time.Duration {
	var text string
	if !d.MaybeScanArgs(t, key, &text) {
		return 0
	}
	v, err := time.ParseDuration(text)
	if err != nil {
		d.Fatalf(t, "%v", err)
	}
	return v
}

func (p *player) breakPods(t *testing.T, d *datadriven.TestData) {
	var name string
	var n int
	d.ScanArgs(t, "revision", &name)
	d.ScanArgs(t, "pods", &n)
	for _, pod := range p.workload.Pods(name)[:n] {
		pod.Ready = p.workload.Now().Add(duration(t, d, "for"))
	}
}

// run carries out plans until the transcript's end condition.
func (p *player) run(t *testing.T, d *datadriven.TestData) {
	var writes int
	d.MaybeScanArgs(t, "writes", &writes)
	limit := cmp.Or(duration(t, d, "for"), 24*time.Hour)
	end := p.workload.Now().Add(limit)
	p.said = ""
	for {
		plan := p.plan(t, d)
		for i, step := range plan.Steps {
			if err := p.workload.Apply(context.Background(), step.Action); err != nil {
				d.Fatalf(t, "%v: %v", step.Action, err)
			}
			p.tellStep(i, step)
			if writes--; writes == 0 {
				return
			}
		}
		if len(plan.Steps) == 0 && p.rest(plan, end) {
			return
		}
		p.workload.Tick()
	}
}

// rest is what a plan without steps leads to. It reports whether the run has ended.
func (p *player) rest(plan rollout.Plan, end time.Time) bool {
	if said := fmt.Sprintf("%s: %s", plan.Phase, plan.Message); said != p.said {
		p.say("%s", said)
		p.said = said
	}
	if plan.Phase.Over() {
		return true
	}
	next, ok := p.workload.Event()
	switch {
	case !ok:
		p.say("nothing more will happen")
		return true
	case next.After(end):
		p.workload.Advance(end.Sub(p.workload.Now()))
		return true
	}
	p.workload.Next()
	return false
}

// plan is what the strategy plans now.
func (p *player) plan(t *testing.T, d *datadriven.TestData) rollout.Plan {
	state, err := p.workload.Observe(context.Background())
	if err != nil {
		d.Fatalf(t, "%v", err)
	}
	plan, err := p.strategy.Plan(state)
	if err != nil {
		d.Fatalf(t, "%v", err)
	}
	return plan
}

func (p *player) say(format string, args ...any) {
	fmt.Fprintf(&p.out, "%4.0fs  %s\n", p.workload.Now().Sub(p.begin).Seconds(), fmt.Sprintf(format, args...))
}

func (p *player) tellStep(i int, step rollout.Step) {
	if i == 0 {
		p.say("%v: %s", step.Action, step.Why)
		return
	}
	fmt.Fprintf(&p.out, "%7s%v: %s\n", "", step.Action, step.Why)
}

// tellSizes ends each answer with the revisions as they are now.
func (p *player) tellSizes(t *testing.T) {
	s, err := p.workload.Observe(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	paused := ""
	if s.Paused {
		paused = ", paused"
	}
	fmt.Fprintf(&p.out, "wanted: %d of %s%s\n", s.Replicas, s.Template, paused)
	for _, r := range s.Revisions {
		fmt.Fprintf(&p.out, "%s (number %d): size %d, %d exist, %d available", r.Name, r.Number, r.Replicas, r.Actual, r.Available)
		if r.Terminating > 0 {
			fmt.Fprintf(&p.out, ", %d terminating", r.Terminating)
		}
		p.out.WriteString("\n")
	}
}

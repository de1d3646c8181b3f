package rollouttest

import (
	"cmp"
	"slices"
	"time"

	"github.com/gopawl/pawl/rollout"
	"github.com/gopawl/pawl/rollout/sim"
)

// scene is what a story begins with: the command workload.
type scene struct {
	replicas          int32
	template, serving string
	startUp           []time.Duration // by the number of the pod, over and over
	react             []time.Duration // by the number of the write, over and over
	minReady, stop    time.Duration
	order             string
	failing           []string        // templates whose pods do not start
	gates             []string        // what gates answer, over and over
	routes, pinned    []string        // names; those that point to what serves
	routing           []time.Duration // by the number of the switch, over and over
	healed            bool            // every pod starts after all
}

func readScene(a *Args) (*scene, error) {
	s := &scene{
		replicas: a.number("replicas", 1), serving: a.Text("serving"),
		startUp: a.spans("start-up", "never"), react: a.spans("react"),
		minReady: a.span("min-ready"), stop: a.span("stop"),
		order:   a.word("order", "newest", "available", "mixed"),
		failing: a.list("failing"), gates: a.list("gates"),
		routes: a.list("routes"), pinned: a.list("pinned"), routing: a.spans("routing"),
	}
	s.template = cmp.Or(a.Text("template"), s.serving, "v1")
	for _, answer := range s.gates {
		if answerOf(answer) == nil {
			a.wrong("gates", answer, "pending, open or shut")
		}
	}
	for i, name := range s.routes {
		if name == "" || slices.Contains(s.routes[:i], name) {
			a.wrong("routes", name, "given and unique")
		}
	}
	return s, a.end()
}

// answerOf is a gate's answer by its name, nil where there is none of that name.
func answerOf(text string) *rollout.Answer {
	for _, a := range []rollout.Answer{rollout.Pending, rollout.Open, rollout.Shut} {
		if a.String() == text {
			return &a
		}
	}
	return nil
}

// start is the state that the rollout starts from: what serves has been rolled out before.
func (s *scene) start(o Options) rollout.State {
	state := rollout.State{Replicas: s.replicas, Template: s.template}
	if s.serving != "" {
		ceiling := s.replicas
		if o.Bounds != nil {
			if _, most, err := o.Bounds(s.replicas); err == nil {
				ceiling = most
			}
		}
		state.Revisions = []rollout.Revision{{
			Name: s.serving, Label: s.serving, Template: s.serving, Number: 1, Observed: true,
			Replicas: s.replicas, Actual: s.replicas, Ready: s.replicas, Available: s.replicas,
			Basis:   rollout.Basis{Desired: s.replicas, Max: ceiling},
			Created: time.Unix(1, 0), Settled: time.Unix(2, 0),
		}}
	}
	for _, name := range s.routes {
		r := rollout.Route{Name: name}
		if slices.Contains(s.pinned, name) {
			r.To = s.serving
		}
		state.Routes = append(state.Routes, r)
	}
	return state
}

func (s *scene) options() sim.Options {
	o := sim.Options{MinReady: s.minReady, Stop: s.stop, StartUp: s.startOf, Order: orders[s.order]}
	o.React, o.Routing = inTurn(s.react), inTurn(s.routing)
	return o
}

// inTurn takes one duration after the other, over and over; nil where there is none.
func inTurn(all []time.Duration) func(string) time.Duration {
	if len(all) == 0 {
		return nil
	}
	taken := 0
	return func(string) time.Duration {
		taken++
		return all[(taken-1)%len(all)]
	}
}

// startOf is how long the n-th pod of a template takes to be ready.
func (s *scene) startOf(template string, n int) time.Duration {
	d := time.Duration(0)
	if len(s.startUp) > 0 {
		d = s.startUp[(n-1)%len(s.startUp)]
	}
	if slices.Contains(s.failing, template) {
		d = sim.Never
	}
	if d < 0 && s.healed {
		return time.Second
	}
	return d
}

// fails reports whether there are pods that do not start.
func (s *scene) fails() bool { return len(s.failing) > 0 || slices.Contains(s.startUp, sim.Never) }

// orders say which of the ready pods go first. Those that are available are the worst choice.
var orders = map[string]func(a, b sim.Pod) int{
	"available": func(a, b sim.Pod) int { return a.Ready.Compare(b.Ready) },
	"mixed":     func(a, b sim.Pod) int { return a.ID*7919%31 - b.ID*7919%31 },
}

// slow reports whether a controller may act later than at once.
func (s *scene) slow() bool {
	return slices.ContainsFunc(s.react, func(d time.Duration) bool { return d > 0 })
}

package rollouttest

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/gopawl/pawl/rollout"
	"github.com/gopawl/pawl/rollout/sim"
)

// errNoScene says that something is to happen before there is a workload.
var errNoScene = errors.New("a story begins with a workload")

// do carries out one command. What the strategy breaks is a *broken; other errors are the story's.
func (st *stage) do(c command) error {
	a := c.read()
	if c.name == "workload" {
		s, err := readScene(a)
		if err == nil {
			st.open(s)
		}
		return err
	}
	if st.scene == nil {
		return errNoScene
	}
	act, ok := commands[c.name]
	if !ok {
		return &rollout.InvalidError{Path: "command", Value: c.name, Allowed: "one of a story"}
	}
	do := act(st, a)
	if err := a.end(); err != nil {
		return err
	}
	st.judge.weather = max(st.judge.weather, c.weather())
	st.teller.said = ""
	return do()
}

// commands are those of a story beside workload. Each reads its arguments first. What does not
// apply, such as a pod that is not there, changes nothing.
var commands = map[string]func(*stage, *Args) func() error{
	"look":   (*stage).doLook,
	"run":    (*stage).doRun,
	"wait":   (*stage).doWait,
	"finish": func(st *stage, _ *Args) func() error { return st.finish },
	"want":   (*stage).doWant,
	"lag":    (*stage).doLag,
	"forget": func(st *stage, _ *Args) func() error {
		return st.beside(func() error { return st.workload.Save(context.Background(), rollout.Status{}) })
	},
	"outdate": func(st *stage, a *Args) func() error {
		name := a.Text("revision")
		return st.beside(func() error {
			st.workload.Edit(name, func(r *rollout.Revision) { r.Outdated = true })
			return nil
		})
	},
	"fail":   (*stage).doFail,
	"evict":  (*stage).doEvict,
	"scale":  (*stage).doScale,
	"add":    (*stage).doAdd,
	"remove": (*stage).doRemove,
	"route":  (*stage).doRoute,
	"reject": (*stage).doReject,
	"retry": func(st *stage, _ *Args) func() error {
		return st.beside(func() error { st.workload.Retry(); return nil })
	},
}

// beside is something that happens beside the strategy.
func (st *stage) beside(do func() error) func() error {
	return func() error {
		if err := do(); err != nil {
			return err
		}
		return st.happened()
	}
}

func (st *stage) doLook(a *Args) func() error {
	g := glance{steps: -1, torn: a.flag("torn"), lost: a.flag("lost"), each: a.span("each")}
	if a.has("steps") {
		g.steps = int(a.number("steps", 0))
	}
	return func() error {
		st.judge.late = st.judge.late || g.each > 0
		_, err := st.look(g)
		return err
	}
}

func (st *stage) doRun(a *Args) func() error {
	limit, steps := cmp.Or(a.span("for"), forever), int(a.number("steps", 0))
	return func() error { return st.run(limit, steps) }
}

func (st *stage) doWait(a *Args) func() error {
	d := a.span("for")
	return func() error { return st.pass(d) }
}

func (st *stage) doWant(a *Args) func() error {
	replicas, template, paused := a.number("replicas", -1), a.Text("template"), a.flag("paused")
	sets := a.has("paused")
	return st.beside(func() error {
		if replicas >= 0 {
			st.workload.Replicas = replicas
		}
		if sets {
			st.workload.Paused = paused
		}
		st.workload.Template = cmp.Or(template, st.workload.Template)
		return nil
	})
}

func (st *stage) doLag(a *Args) func() error {
	by := a.spans("by")
	if !slices.ContainsFunc(by, func(d time.Duration) bool { return d > 0 }) {
		by = nil
	}
	return func() error {
		st.view.by, st.judge.late = by, st.judge.late || by != nil
		return nil
	}
}

// pods are those of a revision that are asked for by their place, the oldest being 1.
func (st *stage) pods(revision string, places []int) (pods []*sim.Pod) {
	all := slices.DeleteFunc(st.workload.Pods(revision), func(p *sim.Pod) bool { return p.Terminating() })
	for _, n := range places {
		if n <= len(all) {
			pods = append(pods, all[n-1])
		}
	}
	return pods
}

func (st *stage) doFail(a *Args) func() error {
	name, places, d := a.Text("revision"), a.numbers("pod"), a.span("for")
	return st.beside(func() error {
		until := st.workload.Now().Add(d)
		for _, p := range st.pods(name, places) {
			if !p.Ready.IsZero() && p.Ready.Before(until) {
				p.Ready = until
			}
		}
		return nil
	})
}

func (st *stage) doEvict(a *Args) func() error {
	name, places := a.Text("revision"), a.numbers("pod")
	return st.beside(func() error {
		for _, p := range st.pods(name, places) {
			p.Gone = st.workload.Now().Add(st.scene.stop)
		}
		return nil
	})
}

// doScale is another writer.
func (st *stage) doScale(a *Args) func() error {
	name, to := a.Text("revision"), a.number("to", 0)
	return st.beside(func() error {
		r, ok := find(st.truth(), name)
		if !ok || r.Replicas == to {
			return nil
		}
		st.view.touched(name)
		return st.workload.Apply(context.Background(), rollout.Scale{Name: name, From: r.Replicas, To: to, Basis: r.Basis})
	})
}

func (st *stage) doAdd(a *Args) func() error {
	r := rollout.Revision{Template: a.Text("template"), Replicas: a.number("replicas", 1)}
	if r.Template == "" {
		a.wrong("template", "", "the template of the revision")
	}
	older := a.flag("older")
	return st.beside(func() error {
		if r.Created = st.workload.Now(); older {
			r.Created = time.Time{}
		}
		name := st.workload.Add(r)
		st.view.record(st.truth())
		st.view.made(name)
		return nil
	})
}

func (st *stage) doRemove(a *Args) func() error {
	name := a.Text("revision")
	return st.beside(func() error {
		st.workload.Remove(name)
		return nil
	})
}

// doRoute is somebody who makes a Service anew, or edits one.
func (st *stage) doRoute(a *Args) func() error {
	name, to := a.Text("name"), a.Text("to")
	return st.beside(func() error {
		st.workload.Route(name, to, time.Time{})
		return nil
	})
}

// doReject is the owner who gives a template up, the wanted one where none is named.
func (st *stage) doReject(a *Args) func() error {
	template, why := a.Text("template"), cmp.Or(a.Text("why"), "given up by the owner")
	return st.beside(func() error {
		return st.workload.Apply(context.Background(), rollout.Reject{
			Template: cmp.Or(template, st.workload.Template), Why: why,
		})
	})
}

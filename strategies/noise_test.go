package strategies_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/gopawl/pawl/rollout"
	"github.com/gopawl/pawl/rollout/sim"
)

// weather is how much goes on beside the strategy.
type weather int

const (
	calm   weather = iota // other templates, pauses, slow replicas and slow controllers
	stormy                // and other sizes, failures, evictions
	wild                  // and a second writer
)

func (w weather) String() string { return [...]string{"calm", "stormy", "wild"}[w] }

// settings are those of a trial's workload.
type settings struct {
	replicas       int32
	minReady, stop time.Duration
	startUp, react time.Duration // at most
	worst          string        // which of the ready pods go first
}

func (t *trial) newWorkload() *sim.Workload {
	rng := t.rng
	t.settings = settings{
		replicas: int32(rng.IntN(9)),
		minReady: time.Duration(max(0, rng.IntN(10)-4)) * time.Second,
		stop:     time.Duration(max(0, rng.IntN(40)-15)) * time.Second,
		startUp:  time.Duration(1+rng.IntN(10)) * time.Second,
		react:    time.Duration(1+max(0, rng.IntN(8)-4)) * time.Second,
		worst:    pick(rng, "newest", "available", "any"),
	}
	if t.settings.minReady > 0 && t.weather == calm {
		// Replicas that were not ready may become so before a slow controller ends them, and it
		// may then take some that are available in their place: nobody can rule that out.
		t.settings.react = 0
	}
	s := rollout.State{Replicas: t.settings.replicas, Template: "v1"}
	if rng.IntN(5) > 0 || t.weather == calm {
		s.Revisions = []rollout.Revision{revision("v1", "v1", s.Replicas, s.Replicas)}
		s.Revisions[0].Number = 1
	}
	return sim.New(s, sim.Options{
		MinReady: t.settings.minReady,
		Stop:     t.settings.stop,
		StartUp:  func(string, int) time.Duration { return upTo(rng, t.settings.startUp) },
		React: func(string) time.Duration {
			if t.settings.react == 0 || rng.IntN(3) > 0 {
				return 0
			}
			return upTo(rng, t.settings.react)
		},
		Order: t.order(),
	})
}

func upTo(rng *rand.Rand, d time.Duration) time.Duration {
	return time.Duration(rng.Int64N(int64(d))).Round(time.Millisecond)
}

func pick[T any](rng *rand.Rand, from ...T) T { return from[rng.IntN(len(from))] }

// order chooses which ready pods go first: the longest ready ones are the worst choice, as they
// are those that are available.
func (t *trial) order() func(a, b sim.Pod) int {
	switch t.settings.worst {
	case "available":
		return func(a, b sim.Pod) int { return a.Ready.Compare(b.Ready) }
	case "any":
		return func(a, b sim.Pod) int { return a.ID*7919%31 - b.ID*7919%31 }
	}
	return nil
}

// noise does something now and then.
func (t *trial) noise() {
	if t.rng.IntN(3) > 0 {
		return
	}
	events := []func(){t.flip, t.flip, t.pause, t.flip}
	if t.weather >= stormy {
		events = append(events, t.resize, t.resize, t.fail, t.evict)
	}
	if t.weather >= wild {
		events = append(events, t.interfere)
	}
	pick(t.rng, events...)()
}

func (t *trial) flip() {
	t.workload.Template = fmt.Sprintf("v%d", 1+t.rng.IntN(4))
	t.note("  ~ template %s is wanted", t.workload.Template)
}

func (t *trial) pause() {
	t.workload.Paused = !t.workload.Paused
	t.note("  ~ paused: %v", t.workload.Paused)
}

func (t *trial) resize() {
	t.workload.Replicas = int32(t.rng.IntN(10))
	t.note("  ~ %d replicas are wanted", t.workload.Replicas)
}

// fail makes a replica unready for a while.
func (t *trial) fail() {
	if p, name := t.pod(); p != nil {
		p.Ready = t.workload.Now().Add(upTo(t.rng, 20*time.Second) + 1)
		t.note("  ~ pod %d of %s fails until %v", p.ID, name, p.Ready.Format("04:05.000"))
	}
}

// evict ends a replica from outside.
func (t *trial) evict() {
	if p, name := t.pod(); p != nil {
		p.Gone = t.workload.Now().Add(t.settings.stop)
		t.note("  ~ pod %d of %s is evicted", p.ID, name)
	}
}

func (t *trial) pod() (*sim.Pod, string) {
	r, ok := t.revision()
	if !ok {
		return nil, ""
	}
	pods := t.workload.Pods(r.Name)
	if len(pods) == 0 {
		return nil, ""
	}
	if p := pick(t.rng, pods...); !p.Terminating() {
		return p, r.Name
	}
	return nil, ""
}

func (t *trial) revision() (rollout.Revision, bool) {
	all := t.observe().Revisions
	if len(all) == 0 {
		return rollout.Revision{}, false
	}
	return pick(t.rng, all...), true
}

// interfere is a second writer.
func (t *trial) interfere() {
	r, ok := t.revision()
	if !ok {
		return
	}
	a := rollout.Scale{Name: r.Name, From: r.Replicas, To: int32(t.rng.IntN(8))}
	t.note("  ~ somebody else: %v", a)
	if err := t.workload.Apply(context.Background(), a); err != nil {
		t.note("  ~ %v", err)
	}
}

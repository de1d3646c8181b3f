package timeline_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/gopawl/pawl/examples/pawl/internal/timeline"
	"github.com/gopawl/pawl/rollout"
	"github.com/gopawl/pawl/rollout/sim"
	"github.com/gopawl/pawl/strategies"
)

// begun is when the stories begin.
var begun = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// serving is a state in which a first version serves.
func serving(replicas int32) rollout.State {
	return rollout.State{
		Now: begun, Replicas: replicas, Template: "v2",
		Revisions: []rollout.Revision{{
			Name: "web-v1", Template: "v1", Number: 1, Observed: true,
			Replicas: replicas, Actual: replicas, Ready: replicas, Available: replicas, Settled: begun,
		}},
	}
}

// story is a rollout in virtual time.
type story struct {
	*testing.T
	*sim.Workload
	strategy strategies.Rolling
	engine   rollout.Engine
	recorder *timeline.Recorder
}

func newStory(t *testing.T, from rollout.State, o sim.Options) *story {
	o.Name = func(template string) string { return "web-" + template }
	s := &story{T: t, Workload: sim.New(from, o)}
	s.recorder = &timeline.Recorder{
		App: "web", Namespace: "shop", Now: s.Now,
		Bounds: func() (floor, ceiling int32) {
			floor, ceiling, err := s.strategy.Bounds(s.Replicas)
			if err != nil {
				t.Fatal(err)
			}
			return floor, ceiling
		},
		Images: func() map[string][]string {
			return map[string][]string{"web-v1": {"shop/web:1.4.0"}, "web-v2": {"shop/web:1.5.0"}}
		},
		Revision: func(a rollout.Action) string {
			if made, ok := a.(rollout.Create); ok {
				return "web-" + made.Template
			}
			return rollout.RevisionOf(a)
		},
	}
	s.engine.Trace = s.recorder.Trace()
	return s
}

// until rolls out for a time, or to the end, which it reports.
func (s *story) until(d time.Duration) (over bool) {
	s.Helper()
	for s.Now().Sub(begun) < d {
		status, err := s.engine.Reconcile(context.Background(), s, s.strategy)
		if err != nil {
			s.Fatal(err)
		}
		if status.Phase.Over() {
			return true
		}
		next, ok := s.Event()
		switch {
		case status.Writes > 0:
			s.Tick()
		case ok && next.Sub(begun) < d:
			s.Next()
		default:
			s.Advance(d - s.Now().Sub(begun))
		}
	}
	return false
}

// finish rolls out to the end, which must come within a day.
func (s *story) finish() timeline.Timeline {
	s.Helper()
	if !s.until(24 * time.Hour) {
		s.Fatal("it does not end")
	}
	return s.end(nil)
}

func (s *story) end(err error) timeline.Timeline {
	s.recorder.End(err)
	return s.recorder.Timeline()
}

// ordinary is a rollout with nothing special.
func ordinary(t *testing.T) timeline.Timeline {
	return newStory(t, serving(3), sim.Options{StartUp: sim.After(4 * time.Second), Stop: 2 * time.Second}).finish()
}

// paused is held for ten minutes, and scaled up meanwhile.
func paused(t *testing.T) timeline.Timeline {
	s := newStory(t, serving(6), sim.Options{StartUp: sim.After(30 * time.Second), Stop: 5 * time.Second})
	s.until(40 * time.Second)
	s.Paused = true
	s.until(6 * time.Minute)
	s.Replicas = 8
	s.until(10 * time.Minute)
	s.Paused = false
	return s.finish()
}

// failed has a new version of which no replica becomes ready, and is given up.
func failed(t *testing.T) timeline.Timeline {
	s := newStory(t, serving(4), sim.Options{StartUp: sim.After(2*time.Second, "v2"), Stop: time.Second})
	s.until(10 * time.Minute)
	return s.end(errors.New(`deployment "web" exceeded its progress deadline`))
}

// disturbed loses replicas on the way, does not reach its cluster for a while, and is interrupted.
func disturbed(t *testing.T) timeline.Timeline {
	s := newStory(t, serving(10), sim.Options{StartUp: sim.After(20 * time.Second), MinReady: 5 * time.Second, Stop: 3 * time.Second})
	s.until(30 * time.Second)
	for _, p := range s.Pods("web-v1")[:3] {
		p.Ready = s.Now().Add(18 * time.Second)
	}
	s.until(36 * time.Second)
	late := errors.New("etcdserver: request timed out")
	s.engine.Trace.Applied(rollout.Step{Action: rollout.Scale{Name: "web-v1", From: 3, To: 2}, Why: "its share"}, late)
	s.engine.Trace.Retrying(late, 1, time.Second)
	s.Advance(8 * time.Second)
	s.until(47 * time.Second)
	return s.end(context.Canceled)
}

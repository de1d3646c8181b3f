package strategies_test

import (
	"context"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/gopawl/pawl/rollout"
	"github.com/gopawl/pawl/rollout/sim"
	"github.com/gopawl/pawl/strategies"
)

// sized is a revision whose replicas were worked out for a number of wanted ones and a ceiling.
func sized(name string, size, available, desired, ceiling int32) rollout.Revision {
	r := revision(name, name, size, available)
	r.Basis = rollout.Basis{Desired: desired, Max: ceiling}
	return r
}

func unseen(r rollout.Revision) rollout.Revision {
	r.Observed = false
	return r
}

func paused(s rollout.State) rollout.State {
	s.Paused = true
	return s
}

// TestResizeIsSharedOut has v2 wanted, a surge and an unavailability of a quarter, and revisions
// from v1 on in the order of their age.
func TestResizeIsSharedOut(t *testing.T) {
	quarter := strategies.Rolling{}
	narrow := strategies.Rolling{MaxSurge: rollout.Count(2), MaxUnavailable: rollout.Count(0)}
	gone := strategies.Rolling{Termination: strategies.TerminationComplete}
	terminating := sized("v1", 6, 6, 8, 10)
	terminating.Terminating = 4
	for _, c := range []struct {
		name     string
		strategy strategies.Rolling
		state    rollout.State
		want     string
	}{
		{"up, in proportion", quarter, wanted(16, sized("v1", 6, 6, 8, 10), sized("v2", 4, 2, 8, 10)),
			"scale v1 from 6 to 12, scale v2 from 4 to 8"},
		{"down, in proportion", quarter, wanted(8, sized("v1", 14, 14, 16, 20), sized("v2", 6, 6, 16, 20)),
			"scale v1 from 14 to 7, scale v2 from 6 to 3"},
		{"down, as far as the floor allows", quarter, wanted(8, sized("v1", 14, 9, 16, 20), sized("v2", 6, 0, 16, 20)),
			"scale v1 from 14 to 7, scale v2 from 6 to 3"},
		{"down, and every available one counts", quarter, wanted(8, sized("v1", 14, 14, 16, 20), sized("v2", 6, 0, 16, 20)),
			"scale v1 from 14 to 7, scale v2 from 6 to 3"},
		{"down, and the floor allows nothing of one", narrow, wanted(5, sized("v1", 4, 4, 8, 10), sized("v2", 4, 0, 8, 10)),
			"refresh v1 at 4, refresh v2 at 4"},
		{"down, before the counts are known", quarter, wanted(8, unseen(sized("v1", 14, 14, 16, 20)), sized("v2", 6, 6, 16, 20)),
			""},
		{"up, before the counts are known", quarter, wanted(16, unseen(sized("v1", 6, 6, 8, 10)), sized("v2", 4, 2, 8, 10)),
			"scale v1 from 6 to 12, scale v2 from 4 to 8"},
		{"up, with terminating replicas under the ceiling", gone, wanted(16, terminating, sized("v2", 4, 2, 8, 10)),
			"scale v1 from 6 to 12, refresh v2 at 4"},
		{"after a crash in the middle", quarter, wanted(16, sized("v1", 12, 6, 16, 20), sized("v2", 4, 2, 8, 10)),
			"scale v2 from 4 to 8"},
		{"with the template in one edit: the old one does not grow (D3)", quarter, wanted(16, sized("v1", 8, 8, 8, 10)),
			"create v2 with 12, refresh v1 at 8"},
		{"with a return to an old template in one edit", quarter, wanted(16, sized("v1", 8, 8, 8, 10), sized("v2", 0, 0, 8, 10)),
			"scale v2 from 0 to 12, refresh v1 at 8"},
		{"and the new one is large enough: it keeps its size", quarter, wanted(4, sized("v1", 6, 6, 8, 10), sized("v2", 4, 4, 8, 10)),
			"scale v1 from 6 to 0, refresh v2 at 4"},
		{"to none", quarter, wanted(0, sized("v1", 6, 6, 8, 10), sized("v2", 4, 2, 8, 10)),
			"scale v2 from 4 to 0, scale v1 from 6 to 0"},
		{"of another ceiling alone (D8)", strategies.Rolling{MaxSurge: rollout.Count(0), MaxUnavailable: rollout.Count(0)},
			wanted(8, sized("v2", 8, 8, 8, 10)), "refresh v2 at 8"},
		{"beyond 31 bits (D7)", strategies.Rolling{MaxSurge: rollout.Count(10_000)},
			wanted(50_000, sized("v1", 40_000, 40_000, 40_000, 50_000), sized("v2", 10_000, 0, 40_000, 50_000)),
			"scale v1 from 40000 to 48000, scale v2 from 10000 to 12000"},
		{"to the most there can be", quarter, wanted(math.MaxInt32, sized("v1", 6, 6, 8, 10), sized("v2", 4, 2, 8, 10)),
			fmt.Sprintf("scale v1 from 6 to %d, scale v2 from 4 to %d", 1288490188, 858993459)},

		{"paused", quarter, paused(wanted(16, sized("v1", 6, 6, 8, 10), sized("v2", 4, 2, 8, 10))),
			"scale v1 from 6 to 12, scale v2 from 4 to 8"},
		{"paused, without a resize (D4)", quarter, paused(wanted(8, sized("v1", 5, 5, 8, 10), sized("v2", 3, 2, 8, 10))),
			""},
		{"paused, of the only one", quarter, paused(wanted(16, sized("v1", 8, 8, 8, 10))),
			"scale v1 from 8 to 16"},
		{"paused, and the rest stays due", narrow, paused(wanted(5, sized("v1", 4, 4, 8, 10), sized("v2", 4, 0, 8, 10))),
			"refresh v2 at 4"},
		{"paused, of nothing that was taken down (D5)", quarter, paused(wanted(16, sized("v1", 0, 0, 8, 10))),
			""},
		{"paused, from none", quarter, paused(wanted(4, sized("v1", 0, 0, 0, 0))),
			"scale v1 from 0 to 4"},
		{"paused, with nothing there", quarter, paused(wanted(4)), ""},
		{"paused, of a size that says not for how many it is", quarter, paused(wanted(4, sized("v1", 3, 3, 0, 0))), ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := strings.Join(actions(mustPlan(t, c.strategy, c.state)), ", "); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestRecreateResizesInAPauseWhatIsAlone(t *testing.T) {
	leaving := sized("v1", 0, 0, 8, 8)
	leaving.Terminating = 1
	for _, c := range []struct {
		name      string
		revisions []rollout.Revision
		want      string
	}{
		{"alone", []rollout.Revision{sized("v1", 8, 8, 8, 8)}, "scale v1 from 8 to 4"},
		{"before its size is observed", []rollout.Revision{unseen(sized("v1", 8, 8, 8, 8))}, "scale v1 from 8 to 4"},
		{"taken down (D5)", []rollout.Revision{sized("v1", 0, 0, 8, 8)}, ""},
		{"beside one that is on its way out", []rollout.Revision{leaving, sized("v2", 2, 2, 8, 8)}, ""},
		{"beside another", []rollout.Revision{sized("v1", 2, 2, 8, 8), sized("v2", 2, 2, 8, 8)}, ""},
	} {
		if got := strings.Join(actions(mustPlan(t, strategies.Recreate{}, paused(wanted(4, c.revisions...)))), ", "); got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}

// TestResizeAtEveryLook is an autoscaler that changes its mind all the time, from what is wanted
// and never from what exists. While it grows no bound breaks; when it rests the rollout ends.
func TestResizeAtEveryLook(t *testing.T) {
	for _, termination := range []strategies.Termination{strategies.TerminationStarted, strategies.TerminationComplete} {
		r := strategies.Rolling{MaxSurge: rollout.Percent(30), MaxUnavailable: rollout.Percent(20), Termination: termination}
		w := sim.New(rollout.State{Replicas: 4, Template: "v2", Revisions: []rollout.Revision{sized("v1", 4, 4, 4, 6)}},
			sim.Options{StartUp: sim.After(3 * time.Second), Stop: 2 * time.Second})
		var engine rollout.Engine
		for i := range 200 {
			if i < 100 {
				w.Replicas = 4 + int32(i*i%17) // up and down
			}
			floor, ceiling, err := r.Bounds(w.Replicas)
			if err != nil {
				t.Fatal(err)
			}
			var before rollout.State
			engine.Trace.Applying = func(rollout.Step) { before = state(t, w) }
			engine.Trace.Applied = func(step rollout.Step, err error) {
				after := state(t, w)
				if is := asked(after); is > asked(before) && is > ceiling {
					t.Errorf("look %d: %v with %d wanted: %d are more than %d", i, step.Action, w.Replicas, is, ceiling)
				}
				if is := guaranteed(after); is < guaranteed(before) && is < floor {
					t.Errorf("look %d: %v with %d wanted: %d are fewer than %d", i, step.Action, w.Replicas, is, floor)
				}
			}
			status, err := engine.Reconcile(context.Background(), w, r)
			if err != nil {
				t.Fatal(err)
			}
			if i == 199 && status.Phase != rollout.Complete {
				t.Errorf("%+v", status)
			}
			w.Advance(time.Second)
		}
	}
}

func state(t *testing.T, w *sim.Workload) rollout.State {
	t.Helper()
	s, err := w.Observe(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func asked(s rollout.State) (n int32) {
	for _, r := range s.Revisions {
		n += r.Replicas
	}
	return n
}

// guaranteed is how many replicas stay available whichever the controllers choose to end among
// those that are ready.
func guaranteed(s rollout.State) (n int32) {
	for _, r := range s.Revisions {
		n += max(0, r.Available-max(0, r.Ready-r.Replicas))
	}
	return n
}

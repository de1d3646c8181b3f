package rollout_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gopawl/pawl/rollout"
	"github.com/gopawl/pawl/rollout/sim"
	"github.com/gopawl/pawl/strategies"
)

// In a synctest bubble time is virtual, and a goroutine that a fleet leaves behind fails the test.

// paced is a simulated workload whose time is the bubble's.
type paced struct {
	*sim.Workload
	begun time.Time // sim's time when the bubble's was start
	start time.Time
}

func newPaced(s rollout.State, o sim.Options) *paced {
	w := sim.New(s, o)
	return &paced{w, w.Now(), time.Now()}
}

func (p *paced) Observe(ctx context.Context) (rollout.State, error) {
	p.Advance(time.Since(p.start) - p.Now().Sub(p.begun))
	return p.Workload.Observe(ctx)
}

// Watch leaves Run to its polls: nothing tells when simulated time should move.
func (p *paced) Watch(context.Context) (<-chan struct{}, error) { return nil, nil }

// counter counts what is under way.
type counter struct{ now, most atomic.Int32 }

func (c *counter) begin() {
	n := c.now.Add(1)
	for most := c.most.Load(); n > most && !c.most.CompareAndSwap(most, n); {
		most = c.most.Load()
	}
}

func (c *counter) end() { c.now.Add(-1) }

func TestAThousandRollouts(t *testing.T) {
	const many = 1000
	for _, limit := range []int{0, 1, 32} {
		t.Run(fmt.Sprintf("limit %d", limit), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var under counter
				var members []rollout.Member
				started := make([]time.Time, many)
				workloads := make([]*paced, many)
				engine := rollout.Engine{Poll: 5 * time.Second}
				for i := range many {
					rnd := rand.New(rand.NewPCG(uint64(i), 7))
					members = append(members, rollout.Member{Name: fmt.Sprint(i), Run: func(ctx context.Context) (rollout.Status, error) {
						under.begin()
						defer under.end()
						started[i] = time.Now()
						workloads[i] = newPaced(
							rollout.State{Replicas: 3, Template: "v2", Revisions: []rollout.Revision{{
								Name: "v1", Template: "v1", Number: 1, Observed: true, Replicas: 3, Actual: 3, Ready: 3, Available: 3,
							}}},
							sim.Options{StartUp: sim.After(time.Duration(1+rnd.IntN(30)) * time.Second)},
						)
						return engine.Run(ctx, workloads[i], strategies.Rolling{})
					}})
				}
				results, err := rollout.Fleet{Limit: limit}.Run(t.Context(), members...)
				if err != nil || len(results) != many {
					t.Fatalf("%d results: %v", len(results), err)
				}
				want := int32(limit)
				if limit == 0 {
					want = many
				}
				if most := under.most.Load(); most != want {
					t.Errorf("%d were under way at a time, want %d", most, want)
				}
				for i, r := range results {
					if r.Err != nil || r.Status.Phase != rollout.Complete || r.Status.Updated != 3 || r.Status.Total != 3 {
						t.Errorf("member %d: %+v", i, r)
					}
					if i > 0 && started[i].Before(started[i-1]) {
						t.Errorf("member %d began before the one in front of it", i)
					}
				}
			})
		})
	}
}

// member is one that takes a time and ends with an error.
func member(name string, takes time.Duration, err error) rollout.Member {
	return rollout.Member{Name: name, Run: func(ctx context.Context) (rollout.Status, error) {
		select {
		case <-time.After(takes):
			return rollout.Status{Phase: rollout.Complete, Message: name}, err
		case <-ctx.Done():
			return rollout.Status{Phase: rollout.Progressing, Message: name}, ctx.Err()
		}
	}}
}

// seconds are members a, b, c, ... that take as many seconds each; those that are negative fail.
func seconds(each ...int) []rollout.Member {
	var members []rollout.Member
	for i, n := range each {
		name := string(rune('a' + i))
		var err error
		if n < 0 {
			err = errTest
			n = -n
		}
		members = append(members, member(name, time.Duration(n)*time.Second, err))
	}
	return members
}

// told are the results in words.
func told(results []rollout.Result) string {
	var words []string
	for _, r := range results {
		switch {
		case r.Err == nil && r.Status.Phase == rollout.Complete:
			words = append(words, "complete")
		case errors.Is(r.Err, errTest):
			words = append(words, "failed")
		case errors.Is(r.Err, context.Canceled), errors.Is(r.Err, context.DeadlineExceeded):
			words = append(words, "cut off")
		case errors.Is(r.Err, rollout.ErrNotStarted) && r.Status == rollout.Status{}:
			words = append(words, "not started")
		default:
			words = append(words, fmt.Sprintf("%+v", r))
		}
	}
	return strings.Join(words, ", ")
}

func TestFleet(t *testing.T) {
	const never = 0
	tests := map[string]struct {
		fleet   rollout.Fleet
		members []rollout.Member
		cut     int // when the context ends, in seconds and a half
		takes   time.Duration
		results string
		err     string
	}{
		"nobody":       {rollout.Fleet{}, nil, never, 0, "", ""},
		"all together": {rollout.Fleet{}, seconds(3, 1, 2), never, 3 * time.Second, "complete, complete, complete", ""},
		"one by one":   {rollout.Fleet{Limit: 1}, seconds(3, 1, 2), never, 6 * time.Second, "complete, complete, complete", ""},
		"two at a time, in turn": {
			rollout.Fleet{Limit: 2}, seconds(1, 4, 1, 1, 3), never, 6 * time.Second,
			"complete, complete, complete, complete, complete", "",
		},
		"the first that fails ends the others": {
			rollout.Fleet{Limit: 3}, seconds(1, 5, -2, -3, 1), never, 2 * time.Second,
			"complete, cut off, failed, cut off, not started", "c: test",
		},
		"the others go on": {
			rollout.Fleet{Limit: 3, KeepGoing: true}, seconds(1, 5, -2, -3, 1), never, 5 * time.Second,
			"complete, complete, failed, failed, complete", "c: test\nd: test",
		},
		"one hangs and keeps its turn": {
			rollout.Fleet{Limit: 2}, seconds(1000, 1, 1, 1), never, 1000 * time.Second,
			"complete, complete, complete, complete", "",
		},
		"cut off in the middle": {
			rollout.Fleet{Limit: 2}, seconds(1, 9, 9, 1), 2, 2500 * time.Millisecond,
			"complete, cut off, cut off, not started", "context canceled",
		},
		"cut off in the middle, going on": {
			rollout.Fleet{Limit: 2, KeepGoing: true}, seconds(-1, 9, 9, 1), 2, 2500 * time.Millisecond,
			"failed, cut off, cut off, not started", "a: test\ncontext canceled",
		},
		"cut off after a failure": {
			rollout.Fleet{Limit: 2}, seconds(-1, 9, 9), 2, time.Second,
			"failed, cut off, not started", "a: test",
		},
		"cut off too late": {
			rollout.Fleet{KeepGoing: true}, seconds(1, 2), 2, 2 * time.Second, "complete, complete", "",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				if test.cut > 0 {
					time.AfterFunc(time.Duration(test.cut)*time.Second+time.Second/2, cancel)
				}
				begun := time.Now()
				results, err := test.fleet.Run(ctx, test.members...)
				if took := time.Since(begun); took != test.takes {
					t.Errorf("took %v, want %v", took, test.takes)
				}
				if diff := cmp.Diff(test.results, told(results)); diff != "" {
					t.Errorf("-want +got\n%s", diff)
				}
				if got := fmt.Sprint(err); got != test.err && (err != nil || test.err != "") {
					t.Errorf("got error %q, want %q", got, test.err)
				}
			})
		})
	}
}

// What was known of a member when its context ended is not lost.
func TestFleetKeepsTheLastStatus(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		results, err := rollout.Fleet{}.Run(t.Context(), seconds(-1, 9)...)
		var failed *rollout.MemberError
		if !errors.As(err, &failed) || failed.Name != "a" || !errors.Is(err, errTest) {
			t.Errorf("%v does not say who failed", err)
		}
		if got := results[1].Status; got.Phase != rollout.Progressing || got.Message != "b" {
			t.Errorf("%+v", got)
		}
	})
}

// A context that has ended starts nobody, whatever the limit.
func TestFleetStartsNobodyInAnEndedContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, f := range []rollout.Fleet{{}, {Limit: 1}, {KeepGoing: true}} {
		results, err := f.Run(ctx, seconds(0, 0)...)
		if got := told(results); got != "not started, not started" || !errors.Is(err, context.Canceled) {
			t.Errorf("%+v: %s, %v", f, got, err)
		}
	}
}

// A member's own deadline is its own failure, and frees its turn for those behind it.
func TestMemberWithItsOwnDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		all := seconds(1000, 1)
		hangs := all[0].Run
		all[0].Run = func(ctx context.Context) (rollout.Status, error) {
			ctx, cancel := context.WithTimeout(ctx, time.Minute)
			defer cancel()
			return hangs(ctx)
		}
		results, err := rollout.Fleet{Limit: 1, KeepGoing: true}.Run(t.Context(), all...)
		if got := told(results); got != "cut off, complete" || err == nil || err.Error() != "a: context deadline exceeded" {
			t.Errorf("%s, %v", got, err)
		}
	})
}

// The others learn why they are to end.
func TestMembersSeeTheCause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var cause error
		all := append(seconds(-1), rollout.Member{Name: "b", Run: func(ctx context.Context) (rollout.Status, error) {
			<-ctx.Done()
			cause = context.Cause(ctx)
			return rollout.Status{}, ctx.Err()
		}})
		if _, err := (rollout.Fleet{}).Run(t.Context(), all...); err == nil || !errors.Is(cause, err) {
			t.Errorf("the cause is %v, the error %v", cause, err)
		}
	})
}

func TestFleetRefusesANegativeLimit(t *testing.T) {
	_, err := rollout.Fleet{Limit: -1}.Run(t.Context(), seconds(0)...)
	var invalid *rollout.InvalidError
	if !errors.As(err, &invalid) || invalid.Path != "limit" || invalid.Value != -1 {
		t.Error(err)
	}
}

// A panic is not swallowed, though others are still under way: it ends the process.
func TestPanicOfAMemberEndsTheProcess(t *testing.T) {
	if os.Getenv("PAWL_TEST_PANIC") != "" {
		broken := rollout.StrategyFunc(func(rollout.State) (rollout.Plan, error) { panic("broken strategy") })
		_, _ = rollout.Fleet{KeepGoing: true}.Run(t.Context(), seconds(3600)[0], rollout.Member{
			Run: func(ctx context.Context) (rollout.Status, error) {
				return new(rollout.Engine).Run(ctx, &workload{}, broken)
			},
		})
		return
	}
	command := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$")
	command.Env = append(os.Environ(), "PAWL_TEST_PANIC=1")
	out, err := command.CombinedOutput()
	if err == nil || !strings.Contains(string(out), "panic: broken strategy") {
		t.Errorf("%v:\n%s", err, out)
	}
}

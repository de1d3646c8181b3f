package rollout_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gopawl/pawl/rollout"
)

// In a synctest bubble time is virtual, and a goroutine that Run leaves behind fails the test.

func TestRunReturnsNilOnlyWhenComplete(t *testing.T) {
	for phase, complete := range map[rollout.Phase]bool{rollout.Complete: true, rollout.Failed: false, rollout.RolledBack: false} {
		w := &watcher{workload: &workload{}}
		synctest.Test(t, func(t *testing.T) {
			status, err := new(rollout.Engine).Run(t.Context(), w, always(rollout.Plan{Phase: phase, Message: "why"}))
			var failed *rollout.FailedError
			switch {
			case status.Phase != phase:
				t.Errorf("%+v", status)
			case complete && err != nil:
				t.Error(err)
			case !complete && (!errors.As(err, &failed) || failed.Status != status || err.Error() != "rollout "+string(phase)+": why"):
				t.Error(err)
			}
		})
	}
}

func TestRunPolls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		s := inTurn(steps(), steps(), complete)
		if _, err := (&rollout.Engine{Poll: 7 * time.Second}).Run(t.Context(), &workload{}, s); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(begin); took != 14*time.Second {
			t.Errorf("took %v", took)
		}
	})
}

func TestRunIsWokenByChanges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &watcher{workload: &workload{}, changes: make(chan struct{})}
		begin := time.Now()
		go func() {
			time.Sleep(time.Second)
			w.changes <- struct{}{}
			time.Sleep(2 * time.Second)
			w.changes <- struct{}{}
		}()
		if _, err := new(rollout.Engine).Run(t.Context(), w, inTurn(steps(), steps(), complete)); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(begin); took != 3*time.Second {
			t.Errorf("took %v", took)
		}
	})
}

func TestRunPollsWhenTheWatchEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &watcher{workload: &workload{}, changes: make(chan struct{})}
		close(w.changes)
		begin := time.Now()
		if _, err := new(rollout.Engine).Run(t.Context(), w, inTurn(steps(), steps(), steps(), complete)); err != nil {
			t.Fatal(err)
		}
		// The end of the watch counts as one change; after it there are two polls.
		if took := time.Since(begin); took != 20*time.Second || w.looks != 4 {
			t.Errorf("took %v and %d looks", took, w.looks)
		}
	})
}

func TestRunLeavesNothingRunning(t *testing.T) {
	for _, plan := range []rollout.Plan{complete, {Phase: rollout.Failed}} {
		synctest.Test(t, func(t *testing.T) {
			w := &watcher{workload: &workload{}}
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			_, _ = new(rollout.Engine).Run(ctx, w, inTurn(steps(), plan))
			synctest.Wait()
			if w.running.Load() {
				t.Errorf("%s: the watch goes on", plan.Phase)
			}
		})
	}
}

func TestRunNeedsItsWatch(t *testing.T) {
	w := &watcher{workload: &workload{}, err: errTest}
	if _, err := new(rollout.Engine).Run(t.Context(), w, always(complete)); !errors.Is(err, errTest) || err.Error() != "watch: test" {
		t.Error(err)
	}
}

// transientTimes fails the first n looks.
func transientTimes(n int, after time.Duration) func(int) error {
	return func(look int) error {
		if look > n {
			return nil
		}
		return &rollout.TransientError{Err: errTest, After: after}
	}
}

func TestRunRetriesWhatIsTransient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &watcher{workload: &workload{observe: transientTimes(4, 0)}}
		var attempts []int
		var waits []time.Duration
		e := &rollout.Engine{Trace: rollout.Trace{Retrying: func(err error, n int, after time.Duration) {
			if !errors.Is(err, errTest) {
				t.Error(err)
			}
			attempts, waits = append(attempts, n), append(waits, after)
		}}}
		begin := time.Now()
		if _, err := e.Run(t.Context(), w, always(complete)); err != nil {
			t.Fatal(err)
		}
		var sum time.Duration
		for i, d := range waits {
			if attempts[i] != i+1 || d <= 0 {
				t.Errorf("attempts %v after %v", attempts, waits)
			}
			sum += d
		}
		if len(waits) != 4 || time.Since(begin) != sum || waits[3] <= waits[0] {
			t.Errorf("waited %v, took %v", waits, time.Since(begin))
		}
	})
}

func TestRunHonoursRetryAfter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		w := &workload{observe: transientTimes(1, 42*time.Second)}
		if _, err := new(rollout.Engine).Run(t.Context(), w, always(complete)); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(begin); took != 42*time.Second {
			t.Errorf("took %v", took)
		}
	})
}

func TestRunGivesUpAfterItsPatience(t *testing.T) {
	for patience, want := range map[time.Duration]time.Duration{0: 5 * time.Minute, time.Minute: time.Minute, time.Hour: time.Hour} {
		synctest.Test(t, func(t *testing.T) {
			begin := time.Now()
			w := &watcher{workload: &workload{observe: transientTimes(1000, 0)}}
			e := &rollout.Engine{Patience: patience, Trace: rollout.Trace{Retrying: func(_ error, n int, after time.Duration) {
				if after <= 0 || after > 45*time.Second { // 30 seconds, and a random half of that
					t.Errorf("attempt %d: waits %v", n, after)
				}
			}}}
			_, err := e.Run(t.Context(), w, always(complete))
			var gaveUp *rollout.GaveUpError
			if !errors.As(err, &gaveUp) || !errors.Is(err, errTest) {
				t.Fatal(err)
			}
			took := time.Since(begin)
			if took > want || took < want-time.Minute || gaveUp.Elapsed != took || gaveUp.Attempts != w.looks || gaveUp.Attempts < 3 {
				t.Errorf("took %v: %+v after %d looks", took, gaveUp, w.looks)
			}
		})
	}
}

func TestPatienceStartsAnewAfterSuccess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &workload{observe: func(look int) error {
			if look%2 == 1 {
				return &rollout.TransientError{Err: errTest, After: 40 * time.Second}
			}
			return nil
		}}
		plans := []rollout.Plan{steps(), steps(), steps(), complete}
		e := &rollout.Engine{Patience: time.Minute, Trace: rollout.Trace{Retrying: func(_ error, n int, _ time.Duration) {
			if n != 1 {
				t.Errorf("attempt %d", n)
			}
		}}}
		if _, err := e.Run(t.Context(), w, inTurn(plans...)); err != nil {
			t.Error(err)
		}
	})
}

func TestRunEndsAtOnceWithOtherErrors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		w := &watcher{workload: &workload{apply: failOn("a", errTest)}}
		status, err := new(rollout.Engine).Run(t.Context(), w, always(steps("a")))
		if !errors.Is(err, errTest) || time.Since(begin) != 0 || w.looks != 1 || status.Phase != rollout.Progressing {
			t.Errorf("%+v, %v after %v and %d looks", status, err, time.Since(begin), w.looks)
		}
	})
}

// stubborn says of itself that it is not transient.
type stubborn struct{ error }

func (stubborn) Transient() bool { return false }

func TestTransientIsWhatSaysSo(t *testing.T) {
	w := &workload{observe: func(int) error { return stubborn{errTest} }}
	if _, err := new(rollout.Engine).Run(t.Context(), w, always(complete)); err == nil || w.looks != 1 {
		t.Errorf("%v after %d looks", err, w.looks)
	}
}

func TestRunEndsWithItsContext(t *testing.T) {
	for name, c := range map[string]struct {
		workload *workload
		strategy rollout.Strategy
	}{
		"between looks":   {&workload{}, always(steps())},
		"between retries": {&workload{observe: transientTimes(1000, time.Minute)}, always(steps())},
		"after conflicts": {&workload{apply: failOn("a", rollout.ErrConflict)}, always(steps("a"))},
		"at a gate":       {&workload{state: rollout.State{Verdicts: map[string]rollout.Verdict{"g": {Retry: time.Hour}}}}, always(gated(steps("a"), "g"))},
	} {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 3500*time.Millisecond)
			defer cancel()
			begin := time.Now()
			_, err := new(rollout.Engine).Run(ctx, &watcher{workload: c.workload}, c.strategy)
			if !errors.Is(err, context.DeadlineExceeded) || time.Since(begin) != 3500*time.Millisecond {
				t.Errorf("%s: %v after %v", name, err, time.Since(begin))
			}
		})
	}
}

func TestRunDoesNothingInAnEndedContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	w := &workload{}
	if _, err := new(rollout.Engine).Run(ctx, w, always(steps("a"))); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	wantApplied(t, w)
}

func TestRunRemembersWhereNobodySaves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		var seen []rollout.Status
		s := rollout.StrategyFunc(func(s rollout.State) (rollout.Plan, error) {
			seen = append(seen, s.Last)
			if len(seen) == 3 {
				return complete, nil
			}
			return steps(), nil
		})
		if _, err := new(rollout.Engine).Run(t.Context(), &workload{}, s); err != nil {
			t.Fatal(err)
		}
		if seen[0] != (rollout.Status{}) || !seen[2].Progressed.Equal(begin) || seen[2].Message != "under way" {
			t.Errorf("%+v", seen)
		}
	})
}

func TestRunKeepsTheLastStatusAtAnError(t *testing.T) {
	w := &workload{observe: func(look int) error {
		if look == 2 {
			return errTest
		}
		return nil
	}}
	synctest.Test(t, func(t *testing.T) {
		status, err := new(rollout.Engine).Run(t.Context(), w, always(steps()))
		if !errors.Is(err, errTest) || status.Message != "under way" {
			t.Errorf("%+v, %v", status, err)
		}
	})
}

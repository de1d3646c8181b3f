package rollout_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gopawl/pawl/rollout"
)

// telling is a trace that writes down what it is told.
func telling(to *[]string, who string) rollout.Trace {
	tell := func(format string, args ...any) { *to = append(*to, who+fmt.Sprintf(format, args...)) }
	return rollout.Trace{
		Observed:   func(rollout.State) { tell("observed") },
		Planned:    func(_ rollout.State, p rollout.Plan) { tell("planned %d", len(p.Steps)) },
		Asked:      func(gate string, v rollout.Verdict, err error) { tell("asked %s: %v, %v", gate, v.Answer, err) },
		Applying:   func(s rollout.Step) { tell("applying %v", s.Action) },
		Applied:    func(s rollout.Step, err error) { tell("applied %v: %v", s.Action, err) },
		Reconciled: func(s rollout.Status, err error) { tell("reconciled %s: %v", s.Phase, err) },
		Waiting:    func(s rollout.Status) { tell("waiting %v", s.RequeueAfter) },
		Retrying:   func(err error, n int, _ time.Duration) { tell("retrying %d: %v", n, err) },
	}
}

// eventful is a run in which everything happens that a trace is told.
func eventful(t *testing.T, trace rollout.Trace) {
	t.Helper()
	e := &rollout.Engine{Trace: trace, Gates: map[string]rollout.Gate{"g": &oracle{verdict: rollout.Verdict{Answer: rollout.Open, Message: "go"}}}}
	first := &rollout.TransientError{Err: errTest, After: time.Minute}
	w := &workload{apply: func(rollout.Action) error {
		if err := first; err != nil {
			first = nil
			return err
		}
		return nil
	}}
	s := inTurn(steps("a"), gated(steps("a"), "g"), gated(steps("a"), "g"), complete)
	synctest.Test(t, func(t *testing.T) {
		if _, err := e.Run(t.Context(), w, s); err != nil {
			t.Error(err)
		}
	})
}

func TestTraceTellsInOrder(t *testing.T) {
	var told []string
	eventful(t, telling(&told, ""))
	want := []string{
		"observed", "planned 1", "applying settle a", "applied settle a: test",
		"reconciled Progressing: settle a: test", "retrying 1: settle a: test",
		"observed", "planned 1", "asked g: open, <nil>", "planned 1", "applying settle a", "applied settle a: <nil>",
		"reconciled Progressing: <nil>", "waiting 10s",
		"observed", "planned 0", "reconciled Complete: <nil>",
	}
	if diff := cmp.Diff(want, told); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestTeeTellsEveryone(t *testing.T) {
	var one, both []string
	eventful(t, telling(&one, ""))
	eventful(t, rollout.Tee(telling(&both, "1 "), rollout.Trace{}, rollout.Tee(), telling(&both, "2 ")))
	if len(both) != 2*len(one) {
		t.Fatalf("told %d times, want %d", len(both), 2*len(one))
	}
	for i, said := range one {
		if both[2*i] != "1 "+said || both[2*i+1] != "2 "+said {
			t.Errorf("%q and %q, want %q", both[2*i], both[2*i+1], said)
		}
	}
}

func TestNilTraceIsSilent(t *testing.T) {
	eventful(t, rollout.Trace{})
}

func TestSlog(t *testing.T) {
	var out bytes.Buffer
	h := slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug, ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}})
	eventful(t, rollout.Slog(slog.New(h)))
	want := `level=DEBUG msg=planned phase=Progressing steps=1 message="under way"
level=WARN msg=applied action="settle a" why=because err=test
level=WARN msg=reconciled phase=Progressing message="under way" updated=0 available=0 replicas=0 writes=0 err="settle a: test"
level=WARN msg=retrying attempt=1 after=1m0s err="settle a: test"
level=DEBUG msg=planned phase=Progressing steps=1 message="under way"
level=DEBUG msg=asked gate=g answer=open message=go err=<nil>
level=DEBUG msg=planned phase=Progressing steps=1 message="under way"
level=INFO msg=applied action="settle a" why=because err=<nil>
level=INFO msg=reconciled phase=Progressing message="under way" updated=0 available=0 replicas=0 writes=1 err=<nil>
level=DEBUG msg=planned phase=Complete steps=0 message=done
level=INFO msg=reconciled phase=Complete message=done updated=0 available=0 replicas=0 writes=0 err=<nil>
`
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestSlogTakesTheDefaultLogger(t *testing.T) {
	var out bytes.Buffer
	before := slog.Default()
	defer slog.SetDefault(before)
	slog.SetDefault(slog.New(slog.NewTextHandler(&out, nil)))
	e := rollout.Engine{Trace: rollout.Slog(nil)}
	if _, err := e.Reconcile(context.Background(), &workload{}, always(complete)); err != nil || out.Len() == 0 {
		t.Errorf("%v, logged %q", err, out.String())
	}
}

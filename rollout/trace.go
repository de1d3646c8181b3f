package rollout

import (
	"context"
	"log/slog"
	"time"
)

// Trace is told what an [Engine] does. Every field may be nil. The functions are called in the
// engine's own goroutine and must not keep or change what they are given.
type Trace struct {
	Observed   func(State)
	Planned    func(State, Plan)
	Asked      func(gate string, v Verdict, err error)
	Applying   func(Step)
	Applied    func(Step, error)
	Reconciled func(Status, error)
	Waiting    func(Status)                                      // Run waits for a change or for Status.RequeueAfter
	Retrying   func(err error, attempt int, after time.Duration) // Run tries again
}

func (t Trace) observed(s State) {
	if t.Observed != nil {
		t.Observed(s)
	}
}

func (t Trace) planned(s State, p Plan) {
	if t.Planned != nil {
		t.Planned(s, p)
	}
}

func (t Trace) asked(gate string, v Verdict, err error) {
	if t.Asked != nil {
		t.Asked(gate, v, err)
	}
}

func (t Trace) applying(s Step) {
	if t.Applying != nil {
		t.Applying(s)
	}
}

func (t Trace) applied(s Step, err error) {
	if t.Applied != nil {
		t.Applied(s, err)
	}
}

func (t Trace) reconciled(s Status, err error) {
	if t.Reconciled != nil {
		t.Reconciled(s, err)
	}
}

func (t Trace) waiting(s Status) {
	if t.Waiting != nil {
		t.Waiting(s)
	}
}

func (t Trace) retrying(err error, attempt int, after time.Duration) {
	if t.Retrying != nil {
		t.Retrying(err, attempt, after)
	}
}

// Tee tells each of the traces, in order.
func Tee(traces ...Trace) Trace {
	each := func(tell func(Trace)) {
		for _, t := range traces {
			tell(t)
		}
	}
	return Trace{
		Observed:   func(s State) { each(func(t Trace) { t.observed(s) }) },
		Planned:    func(s State, p Plan) { each(func(t Trace) { t.planned(s, p) }) },
		Asked:      func(g string, v Verdict, err error) { each(func(t Trace) { t.asked(g, v, err) }) },
		Applying:   func(s Step) { each(func(t Trace) { t.applying(s) }) },
		Applied:    func(s Step, err error) { each(func(t Trace) { t.applied(s, err) }) },
		Reconciled: func(s Status, err error) { each(func(t Trace) { t.reconciled(s, err) }) },
		Waiting:    func(s Status) { each(func(t Trace) { t.waiting(s) }) },
		Retrying:   func(err error, n int, d time.Duration) { each(func(t Trace) { t.retrying(err, n, d) }) },
	}
}

// Slog logs writes and outcomes at level Info, failures at Warn, plans and verdicts at Debug.
// A nil logger is [slog.Default].
func Slog(l *slog.Logger) Trace {
	if l == nil {
		l = slog.Default()
	}
	return Trace{
		Planned: func(_ State, p Plan) {
			l.Debug("planned", "phase", p.Phase, "steps", len(p.Steps), "message", p.Message)
		},
		Asked: func(gate string, v Verdict, err error) {
			l.Debug("asked", "gate", gate, "answer", v.Answer, "message", v.Message, "err", err)
		},
		Applied: func(s Step, err error) {
			l.Log(context.Background(), level(err), "applied", "action", s.Action.String(), "why", s.Why, "err", err)
		},
		Reconciled: func(s Status, err error) {
			l.Log(context.Background(), level(err), "reconciled", "phase", s.Phase, "message", s.Message,
				"updated", s.Updated, "available", s.Available, "replicas", s.Replicas, "writes", s.Writes, "err", err)
		},
		Retrying: func(err error, attempt int, after time.Duration) {
			l.Warn("retrying", "attempt", attempt, "after", after, "err", err)
		},
	}
}

func level(err error) slog.Level {
	if err != nil {
		return slog.LevelWarn
	}
	return slog.LevelInfo
}

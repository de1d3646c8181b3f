package rollout

import (
	"context"
	"time"
)

// Gate decides whether a step may be taken: an approval, a time window, an analysis. It is
// asked only when the step is next, and again at every look until it is open.
type Gate interface {
	// Check never blocks: where the answer needs time it starts what is needed, answers
	// Pending, and keeps its own record in the cluster. It is idempotent per template.
	Check(context.Context, State) (Verdict, error)
}

// GateFunc makes a function a [Gate].
type GateFunc func(context.Context, State) (Verdict, error)

// Check calls f.
func (f GateFunc) Check(ctx context.Context, s State) (Verdict, error) { return f(ctx, s) }

// Verdict is a gate's answer.
type Verdict struct {
	Answer  Answer
	Message string        // why, for a person
	Retry   time.Duration // when to ask again; 0 is at the next look
}

// Answer is the verdict in one word.
type Answer int

// The answers. The zero value lets nothing through.
const (
	Pending Answer = iota // not yet
	Open                  // go on
	Shut                  // never for this template
)

func (a Answer) String() string {
	switch a {
	case Pending:
		return "pending"
	case Open:
		return "open"
	case Shut:
		return "shut"
	}
	return "unknown"
}

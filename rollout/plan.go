package rollout

import "time"

// Strategy decides how to come from a state to the wanted one. It keeps the four laws of the
// package documentation.
type Strategy interface {
	// Plan returns the steps to take now, in order. An error means that the state or the
	// strategy's own settings cannot be worked with ([*InvalidError]); it is never an outcome.
	Plan(State) (Plan, error)
}

// StrategyFunc makes a function a [Strategy].
type StrategyFunc func(State) (Plan, error)

// Plan calls f.
func (f StrategyFunc) Plan(s State) (Plan, error) { return f(s) }

// Plan is what a [Strategy] wants done, and what it thinks of the state.
type Plan struct {
	// Steps are to be taken in order; any prefix is safe.
	Steps []Step
	// Phase is where the rollout stands before the steps.
	Phase Phase
	// Message says why the rollout is not over, or that it is.
	Message string
	// Wake is when to plan again though nothing changes; zero is never.
	Wake time.Time
}

// Step is one action with its reason.
type Step struct {
	Action Action
	// Why is the reason, for a person.
	Why string
	// Gate names the gate that must be open before the step is taken; "" is none.
	Gate string
}

// Phase is where a rollout stands.
type Phase string

// The phases. The last three end a rollout; only a change of what is wanted starts another.
const (
	Progressing Phase = "Progressing" // under way
	Waiting     Phase = "Waiting"     // for a gate, or for a time to pass
	Paused      Phase = "Paused"      // held by the owner
	Complete    Phase = "Complete"    // as wanted, and nothing else is left
	Failed      Phase = "Failed"      // given up; what serves still serves
	RolledBack  Phase = "RolledBack"  // given up, and back at the revision before
)

// Over reports whether the phase ends a rollout.
func (p Phase) Over() bool { return p == Complete || p == Failed || p == RolledBack }

// Status is the outcome of one [Engine.Reconcile]. The embedder saves it, in JSON if it likes; its
// loss costs time, never safety.
type Status struct {
	Phase   Phase  `json:"phase,omitempty"`
	Message string `json:"message,omitempty"`
	// Template and Replicas are what was wanted.
	Template string `json:"template,omitempty"`
	Replicas int32  `json:"replicas"`
	Counts
	// Progressed is when the rollout last came forward, the base of deadlines. It moves along
	// while the rollout is paused or waits at a gate, so that such time does not count.
	Progressed time.Time `json:"progressed,omitzero"`
	// Writes is how many actions were carried out by this call. It is not for keeping.
	Writes int `json:"-"`
	// RequeueAfter is when to call again though nothing changes; 0 is on a change only. It is
	// not for keeping.
	RequeueAfter time.Duration `json:"-"`
}

// Same reports whether two outcomes say the same of the rollout. It leaves out Writes and
// RequeueAfter, which are of one call, and Progressed where it only moves along.
func (s Status) Same(o Status) bool {
	held := s.held() && o.held()
	s.Writes, s.RequeueAfter, o.Writes, o.RequeueAfter = 0, 0, 0, 0
	if held || s.Progressed.Equal(o.Progressed) {
		s.Progressed, o.Progressed = time.Time{}, time.Time{}
	}
	return s == o
}

func (s Status) held() bool { return s.Phase == Paused || s.Phase == Waiting }

// progressed is the Progressed stamp of an outcome that follows last at the moment now.
// The rule is that of the Deployment controller: more updated, ready or available replicas or
// fewer old ones are progress; so are a write and a change of what is wanted. Time that was held
// does not count, though it is not saved while it passes.
func (s Status) progressed(last Status, now time.Time) time.Time {
	switch {
	case last.Progressed.IsZero(), last.Progressed.After(now), s.held(), last.held(),
		s.Writes > 0, s.Template != last.Template, s.Replicas != last.Replicas,
		s.Updated > last.Updated, s.Total-s.Updated < last.Total-last.Updated,
		s.Ready > last.Ready, s.Available > last.Available:
		return now
	}
	return last.Progressed
}

// Progressed is the base of deadlines: when the rollout last came forward, as far as the previous
// outcome says, or now where it has come forward since or wants something else.
func (s State) Progressed() time.Time {
	return Status{Template: s.Template, Replicas: s.Replicas, Counts: s.Counts()}.progressed(s.Last, s.Now)
}

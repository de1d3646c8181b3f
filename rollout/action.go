package rollout

import "fmt"

// Action is one change of a [Workload]: printable, comparable, and nothing but data. The
// actions below are those that this module's workloads know. A strategy and a workload of
// yours may share more; whoever does not know an action answers [ErrUnsupported].
type Action interface{ fmt.Stringer }

// Create makes a revision of a template, with its size. It becomes the newest.
type Create struct {
	Template string
	Replicas int32
	Basis    Basis
}

// Adopt makes an existing revision the newest: its number becomes the next one, and it is not settled
// until a rollout to it completes again.
type Adopt struct{ Name string }

// Scale changes the size of a revision. From is the size that it must have now, or the answer
// is [ErrConflict]. From == To brings the Basis and other metadata up to date.
type Scale struct {
	Name     string
	From, To int32
	Basis    Basis
}

// Switch points a route at the revision of a template and stamps the time, in one write.
type Switch struct{ Route, To string }

// Settle marks a revision as one that a rollout completed on: stable, a target to go back to.
type Settle struct{ Name string }

// Reject gives a template up, durably, with the reason and, where that is known, the template to go
// back to. It stamps the time.
type Reject struct{ Template, Why, BackTo string }

// Delete removes an empty revision.
type Delete struct{ Name string }

func (a Create) String() string {
	return fmt.Sprintf("create %s with %d", a.Template, a.Replicas)
}

func (a Scale) String() string {
	if a.From == a.To {
		return fmt.Sprintf("refresh %s at %d", a.Name, a.To)
	}
	return fmt.Sprintf("scale %s from %d to %d", a.Name, a.From, a.To)
}

func (a Adopt) String() string  { return "adopt " + a.Name }
func (a Switch) String() string { return fmt.Sprintf("switch %s to %s", a.Route, a.To) }
func (a Settle) String() string { return "settle " + a.Name }
func (a Delete) String() string { return "delete " + a.Name }

func (a Reject) String() string {
	if a.BackTo != "" {
		return fmt.Sprintf("reject %s, back to %s: %s", a.Template, a.BackTo, a.Why)
	}
	return fmt.Sprintf("reject %s: %s", a.Template, a.Why)
}

// RevisionOf returns the name of the existing revision that one of the actions above is about. It is
// "" for one that is about no existing revision, and for an action of yours.
func RevisionOf(a Action) string {
	switch a := a.(type) {
	case Adopt:
		return a.Name
	case Scale:
		return a.Name
	case Settle:
		return a.Name
	case Delete:
		return a.Name
	}
	return ""
}

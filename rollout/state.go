package rollout

import (
	"cmp"
	"slices"
	"time"
)

// State is what a [Workload] sees at one moment, and all that a [Strategy] may know.
// Strategies must not change the slices and maps it holds.
type State struct {
	// Now is when the state was observed: a Strategy's only clock. A stamp that lies in the
	// future counts as Now.
	Now time.Time
	// Replicas is how many replicas are wanted.
	Replicas int32
	// Template is the identity of the wanted template.
	Template string
	// Paused holds every size where it is, but for a change of Replicas.
	Paused bool
	// Revisions are the versions that exist, by Number and then by Name.
	Revisions []Revision
	// Routes are the ways by which traffic reaches revisions.
	Routes []Route
	// Rejected are the templates that were given up.
	Rejected map[string]Rejection
	// Verdicts are the answers of the gates asked so far, by name.
	Verdicts map[string]Verdict
	// Last is the previous outcome. It may have been lost: the zero value is always valid.
	Last Status
}

// Revision is one version of the workload: a ReplicaSet, a ReplicationController, a resource
// of yours.
type Revision struct {
	// Name is unique within the workload.
	Name string
	// Template is the identity of its template, stamped at creation and never recomputed.
	Template string
	// Label is the opaque value by which selectors and routes tell the revision apart.
	Label string
	// Number orders revisions; the newest has the highest. A workload numbers what it creates
	// or adopts, from 1; 0 is not numbered yet.
	Number int64

	// Replicas is the size asked for.
	Replicas int32
	// Actual is the number of replicas that exist and are not terminating.
	Actual int32
	// Ready is the number of those that are ready.
	Ready int32
	// Available is the number of those that have been ready for long enough.
	Available int32
	// Terminating is the number of replicas that are on their way out; Actual leaves them out.
	Terminating int32
	// Observed says that the counts are of the size asked for last.
	Observed bool
	// Outdated says that metadata which belongs to the revision but not to its template
	// (annotations, the time until a ready replica counts as available) is not what is
	// wanted. A [Scale] to the size it has puts that right.
	Outdated bool

	// ReadySince is when the last of its ready replicas became ready; zero where that is unknown.
	ReadySince time.Time

	// Basis is what its size was worked out from, stamped with the size.
	Basis Basis
	// Problems say why replicas do not become available.
	Problems []Problem
	// Facts are counts from the author of the Workload, by a name of his own: replicas in a
	// zone, replicas in use. This package never reads them.
	Facts map[string]int64

	// Created is when the revision came into being, Scaled when its size was last asked for,
	// Settled when a rollout to it last completed; each is stamped by the write it dates.
	Created, Scaled, Settled time.Time
}

// Basis is what the size of a revision was worked out from: Kubernetes' annotations
// desired-replicas and max-replicas.
type Basis struct {
	Desired int32 // the replicas wanted then
	Max     int32 // the ceiling then
}

// Rejection is why a template was given up: what a [Reject] wrote.
type Rejection struct {
	// Why is the reason, for a person.
	Why string `json:"why"`
	// BackTo is the template to go back to; "" is none, or none yet.
	BackTo string `json:"backTo,omitempty"`
	// At is when it was given up, stamped by that write.
	At time.Time `json:"at,omitzero"`
}

// Problem is one reason why a replica does not become available.
type Problem struct {
	Class     Class     // what is wrong, in the sense of what can be done about it
	Replica   string    // name of the replica, "" where no replica came to be
	Container string    // the container at fault, "" where it is the replica itself
	Reason    string    // one word, as Kubernetes gives it: ImagePullBackOff, Unschedulable
	Message   string    // the reporter's own words
	Since     time.Time // zero where unknown
}

// Class is a kind of [Problem].
type Class string

// The classes. The zero value is none of them.
const (
	ClassImage    Class = "image"         // it cannot be had, or is not one
	ClassConfig   Class = "config"        // something that the replica refers to is missing or wrong
	ClassCrash    Class = "crash"         // a container ends again and again
	ClassMemory   Class = "out of memory" // a container was ended for want of memory
	ClassSchedule Class = "unschedulable" // no node takes it
	ClassRefused  Class = "refused"       // a quota or an admission policy lets no replica be made
	ClassProbe    Class = "probe"         // it runs and does not become ready
	ClassNode     Class = "node"          // its node is lost, or is not well
)

// Route is a way by which traffic reaches one revision: a Service whose selector follows it.
type Route struct {
	Name string
	// To is the identity of the template behind it; "" is pinned to none.
	To string
	// Since is when the selector was switched, stamped by that write; zero where it was not
	// switched by this module.
	Since time.Time
	// Serving counts the ready endpoints of To, Stale those of anything else.
	Serving, Stale int32
}

// New returns the revision that carries the wanted template. Where several do, the oldest
// wins, as in Kubernetes; the others are old.
func (s State) New() (Revision, bool) {
	found, ok := Revision{}, false
	for _, r := range s.Revisions {
		if r.Template == s.Template && (!ok || byAge(r, found) < 0) {
			found, ok = r, true
		}
	}
	return found, ok
}

// Old returns every revision but the new one, oldest first.
func (s State) Old() []Revision {
	current, ok := s.New()
	old := make([]Revision, 0, len(s.Revisions))
	for _, r := range s.Revisions {
		if !ok || r.Name != current.Name {
			old = append(old, r)
		}
	}
	slices.SortStableFunc(old, byAge)
	return old
}

func byAge(a, b Revision) int {
	return cmp.Or(a.Created.Compare(b.Created), cmp.Compare(a.Name, b.Name))
}

// LastSettled returns the revision that a rollout completed on last, by time and then by number, of
// those with another template than the wanted one and not given up.
func (s State) LastSettled() (found Revision, ok bool) {
	for _, r := range s.Old() {
		_, rejected := s.Rejected[r.Template]
		if r.Settled.IsZero() || r.Template == s.Template || rejected {
			continue
		}
		if !ok || cmp.Or(r.SettledBy(s.Now).Compare(found.SettledBy(s.Now)), cmp.Compare(r.Number, found.Number)) >= 0 {
			found, ok = r, true
		}
	}
	return found, ok
}

// SettledBy is Settled, or now where that lies in the future.
func (r Revision) SettledBy(now time.Time) time.Time {
	if r.Settled.After(now) {
		return now
	}
	return r.Settled
}

// Counts are replicas by what they are good for.
type Counts struct {
	Total       int32 `json:"total"`       // exist and are not terminating
	Updated     int32 `json:"updated"`     // of those, carry the wanted template
	Ready       int32 `json:"ready"`       // of Total, ready
	Available   int32 `json:"available"`   // of Total, ready for long enough
	Terminating int32 `json:"terminating"` // on their way out, not in Total
}

// Counts adds up the replicas of all revisions.
func (s State) Counts() Counts {
	var c Counts
	for _, r := range s.Revisions {
		c.Total += r.Actual
		c.Ready += r.Ready
		c.Available += r.Available
		c.Terminating += r.Terminating
	}
	if current, ok := s.New(); ok {
		c.Updated = current.Actual
	}
	return c
}

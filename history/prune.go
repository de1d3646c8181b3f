package history

import (
	"cmp"
	"slices"

	"github.com/gopawl/pawl/rollout"
)

// Prune returns the old revisions to delete, in order.
//
// The limit old revisions with the highest numbers always stay; the largest int32 keeps all, as
// in Kubernetes. The others go, lowest number first and then by age and name, but not
//
//   - one that has replicas, is to have some, has some that terminate, or whose counts are not
//     of the size asked for last;
//   - one that a route points to, or that a rejected rollout goes back to;
//   - the one that [History.LastSettled] goes back to: so a limit of 0, too, leaves a way back
//     where there is one. Until the rollout away from it completes this holds for the one before
//     it as well, or a failure would cost that one its predecessor;
//   - before any rollout has completed, one whose template is not known: somebody else made it,
//     and it may be what worked.
//
// What stays for such a reason is not made up for by a younger one, as in Kubernetes
// (cleanupDeployment): a busy revision must not cost another that is within the limit. It goes
// when the reason has gone.
//
// The new revision is never among them. A negative limit is a [*rollout.InvalidError].
func Prune(s rollout.State, limit int32) ([]rollout.Revision, error) {
	surplus, err := surplus(s, limit)
	return slices.DeleteFunc(surplus, leaving), err
}

// surplus are the revisions to delete once their last replicas have gone.
func surplus(s rollout.State, limit int32) ([]rollout.Revision, error) {
	if limit < 0 {
		return nil, &rollout.InvalidError{Path: "revisionHistoryLimit", Value: limit, Allowed: "0 or more"}
	}
	old := s.Old()
	slices.SortStableFunc(old, byNumber)
	beyond := old[:max(0, len(old)-int(limit))]
	kept := waysBack(s)
	worked := slices.ContainsFunc(s.Revisions, func(r rollout.Revision) bool { return !r.Settled.IsZero() })
	return slices.DeleteFunc(beyond, func(r rollout.Revision) bool {
		return r.Replicas > 0 || routed(s.Routes, r) || r.Template != "" && r.Template == s.Rejected[s.Template].BackTo || slices.Contains(kept, r.Name) || !worked && r.Template == ""
	}), nil
}

// waysBack are the names of the one or two revisions that are kept to go back to.
func waysBack(s rollout.State) []string {
	last, ok := s.LastSettled()
	if !ok {
		return nil
	}
	names := []string{last.Name}
	if current, found := s.New(); found && cmp.Or(current.SettledBy(s.Now).Compare(last.SettledBy(s.Now)), byNumber(current, last)) >= 0 {
		return names
	}
	s.Template = last.Template
	if before, ok := s.LastSettled(); ok {
		names = append(names, before.Name)
	}
	return names
}

// leaving reports whether a revision without size has, or may have, replicas all the same.
func leaving(r rollout.Revision) bool {
	return !r.Observed || r.Actual > 0 || r.Terminating > 0
}

func routed(routes []rollout.Route, r rollout.Revision) bool {
	return slices.ContainsFunc(routes, func(route rollout.Route) bool { return route.To == r.Template })
}

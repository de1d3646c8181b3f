package kubetest

import (
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// graph is who depends on whom.
type graph struct {
	objects    []*record
	byUID      map[types.UID]*record
	dependents map[types.UID][]*record
}

func (s *session) graph() (*graph, error) {
	g := &graph{byUID: map[types.UID]*record{}, dependents: map[types.UID][]*record{}}
	for _, res := range s.catalog.all {
		records, err := s.list(res, "")
		if err != nil {
			return nil, err
		}
		g.objects = append(g.objects, records...)
	}
	for _, r := range g.objects {
		g.byUID[r.GetUID()] = r
		for _, ref := range r.GetOwnerReferences() {
			g.dependents[ref.UID] = append(g.dependents[ref.UID], r)
		}
	}
	return g, nil
}

// collectGarbage is the garbage collector: it deletes what all owners have left, and carries
// out the propagation policies of deletions. It also deletes old events.
func (s *session) collectGarbage() (due time.Time, err error) {
	g, err := s.graph()
	if err != nil {
		return due, err
	}
	for _, r := range g.objects {
		if err := s.tend(g, r); err != nil {
			return due, err
		}
	}
	return s.expireEvents()
}

// tend does what is to be done with one object. One that this pass has already changed has
// its turn in the next.
func (s *session) tend(g *graph, r *record) error {
	deleting := r.GetDeletionTimestamp() != nil
	if !deleting && len(r.GetOwnerReferences()) == 0 {
		return nil
	}
	if same, err := s.unchanged(r); !same || err != nil {
		return err
	}
	if deleting {
		return s.propagate(g, r)
	}
	return s.collect(g, r)
}

// owners sorts an object's owners into those that are there, those that only wait for their
// dependents to go, and those that are gone. An owner of a kind that the cluster does not know
// counts as being there.
func (s *session) owners(g *graph, r *record) (solid, waiting, gone []types.UID) {
	for _, ref := range r.GetOwnerReferences() {
		owner := g.byUID[ref.UID]
		switch {
		case s.catalog.kind(ref.APIVersion, ref.Kind) == nil:
			solid = append(solid, ref.UID)
		case owner == nil || !owner.res.ClusterScoped && owner.GetNamespace() != r.GetNamespace():
			gone = append(gone, ref.UID)
		case waitsForDependents(owner):
			waiting = append(waiting, ref.UID)
		default:
			solid = append(solid, ref.UID)
		}
	}
	return solid, waiting, gone
}

func waitsForDependents(r *record) bool {
	return r.GetDeletionTimestamp() != nil && slices.Contains(r.GetFinalizers(), metav1.FinalizerDeleteDependents)
}

// collect deletes an object without a solid owner, or takes the others from its owners.
func (s *session) collect(g *graph, r *record) error {
	solid, waiting, gone := s.owners(g, r)
	if len(solid) > 0 {
		return s.disown(r, append(waiting, gone...))
	}
	policy := metav1.DeletePropagationBackground
	if len(waiting) > 0 && len(g.dependents[r.GetUID()]) > 0 {
		policy = metav1.DeletePropagationForeground
	}
	if slices.Contains(r.GetFinalizers(), metav1.FinalizerOrphanDependents) {
		policy = metav1.DeletePropagationOrphan
	}
	_, _, err := s.erase(r, &metav1.DeleteOptions{PropagationPolicy: &policy})
	return err
}

// disown removes owner references.
func (s *session) disown(r *record, owners []types.UID) error {
	if len(owners) == 0 {
		return nil
	}
	o := r.edit()
	o.dropOwners(owners...)
	_, err := s.keep(r, o)
	return err
}

// propagate does what the finalizer of a deletion asks for, one step each pass.
func (s *session) propagate(g *graph, r *record) error {
	dependents := g.dependents[r.GetUID()]
	switch finalizers := r.GetFinalizers(); {
	case slices.Contains(finalizers, metav1.FinalizerOrphanDependents):
		if len(dependents) == 0 {
			return s.finalize(r, metav1.FinalizerOrphanDependents)
		}
		for _, d := range dependents {
			same, err := s.unchanged(d)
			if err == nil && same {
				err = s.disown(d, []types.UID{r.GetUID()})
			}
			if err != nil {
				return err
			}
		}
	case slices.Contains(finalizers, metav1.FinalizerDeleteDependents):
		if !slices.ContainsFunc(dependents, func(d *record) bool { return blocks(d, r.GetUID()) }) {
			return s.finalize(r, metav1.FinalizerDeleteDependents)
		}
	}
	return nil
}

// blocks tells whether the deletion of the owner waits for this dependent.
func blocks(d *record, owner types.UID) bool {
	return slices.ContainsFunc(d.GetOwnerReferences(), func(ref metav1.OwnerReference) bool {
		return ref.UID == owner && isTrue(ref.BlockOwnerDeletion)
	})
}

func (s *session) finalize(r *record, finalizer string) error {
	o := r.edit()
	o.SetFinalizers(slices.DeleteFunc(o.GetFinalizers(), func(f string) bool { return f == finalizer }))
	_, err := s.keep(r, o)
	return err
}

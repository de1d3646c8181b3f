package kubetest

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
)

// claim answers the set's pods: it adopts orphans that match its selector and releases pods of
// its own that no longer do. Finished pods do not count.
func (s *session) claim(rs *replicaSet, pods []pod) (active, terminating []pod, err error) {
	for _, p := range pods {
		owner := metav1.GetControllerOf(p.Pod)
		ours := owner != nil && owner.UID == rs.GetUID()
		matches := rs.selector.Matches(labels.Set(p.Labels))
		switch {
		case finished(p.Pod):
		case p.DeletionTimestamp != nil:
			if ours && matches {
				terminating = append(terminating, p)
			}
		case ours && matches:
			active = append(active, p)
		case rs.GetDeletionTimestamp() != nil:
		case ours:
			err = s.release(p, rs.GetUID())
		case owner == nil && matches:
			var adopted bool
			if p, adopted, err = s.adopt(p, rs); adopted {
				active = append(active, p)
			}
		}
		if err != nil {
			return nil, nil, err
		}
	}
	return active, terminating, nil
}

// adopt makes the set the controller of an orphan, unless another one has just done so.
func (s *session) adopt(p pod, rs *replicaSet) (pod, bool, error) {
	if same, err := s.unchanged(p.record); !same || err != nil {
		return p, false, err
	}
	o := p.record.edit()
	o.SetOwnerReferences(append(o.GetOwnerReferences(), rs.ownerReference()))
	p, err := s.keepPod(p, o)
	return p, err == nil, err
}

// release takes an owner from a pod.
func (s *session) release(p pod, owner types.UID) error {
	o := p.record.edit()
	o.dropOwners(owner)
	_, err := s.keepPod(p, o)
	return err
}

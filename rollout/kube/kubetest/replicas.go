package kubetest

import (
	"fmt"
	"slices"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
)

// burst is how many pods a controller creates or deletes in one pass.
const burst = 500

// replicaSet is what ReplicaSets and ReplicationControllers have in common.
type replicaSet struct {
	*record
	replicas  int
	minReady  time.Duration
	selector  labels.Selector
	template  *corev1.PodTemplateSpec
	component string // the source of its events
}

// pod is a pod with the record that it was read from.
type pod struct {
	*corev1.Pod
	record *record
}

// replicate is the controller of ReplicaSets and ReplicationControllers.
func (s *session) replicate() (due time.Time, err error) {
	sets, err := s.replicaSets()
	if err != nil {
		return due, err
	}
	pods, err := s.podsByNamespace()
	if err != nil {
		return due, err
	}
	for _, rs := range sets {
		at, err := s.reconcile(rs, pods[rs.GetNamespace()])
		if err != nil {
			return due, err
		}
		due = sooner(due, at)
	}
	return due, nil
}

func (s *session) replicaSets() ([]*replicaSet, error) {
	var sets []*replicaSet
	records, err := s.list(s.catalog.replicaSets, "")
	if err != nil {
		return nil, err
	}
	for _, r := range records {
		typed, err := as[*appsv1.ReplicaSet](r)
		if err != nil {
			return nil, err
		}
		selector, err := metav1.LabelSelectorAsSelector(typed.Spec.Selector)
		if err != nil {
			return nil, err
		}
		sets = append(sets, &replicaSet{r, int(*typed.Spec.Replicas), seconds(typed.Spec.MinReadySeconds),
			selector, &typed.Spec.Template, "replicaset-controller"})
	}
	records, err = s.list(s.catalog.controllers, "")
	if err != nil {
		return nil, err
	}
	for _, r := range records {
		typed, err := as[*corev1.ReplicationController](r)
		if err != nil {
			return nil, err
		}
		sets = append(sets, &replicaSet{r, int(*typed.Spec.Replicas), seconds(typed.Spec.MinReadySeconds),
			labels.SelectorFromSet(typed.Spec.Selector), typed.Spec.Template, "replication-controller"})
	}
	return sets, nil
}

func seconds(n int32) time.Duration { return time.Duration(n) * time.Second }

// podsByNamespace lists all pods, ordered by name within each namespace.
func (s *session) podsByNamespace() (map[string][]pod, error) {
	records, err := s.list(s.catalog.pods, "")
	if err != nil {
		return nil, err
	}
	all := map[string][]pod{}
	for _, r := range records {
		typed, err := as[*corev1.Pod](r)
		if err != nil {
			return nil, err
		}
		all[typed.Namespace] = append(all[typed.Namespace], pod{typed, r})
	}
	return all, nil
}

// reconcile brings the number of pods towards the one that is asked for. As in Kubernetes the
// status tells of the pods that were there before.
func (s *session) reconcile(rs *replicaSet, pods []pod) (due time.Time, err error) {
	active, terminating, err := s.claim(rs, pods)
	if err != nil {
		return due, err
	}
	failure := rs.failure()
	if rs.GetDeletionTimestamp() == nil {
		if retry := failure.retryAt(); retry.After(s.now) {
			due = retry
		} else if failure, err = s.manage(rs, active, failure); err != nil {
			return due, err
		} else {
			due = failure.retryAt()
		}
	}
	at, err := s.count(rs, active, terminating, failure)
	return sooner(due, at), err
}

// manage creates the pods that are missing or deletes those that are too many.
func (s *session) manage(rs *replicaSet, active []pod, failure *failure) (*failure, error) {
	missing := rs.replicas - len(active)
	for range min(missing, burst) {
		refusal, err := s.addPod(rs)
		if err != nil {
			return failure, err
		}
		if refusal != nil {
			return s.failed(rs, refusal)
		}
	}
	if missing < 0 {
		rank(active, s.now)
		for _, p := range active[:min(-missing, burst)] {
			if err := s.dropPod(rs, p); err != nil {
				return failure, err
			}
		}
	}
	return nil, nil
}

// addPod creates one pod. A refusal is an error of the API.
func (s *session) addPod(rs *replicaSet) (refusal, err error) {
	u, err := rs.newPod()
	if err != nil {
		return nil, err
	}
	created, err := s.create(s.catalog.pods, u)
	if isRefusal(err) {
		return err, nil
	}
	if err != nil {
		return nil, err
	}
	return nil, s.event(rs.record, corev1.EventTypeNormal, "SuccessfulCreate", rs.component,
		fmt.Sprintf("Created pod: %v", created.GetName()))
}

func (s *session) dropPod(rs *replicaSet, p pod) error {
	if _, _, err := s.erase(p.record, &metav1.DeleteOptions{}); err != nil {
		return err
	}
	return s.event(rs.record, corev1.EventTypeNormal, "SuccessfulDelete", rs.component,
		fmt.Sprintf("Deleted pod: %v", p.Name))
}

// newPod makes a pod from the template. It reads the template as it is stored, so that fields
// unknown to this package reach the pod.
func (rs *replicaSet) newPod() (*unstructured.Unstructured, error) {
	template, _, err := unstructured.NestedMap(rs.Object, "spec", "template")
	if err != nil {
		return nil, err
	}
	u := &unstructured.Unstructured{Object: map[string]any{"spec": template["spec"]}}
	u.SetNamespace(rs.GetNamespace())
	u.SetGenerateName(rs.GetName() + "-")
	u.SetLabels(rs.template.Labels)
	u.SetAnnotations(rs.template.Annotations)
	u.SetFinalizers(slices.Clone(rs.template.Finalizers))
	u.SetOwnerReferences([]metav1.OwnerReference{rs.ownerReference()})
	u.Object = runtime.DeepCopyJSON(u.Object)
	return u, nil
}

func (rs *replicaSet) ownerReference() metav1.OwnerReference {
	return *metav1.NewControllerRef(&rs.Unstructured, rs.res.gvk())
}

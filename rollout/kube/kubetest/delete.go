package kubetest

import (
	"errors"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// erase deletes the object, or asks for it where something holds it: finalizers, a propagation
// policy, a pod's grace period, a namespace's contents. It answers the object's state and
// whether it is gone.
func (s *session) erase(old *record, options *metav1.DeleteOptions) (*record, bool, error) {
	if err := checkPreconditions(old, options.Preconditions); err != nil {
		return nil, false, err
	}
	if old.res == s.catalog.namespaces && old.GetName() == metav1.NamespaceDefault {
		return nil, false, apierrors.NewForbidden(old.res.groupResource(), old.GetName(), errors.New("this namespace may not be deleted"))
	}
	o := old.edit()
	setPropagation(o, options, old.res == s.catalog.controllers)
	if old.res == s.catalog.pods {
		grace, err := gracePeriod(old, options)
		if err != nil {
			return nil, false, err
		}
		s.requestDeletion(o, grace)
	} else if old.res == s.catalog.namespaces || len(o.GetFinalizers()) > 0 {
		s.requestDeletion(o, 0)
	}
	if old.res == s.catalog.namespaces { // these have none
		o.SetDeletionGracePeriodSeconds(nil)
	}
	if o.GetDeletionTimestamp() == nil {
		gone, err := s.remove(old, o)
		return gone, true, err
	}
	last, err := s.keep(old, o)
	return last, s.released(old.res, o), err
}

// requestDeletion marks the object. A later request can only shorten the time it has left.
func (s *session) requestDeletion(o *object, grace int64) {
	if o.GetDeletionTimestamp() == nil {
		o.times.Deleted = s.now
		if o.GetGeneration() > 0 {
			o.SetGeneration(o.GetGeneration() + 1)
		}
	} else if has := o.GetDeletionGracePeriodSeconds(); has == nil || *has <= grace {
		return
	}
	at := apiTime(o.times.Deleted.Add(time.Duration(grace) * time.Second))
	o.SetDeletionTimestamp(&at)
	o.SetDeletionGracePeriodSeconds(&grace)
	if kind, _ := o.Object["kind"].(string); kind == "Namespace" {
		if status, ok := o.Object["status"].(map[string]any); ok {
			status["phase"] = string(corev1.NamespaceTerminating)
		}
	}
}

// gracePeriod answers how many seconds a pod has to stop.
func gracePeriod(old *record, options *metav1.DeleteOptions) (int64, error) {
	pod, err := as[*corev1.Pod](old)
	if err != nil {
		return 0, err
	}
	if pod.Spec.NodeName == "" || finished(pod) {
		return 0, nil
	}
	if given := options.GracePeriodSeconds; given != nil && *given < 0 {
		return 1, nil
	} else if given != nil {
		return *given, nil
	}
	if spec := pod.Spec.TerminationGracePeriodSeconds; spec != nil {
		return max(*spec, 1), nil
	}
	return corev1.DefaultTerminationGracePeriodSeconds, nil
}

// setPropagation turns the propagation policy into the finalizer by which the garbage
// collector knows it. A ReplicationController leaves its pods alone where none is given.
func setPropagation(o *object, options *metav1.DeleteOptions, orphans bool) {
	finalizers := o.GetFinalizers()
	want := propagation(options, finalizers, orphans)
	finalizers = slices.DeleteFunc(finalizers, func(f string) bool {
		return f == metav1.FinalizerOrphanDependents || f == metav1.FinalizerDeleteDependents
	})
	if want != "" {
		finalizers = append(finalizers, want)
	}
	if !slices.Equal(finalizers, o.GetFinalizers()) {
		o.SetFinalizers(finalizers)
	}
}

func propagation(options *metav1.DeleteOptions, finalizers []string, orphans bool) string {
	//lint:ignore SA1019 clients still send it
	if orphan := options.OrphanDependents; orphan != nil {
		if *orphan {
			return metav1.FinalizerOrphanDependents
		}
		return ""
	}
	if policy := options.PropagationPolicy; policy != nil {
		switch *policy {
		case metav1.DeletePropagationOrphan:
			return metav1.FinalizerOrphanDependents
		case metav1.DeletePropagationForeground:
			return metav1.FinalizerDeleteDependents
		default:
			return ""
		}
	}
	for _, f := range finalizers { // set by hand, they count when no policy is given
		if f == metav1.FinalizerOrphanDependents || f == metav1.FinalizerDeleteDependents {
			return f
		}
	}
	if orphans {
		return metav1.FinalizerOrphanDependents
	}
	return ""
}

// finished tells that a pod's containers will not run again.
func finished(p *corev1.Pod) bool {
	return p.Status.Phase == corev1.PodSucceeded || p.Status.Phase == corev1.PodFailed
}

package kubetest

import (
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// eventLife is how long an event is kept, as by the real server.
const eventLife = time.Hour

// event tells about an object, where kubectl describe looks.
func (s *session) event(about *record, kind, reason, component, message string) error {
	name, err := s.freeName(s.catalog.events, about.GetNamespace(), about.GetName()+".")
	if err != nil {
		return err
	}
	ns, err := s.find(s.catalog.namespaces, "", about.GetNamespace())
	if err != nil || ns == nil || ns.GetDeletionTimestamp() != nil {
		return err // no place for it
	}
	at := apiTime(s.now)
	return s.createTyped(s.catalog.events, &corev1.Event{
		ObjectMeta: metav1.ObjectMeta{Namespace: about.GetNamespace(), Name: name},
		InvolvedObject: corev1.ObjectReference{
			Kind: about.GetKind(), APIVersion: about.GetAPIVersion(), Namespace: about.GetNamespace(),
			Name: about.GetName(), UID: about.GetUID(), ResourceVersion: about.GetResourceVersion(),
		},
		Reason: reason, Message: message, Type: kind, Count: 1,
		FirstTimestamp: at, LastTimestamp: at,
		Source: corev1.EventSource{Component: component}, ReportingController: component,
	})
}

// expireEvents deletes those that have had their time.
func (s *session) expireEvents() (due time.Time, err error) {
	all, err := s.list(s.catalog.events, "")
	if err != nil {
		return due, err
	}
	for _, r := range all {
		end := r.times.Created.Add(eventLife)
		if end.After(s.now) {
			due = sooner(due, end)
		} else if _, _, err := s.erase(r, &metav1.DeleteOptions{}); err != nil {
			return due, fmt.Errorf("expiring an event: %w", err)
		}
	}
	return due, nil
}

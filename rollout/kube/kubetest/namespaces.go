package kubetest

import (
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// emptyNamespaces is the namespace controller: it deletes what is in a namespace that is to go,
// and lets the namespace go when nothing is left.
func (s *session) emptyNamespaces() (due time.Time, err error) {
	namespaces, err := s.list(s.catalog.namespaces, "")
	if err != nil {
		return due, err
	}
	for _, ns := range namespaces {
		if ns.GetDeletionTimestamp() == nil {
			continue
		}
		left, err := s.deleteContents(ns.GetName())
		if err != nil {
			return due, err
		}
		if left > 0 {
			continue
		}
		o := ns.edit()
		unstructured.RemoveNestedField(o.Object, "spec", "finalizers")
		if _, err := s.keep(ns, o); err != nil {
			return due, err
		}
	}
	return due, nil
}

// deleteContents asks for the deletion of everything, and answers how much is still there.
func (s *session) deleteContents(namespace string) (left int, err error) {
	for _, res := range s.catalog.all {
		if res.ClusterScoped {
			continue
		}
		contents, err := s.list(res, namespace)
		if err != nil {
			return left, err
		}
		for _, r := range contents {
			gone := false
			if r.GetDeletionTimestamp() == nil {
				if _, gone, err = s.erase(r, &metav1.DeleteOptions{}); err != nil {
					return left, err
				}
			}
			if !gone {
				left++
			}
		}
	}
	return left, nil
}

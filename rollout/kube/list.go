package kube

import (
	"context"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
)

// ListFunc makes a [Cache] of one function, which fills a list with what a selector matches in a
// namespace. It is how to read from the cache of a controller-runtime manager:
//
//	kube.ListFunc(func(ctx context.Context, into kube.List, namespace string, s labels.Selector) error {
//		return manager.GetCache().List(ctx, into, client.InNamespace(namespace),
//			client.MatchingLabelsSelector{Selector: s}, client.UnsafeDisableDeepCopy)
//	})
//
// The objects may be the cache's own, since they are not changed.
type ListFunc func(ctx context.Context, into List, namespace string, selector labels.Selector) error

// List is a list of one kind, such as *corev1.PodList. It has the methods of controller-runtime's
// client.ObjectList.
type List interface {
	metav1.ListInterface
	runtime.Object
}

// ReplicaSets returns those of a namespace.
func (f ListFunc) ReplicaSets(ctx context.Context, namespace string) ([]*appsv1.ReplicaSet, error) {
	var list appsv1.ReplicaSetList
	err := f(ctx, &list, namespace, labels.Everything())
	return pointers(list.Items), err
}

// Pods returns those of a namespace that the selector matches.
func (f ListFunc) Pods(ctx context.Context, namespace string, selector labels.Selector) ([]*corev1.Pod, error) {
	var list corev1.PodList
	err := f(ctx, &list, namespace, selector)
	return pointers(list.Items), err
}

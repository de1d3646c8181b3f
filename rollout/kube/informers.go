package kube

import (
	"context"
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/informers"
	appslisters "k8s.io/client-go/listers/apps/v1"
	corelisters "k8s.io/client-go/listers/core/v1"
	"k8s.io/client-go/tools/cache"
)

// Informers is a [Cache] over client-go's informers. It is a [rollout.Watcher] as well.
type Informers struct {
	sets     appslisters.ReplicaSetLister
	pods     corelisters.PodLister
	notifier []cache.SharedIndexInformer
}

// NewInformers asks a factory for the informers that a [Client] needs. The caller starts the
// factory, waits for its caches and shuts it down. Changes that further informers see, such as
// that of the owner, wake up Engine.Run too.
func NewInformers(f informers.SharedInformerFactory, further ...cache.SharedIndexInformer) *Informers {
	sets, pods := f.Apps().V1().ReplicaSets(), f.Core().V1().Pods()
	return &Informers{sets.Lister(), pods.Lister(), slices.Concat(further, []cache.SharedIndexInformer{sets.Informer(), pods.Informer()})}
}

// ReplicaSets returns those of a namespace.
func (i *Informers) ReplicaSets(_ context.Context, namespace string) ([]*appsv1.ReplicaSet, error) {
	return i.sets.ReplicaSets(namespace).List(labels.Everything())
}

// Pods returns those of a namespace that the selector matches.
func (i *Informers) Pods(_ context.Context, namespace string, selector labels.Selector) ([]*corev1.Pod, error) {
	return i.pods.Pods(namespace).List(selector)
}

// Watch returns a channel that receives after the informers saw a change, until the context ends.
func (i *Informers) Watch(ctx context.Context) (<-chan struct{}, error) {
	changed := make(chan struct{}, 1)
	notify := func(any) {
		select {
		case changed <- struct{}{}:
		default: // a change is waiting to be seen already
		}
	}
	handler := cache.ResourceEventHandlerFuncs{AddFunc: notify, UpdateFunc: func(_, o any) { notify(o) }, DeleteFunc: notify}
	for _, informer := range i.notifier {
		registration, err := informer.AddEventHandler(handler)
		if err != nil {
			return nil, err
		}
		context.AfterFunc(ctx, func() { _ = informer.RemoveEventHandler(registration) })
	}
	return changed, nil
}

package kube_test

import (
	"context"
	"slices"
	"strings"
	"sync"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
)

// lagging is a cache that applies events as late as a test likes, each kind for itself. It misses
// creations, delays deletions and shows old versions, as an informer behind a slow watch does.
type lagging struct {
	sets stream
	pods stream
}

// stream is the events of one kind, and the objects as of those applied.
type stream struct {
	advance func(behind int) int // how many events to apply before a read; nil is all

	mu      sync.Mutex
	waiting []watch.Event
	objects map[types.UID]metav1.Object
}

func (e *env) lagging() *lagging {
	e.Helper()
	l := &lagging{}
	sets, err := e.api.AppsV1().ReplicaSets("default").Watch(e.Context(), metav1.ListOptions{})
	e.check(err)
	pods, err := e.api.CoreV1().Pods("default").Watch(e.Context(), metav1.ListOptions{})
	e.check(err)
	follow(e.T, sets, l.sets.add)
	follow(e.T, pods, l.pods.add)
	return l
}

func (s *stream) add(event watch.Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.waiting = append(s.waiting, event)
}

// read returns the objects by name, after it has applied some events.
func (s *stream) read() []metav1.Object {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := len(s.waiting)
	if s.advance != nil {
		n = min(n, s.advance(n))
	}
	for _, event := range s.waiting[:n] {
		s.apply(event)
	}
	s.waiting = s.waiting[n:]
	var all []metav1.Object
	for _, o := range s.objects {
		all = append(all, o)
	}
	slices.SortFunc(all, func(a, b metav1.Object) int { return strings.Compare(a.GetName(), b.GetName()) })
	return all
}

func (s *stream) apply(event watch.Event) {
	o := event.Object.(metav1.Object)
	if s.objects == nil {
		s.objects = map[types.UID]metav1.Object{}
	}
	s.objects[o.GetUID()] = o
	if event.Type == watch.Deleted {
		delete(s.objects, o.GetUID())
	}
}

// ReplicaSets implements kube.Cache.
func (l *lagging) ReplicaSets(context.Context, string) ([]*appsv1.ReplicaSet, error) {
	var sets []*appsv1.ReplicaSet
	for _, o := range l.sets.read() {
		sets = append(sets, o.(*appsv1.ReplicaSet))
	}
	return sets, nil
}

// Pods implements kube.Cache.
func (l *lagging) Pods(_ context.Context, _ string, selector labels.Selector) ([]*corev1.Pod, error) {
	var pods []*corev1.Pod
	for _, o := range l.pods.read() {
		if selector.Matches(labels.Set(o.GetLabels())) {
			pods = append(pods, o.(*corev1.Pod))
		}
	}
	return pods, nil
}

// never applies nothing: the cache stands still.
func never(int) int { return 0 }

package kube_test

import (
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
)

// bounds watches every event of the cluster and notes where a bound is broken.
type bounds struct {
	floor, ceiling int32
	minReady       time.Duration // for how long a replica is ready before it is available

	mu     sync.Mutex
	armed  bool // the floor has been reached once
	broken []string
	events int
	size   map[types.UID]int32
	pods   map[types.UID]*corev1.Pod
}

// guard checks bounds until the end of the test. A floor below 0 also forbids pods of two
// templates at once.
func (e *env) guard(floor, ceiling int32, minReady time.Duration) *bounds {
	e.Helper()
	b := &bounds{floor: floor, ceiling: ceiling, minReady: minReady, size: map[types.UID]int32{}, pods: map[types.UID]*corev1.Pod{}}
	sets, err := e.api.AppsV1().ReplicaSets("default").Watch(e.Context(), metav1.ListOptions{})
	e.check(err)
	pods, err := e.api.CoreV1().Pods("default").Watch(e.Context(), metav1.ListOptions{})
	e.check(err)
	follow(e.T, sets, b.set)
	follow(e.T, pods, b.pod)
	return b
}

// follow hands on the events of a watch until the end of the test.
func follow(t *testing.T, w watch.Interface, do func(watch.Event)) {
	var done sync.WaitGroup
	done.Go(func() {
		for event := range w.ResultChan() {
			if event.Type != watch.Error { // the test is over
				do(event)
			}
		}
	})
	t.Cleanup(func() { w.Stop(); done.Wait() })
}

func (b *bounds) set(event watch.Event) {
	b.mu.Lock()
	defer b.mu.Unlock()
	rs := event.Object.(*appsv1.ReplicaSet)
	b.size[rs.UID] = *rs.Spec.Replicas
	if event.Type == watch.Deleted {
		delete(b.size, rs.UID)
	}
	total := int32(0)
	for n := range maps.Values(b.size) {
		total += n
	}
	b.events++
	if total > b.ceiling {
		b.broken = append(b.broken, fmt.Sprintf("%d asked for, at most %d allowed", total, b.ceiling))
	}
}

func (b *bounds) pod(event watch.Event) {
	b.mu.Lock()
	defer b.mu.Unlock()
	pod := event.Object.(*corev1.Pod)
	b.pods[pod.UID] = pod
	if event.Type == watch.Deleted {
		delete(b.pods, pod.UID)
	}
	b.events++
	ready, templates := int32(0), map[string]bool{}
	for p := range maps.Values(b.pods) {
		templates[p.Spec.Containers[0].Image] = true
		if p.DeletionTimestamp == nil && slices.ContainsFunc(p.Status.Conditions, func(c corev1.PodCondition) bool {
			return c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue && !c.LastTransitionTime.Add(b.minReady).After(time.Now())
		}) {
			ready++
		}
	}
	b.armed = b.armed || ready >= b.floor
	if b.armed && ready < b.floor {
		b.broken = append(b.broken, fmt.Sprintf("%d available, at least %d promised", ready, b.floor))
	}
	if b.floor < 0 && len(templates) > 1 {
		b.broken = append(b.broken, fmt.Sprintf("pods of %v", slices.Sorted(maps.Keys(templates))))
	}
}

func (b *bounds) check(t *testing.T) {
	t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, broken := range b.broken {
		t.Errorf("bound broken: %s", broken)
	}
	if b.events == 0 {
		t.Error("nothing was watched")
	}
}

package suite

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/kubernetes"
)

// Observer keeps every version of the pods and ReplicaSets of a namespace, as the API server sends
// them to a client that has no part in what happens.
type Observer struct {
	*Fixture
	api     kubernetes.Interface
	start   []metav1.Object
	stop    context.CancelFunc
	running sync.WaitGroup
	story   []string

	mu     sync.Mutex
	events []change
}

type change struct {
	version uint64 // one counter for all kinds: they are in one etcd
	gone    bool
	object  metav1.Object
}

// Bounds are the extremes of all the moments that were observed.
type Bounds struct {
	Moments   int
	Available int   // the fewest pods that were ready, and not on their way out
	Existing  int   // the most pods that were not on their way out
	All       int   // the most pods
	Asked     int32 // the most replicas that ReplicaSets asked for together
}

// Observer begins to observe the namespace; Bounds ends it.
func (f *Fixture) Observer() *Observer {
	f.Helper()
	o := &Observer{Fixture: f, api: NewClient(f.T, f.Config)}
	var ctx context.Context
	ctx, o.stop = context.WithCancel(f.Context())
	pods, sets := o.list(ctx)
	for i := range pods.Items {
		o.start = append(o.start, &pods.Items[i])
	}
	for i := range sets.Items {
		o.start = append(o.start, &sets.Items[i])
	}
	o.follow(o.api.CoreV1().Pods(f.Namespace).Watch(ctx, metav1.ListOptions{ResourceVersion: pods.ResourceVersion}))
	o.follow(o.api.AppsV1().ReplicaSets(f.Namespace).Watch(ctx, metav1.ListOptions{ResourceVersion: sets.ResourceVersion}))
	return o
}

// Story is what Bounds has seen: the moments at which a size or a count changed, one a line, each as
// the ReplicaSets' names, the replicas asked for, and those there, ready and on their way out.
func (o *Observer) Story() string { return strings.Join(o.story, "\n") }

func (o *Observer) list(ctx context.Context) (*corev1.PodList, *appsv1.ReplicaSetList) {
	o.Helper()
	pods, err := o.api.CoreV1().Pods(o.Namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		o.Fatal(err)
	}
	sets, err := o.api.AppsV1().ReplicaSets(o.Namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		o.Fatal(err)
	}
	return pods, sets
}

func (o *Observer) follow(w watch.Interface, err error) {
	o.Helper()
	if err != nil {
		o.Fatal(err)
	}
	o.running.Go(func() {
		defer w.Stop()
		for event := range w.ResultChan() {
			object, ok := event.Object.(metav1.Object)
			if !ok { // an error: the end, or what is missing is missed in bounds
				return
			}
			version, err := strconv.ParseUint(object.GetResourceVersion(), 10, 64)
			if err != nil {
				o.Errorf("resource version: %v", err)
			}
			o.saw(change{version, event.Type == watch.Deleted, object})
		}
	})
}

func (o *Observer) saw(c change) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.events = append(o.events, c)
}

// Bounds ends the observation, when all has arrived, and returns the extremes.
func (o *Observer) Bounds() Bounds {
	o.Helper()
	var found Bounds
	o.Eventually(10*time.Second, func(ctx context.Context) error {
		var last map[types.UID]metav1.Object
		found, last = o.replay()
		pods, sets := o.list(ctx)
		if len(last) != len(pods.Items)+len(sets.Items) {
			return fmt.Errorf("%d objects seen, %d pods and %d replica sets there", len(last), len(pods.Items), len(sets.Items))
		}
		for _, pod := range pods.Items {
			if seen, ok := last[pod.UID]; !ok || seen.GetResourceVersion() != pod.ResourceVersion {
				return fmt.Errorf("pod %s has yet to be seen", pod.Name)
			}
		}
		return nil
	})
	o.stop()
	o.running.Wait()
	return found
}

// replay goes through the versions in the order in which they were written.
func (o *Observer) replay() (Bounds, map[types.UID]metav1.Object) {
	now := map[types.UID]metav1.Object{}
	for _, object := range o.start {
		now[object.GetUID()] = object
	}
	var b Bounds
	var story []string
	tell := func() {
		b.take(now)
		if m := moment(now); len(story) == 0 || story[len(story)-1] != m {
			story = append(story, m)
		}
	}
	tell()
	o.mu.Lock()
	events := slices.SortedFunc(slices.Values(o.events), func(a, b change) int { return cmp.Compare(a.version, b.version) })
	o.mu.Unlock()
	for _, e := range events {
		if e.gone {
			delete(now, e.object.GetUID())
		} else {
			now[e.object.GetUID()] = e.object
		}
		tell()
	}
	o.story = story
	return b, now
}

func (b *Bounds) take(objects map[types.UID]metav1.Object) {
	available, existing, all, asked := 0, 0, 0, int32(0)
	for object := range maps.Values(objects) {
		switch o := object.(type) {
		case *corev1.Pod:
			all++
			if o.DeletionTimestamp == nil {
				existing++
				if PodReady(o) {
					available++
				}
			}
		case *appsv1.ReplicaSet:
			asked += *o.Spec.Replicas
		}
	}
	if b.Moments++; b.Moments == 1 || available < b.Available {
		b.Available = available
	}
	b.Existing, b.All, b.Asked = max(b.Existing, existing), max(b.All, all), max(b.Asked, asked)
}

// moment is a line of a story.
func moment(objects map[types.UID]metav1.Object) string {
	type counts struct{ there, ready, ending int }
	byOwner := map[types.UID]counts{}
	for object := range maps.Values(objects) {
		pod, ok := object.(*corev1.Pod)
		if !ok {
			continue
		}
		var owner types.UID
		if ref := metav1.GetControllerOf(pod); ref != nil {
			owner = ref.UID
		}
		n := byOwner[owner]
		switch {
		case pod.DeletionTimestamp != nil:
			n.ending++
		case PodReady(pod):
			n.ready++
			fallthrough
		default:
			n.there++
		}
		byOwner[owner] = n
	}
	var all []string
	for object := range maps.Values(objects) {
		if rs, ok := object.(*appsv1.ReplicaSet); ok {
			n := byOwner[rs.UID]
			all = append(all, fmt.Sprintf("%s: %d asked for, %d there, %d ready, %d ending", rs.Name, *rs.Spec.Replicas, n.there, n.ready, n.ending))
			delete(byOwner, rs.UID)
		}
	}
	slices.Sort(all)
	if len(byOwner) > 0 {
		all = append(all, fmt.Sprintf("pods of no replica set: %d groups", len(byOwner)))
	}
	return strings.Join(all, "; ")
}

package beside

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"

	"github.com/gopawl/pawl/test/cluster/suite"
)

// ledger writes down, as a watch tells, every size that ReplicaSets were given and every pod that
// was made.
type ledger struct {
	mu      sync.Mutex
	order   []types.UID         // ReplicaSets, oldest first
	size    map[types.UID]int32 // of each, now
	entries [][]int32           // all sizes after each change, in that order
	made    map[types.UID]string
	ready   map[types.UID]bool // those that serve, and are not on their way out
	fewest  int                // of them, ever
}

// keepLedger begins with what is there, which is not counted as made.
func keepLedger(f *suite.Fixture) *ledger {
	f.Helper()
	l := &ledger{size: map[types.UID]int32{}, made: map[types.UID]string{}, ready: map[types.UID]bool{}}
	ctx, stop := context.WithCancel(context.Background())
	sets, err := f.Client.AppsV1().ReplicaSets(f.Namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		f.Fatal(err)
	}
	for i := range sets.Items {
		l.replicaSet(&sets.Items[i])
	}
	there, err := f.Client.CoreV1().Pods(f.Namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		f.Fatal(err)
	}
	for i := range there.Items {
		l.pod(watch.Modified, &there.Items[i])
	}
	l.fewest = len(l.ready)
	changes, err := f.Client.AppsV1().ReplicaSets(f.Namespace).Watch(ctx, metav1.ListOptions{ResourceVersion: sets.ResourceVersion})
	if err != nil {
		f.Fatal(err)
	}
	pods, err := f.Client.CoreV1().Pods(f.Namespace).Watch(ctx, metav1.ListOptions{ResourceVersion: there.ResourceVersion})
	if err != nil {
		f.Fatal(err)
	}
	var watching sync.WaitGroup
	watching.Go(func() { follow(changes, func(_ watch.EventType, rs *appsv1.ReplicaSet) { l.replicaSet(rs) }) })
	watching.Go(func() { follow(pods, l.pod) })
	f.Cleanup(func() { stop(); watching.Wait() })
	return l
}

func follow[T any](w watch.Interface, take func(watch.EventType, T)) {
	defer w.Stop()
	for event := range w.ResultChan() {
		if object, ok := event.Object.(T); ok && event.Type != watch.Deleted {
			take(event.Type, object)
		}
	}
}

func (l *ledger) replicaSet(rs *appsv1.ReplicaSet) {
	l.mu.Lock()
	defer l.mu.Unlock()
	was, ok := l.size[rs.UID]
	if ok && was == *rs.Spec.Replicas {
		return
	}
	if !ok {
		l.order = append(l.order, rs.UID)
	}
	l.size[rs.UID] = *rs.Spec.Replicas
	entry := make([]int32, len(l.order))
	for i, uid := range l.order {
		entry[i] = l.size[uid]
	}
	l.entries = append(l.entries, entry)
}

func (l *ledger) pod(event watch.EventType, pod *corev1.Pod) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if event == watch.Added {
		l.made[pod.UID] = pod.Spec.Containers[0].Image
	}
	if pod.DeletionTimestamp == nil && suite.PodReady(pod) {
		l.ready[pod.UID] = true
	} else {
		delete(l.ready, pod.UID)
	}
	l.fewest = min(l.fewest, len(l.ready))
}

// fewestReady is how few pods there ever were that serve.
func (l *ledger) fewestReady() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.fewest
}

// most is how many replicas were ever asked for together.
func (l *ledger) most() (n int32) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, e := range l.entries {
		all := int32(0)
		for _, size := range e {
			all += size
		}
		n = max(n, all)
	}
	return n
}

// sizes are all changes so far: "4+0" is 4 of the oldest ReplicaSet and 0 of the next.
func (l *ledger) sizes() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var all []string
	for _, e := range l.entries {
		all = append(all, sum(e))
	}
	return all
}

func (l *ledger) now() string {
	all := l.sizes()
	return all[len(all)-1]
}

func sum(entry []int32) string {
	return strings.Join(strings.Fields(strings.Trim(fmt.Sprint(entry), "[]")), "+")
}

// ways is in which directions each ReplicaSet's size went, one after the other.
func (l *ledger) ways() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	ways := make([]string, len(l.order))
	for i := range l.order {
		last := int32(0)
		for n, e := range l.entries {
			if i >= len(e) {
				continue
			}
			switch now := e[i]; {
			case n == 0:
			case now > last && !strings.HasSuffix(ways[i], "↑"):
				ways[i] += "↑"
			case now < last && !strings.HasSuffix(ways[i], "↓"):
				ways[i] += "↓"
			}
			last = e[i]
		}
	}
	return strings.Join(ways, " ")
}

// writes is how many times a size was changed, those left out that were created with none.
func (l *ledger) writes() (n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i, e := range l.entries[1:] {
		if !slices.Equal(e, append(slices.Clone(l.entries[i]), 0)) {
			n++
		}
	}
	return n
}

// pods are how many were made of each image.
func (l *ledger) pods() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := map[string]int{}
	for _, image := range l.made {
		n[image]++
	}
	var all []string
	for _, image := range sortedKeys(n) {
		all = append(all, fmt.Sprintf("%d of %s", n[image], image))
	}
	return strings.Join(all, ", ")
}

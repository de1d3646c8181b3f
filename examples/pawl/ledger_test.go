//go:build unix

package main_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/kubernetes"

	"github.com/gopawl/pawl/examples/pawl/internal/statefile"
	"github.com/gopawl/pawl/rollout/kube/kubetest"
)

// ledger reads a state file from beside the processes that write it. It is told of every change
// that they make, one by one in the order in which they made them, and judges the state after
// each.
type ledger struct {
	api kubernetes.Interface

	mu      sync.Mutex
	pending []change          // not judged yet
	shown   map[string]string // object → resource version
	failed  error

	sets    map[types.UID]*appsv1.ReplicaSet
	pods    map[types.UID]*corev1.Pod
	wanted  int // replicas; 0 is no app yet
	settled bool
	// Since a rollout completed, what was wanted has changed, maybe more than once: this much must
	// have been available, and this much may have existed, all the time.
	floor, ceiling int

	changes, atFloor, atCeiling int
	broken                      []string
}

// change is one write of whoever it was.
type change struct {
	version uint64
	gone    bool
	object  runtime.Object
}

// open starts to watch a state file that is there.
func open(t *testing.T, path string) *ledger {
	t.Helper()
	file, err := statefile.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	cluster, err := kubetest.New(kubetest.Options{Store: file, Poll: 50 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	l := &ledger{
		api: kubernetes.NewForConfigOrDie(cluster.Config()), shown: map[string]string{},
		sets: map[types.UID]*appsv1.ReplicaSet{}, pods: map[types.UID]*corev1.Pod{},
	}
	ctx, stop := context.WithCancel(context.Background())
	var reading sync.WaitGroup
	t.Cleanup(func() {
		stop()
		reading.Wait()
	})
	all := metav1.ListOptions{ResourceVersion: "0"}
	sets, err1 := l.api.AppsV1().ReplicaSets("").Watch(ctx, all)
	pods, err2 := l.api.CoreV1().Pods("").Watch(ctx, all)
	apps, err3 := l.api.CoreV1().ConfigMaps("").Watch(ctx, all)
	if err := errors.Join(err1, err2, err3); err != nil {
		t.Fatal(err)
	}
	for _, w := range []watch.Interface{sets, pods, apps} {
		reading.Go(func() { l.read(ctx, w) })
	}
	return l
}

func (l *ledger) read(ctx context.Context, w watch.Interface) {
	for e := range w.ResultChan() {
		if err := l.note(e); err != nil {
			l.fail(err)
		}
	}
	if ctx.Err() == nil {
		l.fail(errors.New("a watch has ended"))
	}
}

func (l *ledger) fail(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.failed = errors.Join(l.failed, err)
}

func (l *ledger) note(e watch.Event) error {
	o, err := meta.Accessor(e.Object)
	if err != nil {
		return fmt.Errorf("%s: %v", e.Type, e.Object)
	}
	version, err := strconv.ParseUint(o.GetResourceVersion(), 10, 64)
	if err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.pending = append(l.pending, change{version, e.Type == watch.Deleted, e.Object})
	if l.shown[key(e.Object)] = o.GetResourceVersion(); e.Type == watch.Deleted {
		delete(l.shown, key(e.Object))
	}
	return nil
}

func key(object runtime.Object) string {
	o, err := meta.Accessor(object)
	if err != nil {
		return err.Error()
	}
	return fmt.Sprintf("%T %s/%s", object, o.GetNamespace(), o.GetName())
}

// judge waits until all changes are known, and looks at them. Nobody may write meanwhile.
func (l *ledger) judge(t *testing.T) {
	t.Helper()
	there := l.list(t)
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		l.mu.Lock()
		same, err := maps.Equal(there, l.shown), l.failed
		l.mu.Unlock()
		if err != nil {
			t.Fatal(err)
		}
		if same {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("the changes do not lead to what is there: %v, not %v", l.shown, there)
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	slices.SortFunc(l.pending, func(a, b change) int { return int(int64(a.version) - int64(b.version)) })
	for _, c := range l.pending {
		l.changes++
		if err := l.apply(c); err != nil {
			l.broken = append(l.broken, fmt.Sprintf("at %d: %v", c.version, err))
		}
	}
	l.pending = nil
	for _, b := range l.broken {
		t.Error(b)
	}
	if len(l.broken) > 0 {
		t.FailNow()
	}
}

func (l *ledger) list(t *testing.T) map[string]string {
	t.Helper()
	sets, err1 := l.api.AppsV1().ReplicaSets("").List(t.Context(), metav1.ListOptions{})
	pods, err2 := l.api.CoreV1().Pods("").List(t.Context(), metav1.ListOptions{})
	apps, err3 := l.api.CoreV1().ConfigMaps("").List(t.Context(), metav1.ListOptions{})
	if err := errors.Join(err1, err2, err3); err != nil {
		t.Fatal(err)
	}
	there := map[string]string{}
	for _, list := range []runtime.Object{sets, pods, apps} {
		if err := meta.EachListItem(list, func(o runtime.Object) error {
			there[key(o)] = o.(metav1.Object).GetResourceVersion()
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}
	return there
}

//go:build unix

package main_test

import (
	"context"
	"encoding/json"
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

	"github.com/gopawl/pawl/examples/pawl/internal/app"
	"github.com/gopawl/pawl/examples/pawl/internal/statefile"
	"github.com/gopawl/pawl/rollout/kube"
	"github.com/gopawl/pawl/rollout/kube/kubetest"
)

// The amounts of every manifest here, which the ledger holds the rollouts to.
const (
	surge       = 2
	unavailable = 1
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

// apply makes a change, and reports what is wrong with the state after it.
func (l *ledger) apply(c change) error {
	before := l.sizes()
	switch o := c.object.(type) {
	case *appsv1.ReplicaSet:
		if l.sets[o.UID] = o; c.gone {
			delete(l.sets, o.UID)
		}
	case *corev1.Pod:
		if l.pods[o.UID] = o; c.gone {
			delete(l.pods, o.UID)
		}
	case *corev1.ConfigMap:
		return l.want(o)
	}
	return errors.Join(l.checkSizes(before), l.checkAvailable(), l.checkTemplates(), l.checkOwners())
}

// want takes note of how many replicas are wanted.
func (l *ledger) want(cm *corev1.ConfigMap) error {
	var wanted struct {
		Spec struct{ Replicas *int }
	}
	if cm.Labels[app.Label] == "" {
		return nil
	}
	if err := json.Unmarshal([]byte(cm.Data["manifest"]), &wanted); err != nil {
		return err
	}
	n := 1
	if wanted.Spec.Replicas != nil {
		n = *wanted.Spec.Replicas
	}
	if l.wanted == 0 {
		l.floor, l.ceiling = n-unavailable, n+surge
	}
	l.wanted = n
	l.floor, l.ceiling = min(l.floor, n-unavailable), max(l.ceiling, n+surge)
	return nil
}

// completed says that a command has seen the rollout through.
func (l *ledger) completed() {
	l.settled, l.floor, l.ceiling = true, l.wanted-unavailable, l.wanted+surge
}

func (l *ledger) sizes() (sum int) {
	for _, rs := range l.sets {
		sum += int(*rs.Spec.Replicas)
	}
	return sum
}

func (l *ledger) available() (n int) {
	for _, p := range l.pods {
		if p.DeletionTimestamp == nil && ready(p) {
			n++
		}
	}
	return n
}

func ready(p *corev1.Pod) bool {
	return slices.ContainsFunc(p.Status.Conditions, func(c corev1.PodCondition) bool {
		return c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue
	})
}

func (l *ledger) checkSizes(before int) error {
	sum := l.sizes()
	if sum > before && sum == l.wanted+surge {
		l.atCeiling++
	}
	if sum > l.ceiling || sum > before && sum > l.wanted+surge {
		return fmt.Errorf("bound broken: sizes went from %d to %d; %d wanted, and at most %d at any time since the last completion", before, sum, l.wanted, l.ceiling)
	}
	return nil
}

func (l *ledger) checkAvailable() error {
	n := l.available()
	if n == l.floor {
		l.atFloor++
	}
	if l.settled && n < l.floor {
		return fmt.Errorf("bound broken: %d available, at least %d must be", n, l.floor)
	}
	return nil
}

func (l *ledger) checkTemplates() error {
	of := map[string]string{}
	for _, rs := range l.sets {
		id := rs.Annotations[kube.DefaultPrefix+"/template"]
		if of[id] != "" {
			return fmt.Errorf("replica sets %s and %s have the same template", of[id], rs.Name)
		}
		of[id] = rs.Name
	}
	return nil
}

func (l *ledger) checkOwners() error {
	for _, p := range l.pods {
		owner := metav1.GetControllerOf(p)
		if p.DeletionTimestamp == nil && (owner == nil || l.sets[owner.UID] == nil) {
			return fmt.Errorf("pod %s has no owner", p.Name)
		}
	}
	return nil
}

// complete checks that what is wanted is there, and nothing else.
func (l *ledger) complete(t *testing.T) {
	t.Helper()
	record, err := app.Store{API: l.api, Namespace: "default"}.Load(t.Context(), "web")
	if err != nil {
		t.Fatal(err)
	}
	want := record.Spec.Template["spec"].(map[string]any)["containers"].([]any)[0].(map[string]any)["image"]
	for _, rs := range l.sets {
		size := 0
		if rs.Spec.Template.Spec.Containers[0].Image == want {
			size = l.wanted
		}
		if int(*rs.Spec.Replicas) != size || int(rs.Status.AvailableReplicas) != size {
			t.Errorf("complete, and yet replica set %s has %d replicas, %d available: %d of %v are wanted", rs.Name, *rs.Spec.Replicas, rs.Status.AvailableReplicas, l.wanted, want)
		}
	}
}

package kubectl

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/kubernetes/scheme"
	typedcorev1 "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/tools/record"

	"github.com/gopawl/pawl/rollout"
	"github.com/gopawl/pawl/rollout/kube"
	"github.com/gopawl/pawl/strategies"
	"github.com/gopawl/pawl/test/cluster/suite"
)

// controller is Pawl in a process that stays: it looks after every change, for as long as the test
// lasts.
type controller struct {
	*suite.Fixture
	client   *kube.Client
	strategy rollout.Strategy
	first    any           // the template of web:1
	changed  chan struct{} // what is wanted

	mu     sync.Mutex
	target kube.Target
	asked  int            // how often something else was wanted
	status rollout.Status // of the last look
	seen   int            // the asked of that look
	err    error          // of that look
}

// control begins with three replicas of web:1, one more may exist, and none may be away.
func control(t *testing.T) *controller {
	t.Helper()
	f := suite.New(t)
	c := &controller{
		Fixture: f, client: f.Informed(), target: f.Target("web", "web:1", 3), changed: make(chan struct{}, 1),
		strategy: strategies.Rolling{MaxSurge: rollout.Count(1), MaxUnavailable: rollout.Count(0)},
	}
	c.first = c.target.Template
	b := record.NewBroadcaster()
	b.StartRecordingToSink(&typedcorev1.EventSinkImpl{Interface: f.Client.CoreV1().Events(f.Namespace)})
	c.client.Events = b.NewRecorder(scheme.Scheme, corev1.EventSource{Component: kube.DefaultFieldManager})
	ctx, stop := context.WithCancel(context.Background()) // the test's own ends before its clean-up
	woken, err := c.client.Watch(ctx)
	if err != nil {
		t.Fatal(err)
	}
	var running sync.WaitGroup
	running.Go(func() { c.run(ctx, woken) })
	f.Cleanup(func() { stop(); running.Wait(); b.Shutdown() })
	c.completes()
	return c
}

func (c *controller) run(ctx context.Context, woken <-chan struct{}) {
	for {
		c.look(ctx)
		select {
		case <-woken:
		case <-c.changed:
		case <-time.After(time.Second): // after an error or a conflict
		case <-ctx.Done():
			return
		}
	}
}

// look reconciles, unless the owner is gone or on its way out.
func (c *controller) look(ctx context.Context) {
	c.mu.Lock()
	target, asked := c.target, c.asked
	c.mu.Unlock()
	var status rollout.Status
	owner, err := target.Owner.Live(ctx)
	if err == nil && owner.GetDeletionTimestamp() == nil {
		status, err = c.reconcile(ctx, target)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.status, c.seen, c.err = status, asked, err
}

func (c *controller) reconcile(ctx context.Context, target kube.Target) (rollout.Status, error) {
	workload, err := c.client.Workload(target)
	if err != nil {
		return rollout.Status{}, err
	}
	return (&rollout.Engine{}).Reconcile(ctx, workload, c.strategy)
}

// wants asks for an image, whose pods take so long to become ready.
func (c *controller) wants(image, readyDelay string) {
	template := suite.ReplicaSet("web", image, 0).Spec.Template
	template.Annotations["sim/ready-delay"] = readyDelay
	c.change(func(t *kube.Target) { t.Template = template })
}

func (c *controller) change(edit func(*kube.Target)) {
	c.mu.Lock()
	edit(&c.target)
	c.asked++
	c.mu.Unlock()
	c.changed <- struct{}{}
}

// ends waits for the outcome of a look at what is wanted now.
func (c *controller) ends(ok func(rollout.Status, error) bool) {
	c.Helper()
	c.Eventually(45*time.Second, func(context.Context) error {
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.seen != c.asked || !ok(c.status, c.err) {
			return fmt.Errorf("the last outcome is %+v, %w", c.status, c.err)
		}
		return nil
	})
}

func (c *controller) completes() {
	c.Helper()
	c.ends(func(s rollout.Status, err error) bool { return err == nil && s.Phase == rollout.Complete })
}

// child is the ReplicaSet of an image.
func (c *controller) child(image string) *appsv1.ReplicaSet {
	c.Helper()
	for _, rs := range c.Sets() {
		if rs.Spec.Template.Spec.Containers[0].Image == image {
			return &rs
		}
	}
	c.Fatalf("there is no replica set of %s", image)
	return nil
}

// hasSize waits until a ReplicaSet and its pods are of a size.
func (c *controller) hasSize(name string, want int32) {
	c.Helper()
	c.Eventually(30*time.Second, func(context.Context) error {
		rs := c.Get(name)
		if *rs.Spec.Replicas != want || rs.Status.AvailableReplicas != want || rs.Status.ObservedGeneration < rs.Generation {
			return fmt.Errorf("%s has %d replicas, %+v; want %d", name, *rs.Spec.Replicas, rs.Status, want)
		}
		return nil
	})
}

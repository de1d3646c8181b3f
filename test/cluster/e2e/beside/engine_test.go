package beside

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/kubernetes/scheme"
	typedcorev1 "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/tools/record"

	"github.com/gopawl/pawl/rollout"
	"github.com/gopawl/pawl/rollout/kube"
	"github.com/gopawl/pawl/strategies"
	"github.com/gopawl/pawl/test/cluster/suite"
)

// engine is the side of Pawl: Engine.Run on ReplicaSets, which begins anew when something else is
// wanted.
type engine struct {
	*suite.Fixture
	client *kube.Client
	target kube.Target
	want   wanted
	stop   context.CancelFunc
	ended  chan error

	wire   suite.Wire // of its client
	looks  atomic.Int32
	mu     sync.Mutex
	status rollout.Status // the last one
}

func newEngine(f *suite.Fixture) *engine {
	f.Helper()
	e := &engine{Fixture: f}
	api := suite.NewClient(f.T, e.wire.Over(f.Config))
	factory := informers.NewSharedInformerFactoryWithOptions(api, 0, informers.WithNamespace(f.Namespace))
	e.client = &kube.Client{API: api, Cache: kube.NewInformers(factory), Events: recorder(f, api)}
	factory.Start(f.Context().Done())
	factory.WaitForCacheSync(f.Context().Done())
	e.target = f.Target("web", "web:1", 0)
	f.Cleanup(func() { e.halt() })
	return e
}

// recorder writes events as a controller does.
func recorder(f *suite.Fixture, api kubernetes.Interface) record.EventRecorder {
	b := record.NewBroadcaster()
	b.StartRecordingToSink(&typedcorev1.EventSinkImpl{Interface: api.CoreV1().Events(f.Namespace)})
	f.Cleanup(b.Shutdown)
	return b.NewRecorder(scheme.Scheme, corev1.EventSource{Component: kube.DefaultFieldManager})
}

func (e *engine) asks(w wanted) {
	e.Helper()
	e.want = w
	e.target.Template, e.target.Replicas, e.target.Paused = w.template, w.replicas, w.paused
	e.target.Annotations, e.target.MinReadySeconds = w.annotations, w.minReadySeconds
	e.run()
}

// run ends the run under way, and begins another with what is wanted now.
func (e *engine) run() {
	e.Helper()
	e.halt()
	workload, strategy := e.Workload(e.client, e.target), e.strategy()
	ctx, stop := context.WithCancel(context.Background()) // the test's own ends before its clean-up
	ended := make(chan error, 1)
	e.stop, e.ended = stop, ended
	go func() {
		told := rollout.Engine{Trace: rollout.Trace{Observed: func(rollout.State) { e.looks.Add(1) }, Reconciled: e.tell}}
		_, err := told.Run(ctx, workload, strategy)
		ended <- err
	}()
}

// halt ends the run under way, as the end of a process does.
func (e *engine) halt() {
	if e.stop == nil {
		return
	}
	e.stop()
	if err := <-e.ended; err != nil && !errors.Is(err, context.Canceled) {
		e.Errorf("run: %v", err)
	}
	e.stop = nil
}

func (e *engine) strategy() rollout.Strategy {
	e.Helper()
	if e.want.recreate {
		return strategies.Recreate{}
	}
	rolling := strategies.Rolling{}
	for text, to := range map[*string]*rollout.Amount{&e.want.surge: &rolling.MaxSurge, &e.want.unavailable: &rolling.MaxUnavailable} {
		var err error
		if *text == "" {
			continue
		}
		if *to, err = rollout.ParseAmount(*text); err != nil {
			e.Fatal(err)
		}
	}
	return rolling
}

func (e *engine) completes() {
	e.Helper()
	select {
	case err := <-e.ended:
		e.ended <- nil
		if err != nil {
			e.Fatalf("run: %v", err)
		}
	case <-time.After(patience):
		e.Fatalf("not complete after %v: %v", patience, e.Sizes())
	}
}

// undoes wants what the API server stored of the revision before.
func (e *engine) undoes() {
	e.Helper()
	workload := e.Workload(e.client, e.target)
	back, err := workload.History(e.Observe(workload)).Previous()
	if err != nil {
		e.Fatal(err)
	}
	if e.target.Template, err = workload.Template(e.Context(), back.Name); err != nil {
		e.Fatal(err)
	}
	e.target.Annotations = workload.Annotations(back.Name)
	e.run()
}

func (e *engine) tell(s rollout.Status, _ error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.status = s
}

func (e *engine) outcome() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return fmt.Sprintf("%s: %s", e.status.Phase, e.status.Message)
}

func (e *engine) terminating() int32 {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.status.Terminating
}

func (e *engine) owner() string { return string(e.target.Owner.UID) }

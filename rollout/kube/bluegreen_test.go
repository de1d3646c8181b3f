package kube_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"

	"github.com/gopawl/pawl/rollout"
	"github.com/gopawl/pawl/rollout/kube"
	"github.com/gopawl/pawl/rollout/kube/kubetest"
	"github.com/gopawl/pawl/strategies"
)

var blueGreen = strategies.BlueGreen{Active: "web", Keep: 2 * time.Second}

// traffic watches the endpoints of the Service, and notes where they are fewer than promised, once
// they were as many, or of two versions at once.
type traffic struct {
	floor int

	mu     sync.Mutex
	armed  bool
	broken []string
	images map[string]string // of pods, by name
	slices map[string][]string
	told   []string // versions, as they followed one another
}

func (e *env) traffic(floor int) *traffic {
	e.Helper()
	g := &traffic{floor: floor, images: map[string]string{}, slices: map[string][]string{}}
	pods, err := e.api.CoreV1().Pods("default").Watch(e.Context(), metav1.ListOptions{})
	e.check(err)
	endpoints, err := e.api.DiscoveryV1().EndpointSlices("default").Watch(e.Context(), metav1.ListOptions{LabelSelector: discoveryv1.LabelServiceName + "=web"})
	e.check(err)
	follow(e.T, pods, func(event watch.Event) {
		pod := event.Object.(*corev1.Pod)
		g.mu.Lock()
		defer g.mu.Unlock()
		g.images[pod.Name] = pod.Spec.Containers[0].Image
	})
	follow(e.T, endpoints, g.saw)
	return g
}

func (g *traffic) saw(event watch.Event) {
	g.mu.Lock()
	defer g.mu.Unlock()
	slice := event.Object.(*discoveryv1.EndpointSlice)
	var ready []string
	for _, p := range slice.Endpoints {
		if *p.Conditions.Ready {
			ready = append(ready, g.images[p.TargetRef.Name])
		}
	}
	g.slices[slice.Name] = ready
	if event.Type == watch.Deleted {
		delete(g.slices, slice.Name)
	}
	versions := slices.Concat(slices.Collect(maps.Values(g.slices))...)
	n := len(versions)
	slices.Sort(versions)
	if versions = slices.Compact(versions); len(versions) > 1 {
		g.broken = append(g.broken, fmt.Sprintf("endpoints of %v at once", versions))
	}
	if len(versions) == 1 && (len(g.told) == 0 || g.told[len(g.told)-1] != versions[0]) {
		g.told = append(g.told, versions[0])
	}
	g.armed = g.armed || n >= g.floor
	if g.armed && n < g.floor {
		g.broken = append(g.broken, fmt.Sprintf("%d endpoints, at least %d promised", n, g.floor))
	}
}

// pods is how many there have ever been.
func (g *traffic) pods() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.images)
}

// check wants these versions to have served one after the other.
func (g *traffic) check(t *testing.T, versions ...string) {
	t.Helper()
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, broken := range g.broken {
		t.Error(broken)
	}
	if !slices.Equal(g.told, versions) {
		t.Errorf("served were %v, want %v", g.told, versions)
	}
}

// A version that does not start is given up and gone back from, and nobody notices. By hand the same
// within the keep time is one write to pods that still run.
func TestBlueGreenGoesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := start(t, kubetest.Options{StartUp: time.Second, Stop: time.Second})
		e.service(map[string]string{"app": "web"}, nil)
		c := &kube.Client{API: e.api}
		rejected := map[string]rollout.Rejection{}
		run := func(ctx context.Context, image string, waiting func()) (rollout.Status, error) {
			target := e.routed(image, "", 3)
			target.Rejected = rejected
			target.Reject = func(_ context.Context, all map[string]rollout.Rejection) error {
				rejected = all
				return nil
			}
			engine := rollout.Engine{Poll: time.Second, Trace: rollout.Trace{Reconciled: func(s rollout.Status, _ error) {
				if s.Phase == rollout.Waiting {
					waiting()
				}
			}}}
			return engine.Run(ctx, e.workload(c, target), strategies.Deadline(strategies.RollBack(blueGreen), 20*time.Second))
		}
		must := func(image string, want rollout.Phase) {
			t.Helper()
			if status, err := run(t.Context(), image, func() {}); status.Phase != want {
				t.Errorf("%s: %+v, %v", image, status, err)
			}
		}
		guard, users := e.guard(3, 6, 0), e.traffic(3)
		must("web:1", rollout.Complete)
		must("web:404-2", rollout.RolledBack)
		must("web:404-2", rollout.RolledBack) // it is written down
		if len(rejected) != 1 {
			t.Errorf("given up: %v", rejected)
		}
		within, stop := context.WithCancel(t.Context())
		defer stop()
		if status, err := run(within, "web:3", stop); err == nil || status.Phase != rollout.Waiting {
			t.Fatalf("in the keep time: %+v, %v", status, err)
		}
		made := users.pods()
		must("web:1", rollout.Complete)
		if now := users.pods(); now != made {
			t.Errorf("going back made pods: %d, then %d", made, now)
		}
		users.check(t, "web:1", "web:3", "web:1")
		guard.check(t)
	})
}

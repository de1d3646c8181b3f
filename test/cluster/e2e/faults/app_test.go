package faults

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/rest"

	"github.com/gopawl/pawl/rollout"
	"github.com/gopawl/pawl/rollout/kube"
	"github.com/gopawl/pawl/strategies"
	"github.com/gopawl/pawl/test/cluster/suite"
)

const (
	replicas = 3
	moment   = 100 * time.Millisecond // until a pod is ready, so that mistakes have the time to show
)

var (
	// rolling may exist once more than wanted, and none may be away.
	rolling = strategies.Rolling{MaxSurge: rollout.Count(1), MaxUnavailable: rollout.Count(0)}
	promise = suite.Promise{Floor: replicas, Ceiling: replicas + 1}
)

// app is a workload that goes from one template to the next, over and over, in a namespace of its own.
type app struct {
	*suite.Fixture
	target  kube.Target
	version int
}

func newApp(t *testing.T) *app {
	f := suite.New(t)
	return &app{Fixture: f, target: f.Target("web", "", replicas)}
}

// in is the app in a test of its own.
func (a *app) in(t *testing.T) *app {
	f := *a.Fixture
	f.T = t
	return &app{&f, a.target, a.version}
}

// next wants a template that there was not before, whose pods take some time to become ready.
func (a *app) next(delay time.Duration) {
	a.version++
	template := suite.ReplicaSet("web", a.image(), 0).Spec.Template
	template.Annotations["sim/ready-delay"] = delay.String()
	a.target.Template = template
}

func (a *app) image() string { return fmt.Sprintf("web:%d", a.version) }

// begin gets the app to run with one ReplicaSet.
func (a *app) begin() {
	a.Helper()
	if sets := a.Sets(); len(sets) == 1 && imageOf(&sets[0]) == a.image() {
		return
	}
	a.next(0)
	if err := a.run(a.Context(), a.Config, false); err != nil {
		a.Fatal(err)
	}
	a.forget()
}

// run rolls the app out as one process does: with a Client that remembers nothing, and informers of
// its own if it reads through them.
func (a *app) run(ctx context.Context, config *rest.Config, cached bool) error {
	a.Helper()
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	client := &kube.Client{API: suite.NewClient(a.T, config)}
	if cached {
		factory := informers.NewSharedInformerFactoryWithOptions(client.API, 0, informers.WithNamespace(a.Namespace))
		client.Cache = kube.NewInformers(factory)
		factory.StartWithContext(ctx)
		defer factory.Shutdown()
		defer cancel()
		factory.WaitForCacheSyncWithContext(ctx)
	}
	engine := rollout.Engine{Poll: 400 * time.Millisecond}
	_, err := engine.Run(ctx, a.Workload(client, a.target), rolling)
	return err
}

// end is what a rollout has led to, in words that do not depend on which one it was.
func (a *app) end() string {
	a.Helper()
	var lines []string
	first := int64(0)
	for _, rs := range a.byRevision() {
		what := "old"
		if imageOf(&rs) == a.image() {
			what = "new"
		}
		if first == 0 {
			first = revisionOf(&rs)
		}
		keys := rs.Annotations
		lines = append(lines, fmt.Sprintf("%s: revision +%d, %d replicas of %s for %s, settled %v, %d there, %d available",
			what, revisionOf(&rs)-first, *rs.Spec.Replicas, keys[kube.DesiredKey], keys[kube.MaxKey], keys[kube.DefaultPrefix+"/settled"] != "", rs.Status.Replicas, rs.Status.AvailableReplicas))
	}
	return strings.Join(append(lines, a.orphans()...), "\n")
}

func (a *app) byRevision() []appsv1.ReplicaSet {
	a.Helper()
	return slices.SortedFunc(slices.Values(a.Sets()), func(x, y appsv1.ReplicaSet) int {
		return cmp.Compare(revisionOf(&x), revisionOf(&y))
	})
}

func revisionOf(rs *appsv1.ReplicaSet) int64 {
	n, _ := strconv.ParseInt(rs.Annotations[kube.RevisionKey], 10, 64)
	return n
}

// orphans are the ReplicaSets that the app does not own, and the pods that belong to none.
func (a *app) orphans() (orphans []string) {
	a.Helper()
	owned := map[any]bool{a.target.Owner.UID: true}
	for _, rs := range a.Sets() {
		if ref := metav1.GetControllerOf(&rs); ref == nil || !owned[ref.UID] {
			orphans = append(orphans, "replica set "+rs.Name+" is nobody's")
		}
		owned[rs.UID] = true
	}
	for _, pod := range a.PodsNow() {
		if ref := metav1.GetControllerOf(pod); ref == nil || !owned[ref.UID] {
			orphans = append(orphans, "pod "+pod.Name+" is nobody's")
		}
	}
	return orphans
}

func imageOf(rs *appsv1.ReplicaSet) string { return rs.Spec.Template.Spec.Containers[0].Image }

// ended checks that a rollout has led to what it was to lead to, and that the next process finds
// nothing left to do.
func (a *app) ended(want string) {
	a.Helper()
	a.Eventually(20*time.Second, func(context.Context) error {
		if end := a.end(); end != want {
			return fmt.Errorf("the end:\n%s\nwant\n%s", end, want)
		}
		return nil
	})
	status, err := a.Reconcile(&kube.Client{API: a.Client}, a.target)
	if err != nil || status.Phase != rollout.Complete || status.Writes > 0 {
		a.Errorf("the next process finds %+v, %v; want nothing to do", status, err)
	}
}

// forget deletes what is left of earlier templates.
func (a *app) forget() {
	a.Helper()
	for _, rs := range a.Sets() {
		if imageOf(&rs) != a.image() {
			a.Remove(rs.Name)
		}
	}
	a.Eventually(20*time.Second, a.PodsReady("", replicas, replicas))
}

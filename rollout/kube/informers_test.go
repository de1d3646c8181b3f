package kube_test

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/kubernetes/scheme"
	typed "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/record"

	"github.com/gopawl/pawl/history"
	"github.com/gopawl/pawl/rollout"
	"github.com/gopawl/pawl/rollout/kube"
	"github.com/gopawl/pawl/rollout/kube/kubetest"
)

func TestWatchWakesUpAfterAChange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := start(t, kubetest.Options{})
		c := &kube.Client{API: e.api, Cache: e.informers()}
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		changes, err := e.workload(c, e.target("web:1", 1)).Watch(ctx)
		e.check(err)
		quiet := func() bool {
			synctest.Wait()
			select {
			case <-changes:
				return false
			default:
				return true
			}
		}
		quiet()
		if !quiet() {
			t.Error("wakes up without a change")
		}
		name := e.make("web-1", "web:1", func(rs *appsv1.ReplicaSet) { *rs.Spec.Replicas = 1 }).Name
		if quiet() {
			t.Error("a creation does not wake up")
		}
		time.Sleep(time.Minute)
		if quiet() {
			t.Error("pods do not wake up")
		}
		e.check(e.api.AppsV1().ReplicaSets("default").Delete(t.Context(), name, metav1.DeleteOptions{}))
		if quiet() {
			t.Error("a deletion does not wake up")
		}
		quiet()
		cancel()
		synctest.Wait()
		e.make("web-2", "web:1", nil)
		if !quiet() {
			t.Error("wakes up after the end of the context")
		}
	})
}

func TestWatchIsFollowedByFurtherInformers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := start(t, kubetest.Options{})
		factory := informers.NewSharedInformerFactory(e.api, 0)
		further := make([]cache.SharedIndexInformer, 1, 8)
		further[0] = factory.Core().V1().ConfigMaps().Informer()
		c := &kube.Client{API: e.api, Cache: kube.NewInformers(factory, further...)}
		if further[:2][1] != nil {
			t.Error("the caller's list was written")
		}
		ctx, cancel := context.WithCancel(t.Context())
		factory.Start(ctx.Done())
		defer factory.Shutdown()
		defer cancel()
		factory.WaitForCacheSync(ctx.Done())
		changes, err := e.workload(c, e.target("web:1", 1)).Watch(ctx)
		e.check(err)
		synctest.Wait()
		for len(changes) > 0 {
			<-changes
		}
		e.newOwner("another")
		synctest.Wait()
		if len(changes) != 1 {
			t.Error("the owner's change does not wake up")
		}
	})
}

func TestWithoutAWatchingCacheThereIsNoChannel(t *testing.T) {
	for _, cache := range []kube.Cache{nil, none{}} {
		w, err := (&kube.Client{Cache: cache}).Workload(valid())
		if err != nil {
			t.Fatal(err)
		}
		if changes, err := w.Watch(t.Context()); changes != nil || err != nil {
			t.Errorf("%v, %v", changes, err)
		}
	}
}

// The verbs of a rollout that uses everything are those of Rules, no more and no fewer.
func TestRulesAreTheVerbsInUse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := start(t, kubetest.Options{})
		api, calls := e.through(nil)
		recorded := &env{T: t, config: e.config, api: api, owner: e.owner}
		events, stop := broadcaster(api)
		c := &kube.Client{API: api, Cache: recorded.informers(), Events: events}
		for _, image := range []string{"web:1", "web:2", "web:1"} { // the same events twice
			e.run(c, e.target(image, 3))
		}
		e.make("web-orphan", "web:0", nil)
		synctest.Wait()
		_, err := (&rollout.Engine{}).Run(t.Context(), e.workload(c, e.target("web:1", 3)), history.Keep(rolling, 1))
		e.check(err)
		e.run(&kube.Client{API: api}, e.target("web:1", 4)) // without a cache
		e.service(map[string]string{"app": "web"}, nil)
		w, state := e.observed(c, e.routed("web:1", "", 4))
		e.check(w.Apply(t.Context(), rollout.Switch{Route: "web", To: state.Template}))
		e.reconcile(c, e.mounting(4))
		time.Sleep(time.Minute)
		e.observed(c, e.mounting(4))
		stop()
		used := map[string]bool{}
		for _, c := range calls.Take() {
			used[c.Verb+" "+c.Resource] = true
		}
		delete(used, "dry-run replicasets") // a create
		allowed := map[string]bool{}
		for _, rule := range slices.Concat(kube.Rules(), kube.RouteRules()) {
			for _, verb := range rule.Verbs {
				allowed[verb+" "+rule.Resources[0]] = true
			}
		}
		if d := cmp.Diff(allowed, used); d != "" {
			t.Errorf("-allowed +used:\n%s", d)
		}
	})
}

// broadcaster records events as a controller does, until stopped.
func broadcaster(api kubernetes.Interface) (events record.EventRecorder, stop func()) {
	b := record.NewBroadcaster()
	b.StartRecordingToSink(&typed.EventSinkImpl{Interface: api.CoreV1().Events("")})
	return b.NewRecorder(scheme.Scheme, corev1.EventSource{Component: "pawl"}), func() {
		synctest.Wait()
		b.Shutdown()
		synctest.Wait()
	}
}

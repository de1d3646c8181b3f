package kube_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/gopawl/pawl/history"
	"github.com/gopawl/pawl/internal/faults"
	"github.com/gopawl/pawl/rollout"
	"github.com/gopawl/pawl/rollout/kube"
	"github.com/gopawl/pawl/rollout/kube/kubetest"
)

// sizes are the sizes by name.
func sizes(s rollout.State) map[string]int32 {
	all := map[string]int32{}
	for _, r := range s.Revisions {
		all[r.Name] = r.Replicas
	}
	return all
}

func (e *env) liveSizes() map[string]int32 {
	all := map[string]int32{}
	for _, rs := range e.sets() {
		all[rs.Name] = *rs.Spec.Replicas
	}
	return all
}

func TestCacheThatStandsStillShowsOurWrites(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := start(t, kubetest.Options{})
		cache := e.lagging()
		cache.sets.advance = never
		api, calls := e.through(nil)
		c := &kube.Client{API: api, Cache: cache}
		reads := func() (reads []string) {
			for _, c := range calls.Take() {
				if !c.Writes() {
					reads = append(reads, c.String())
				}
			}
			return reads
		}
		observe := func(want ...string) (*kube.Workload, rollout.State) {
			t.Helper()
			w, s := e.observed(c, e.target("web:1", 2))
			if d := cmp.Diff(want, reads()); d != "" {
				t.Errorf("reads, -want +got:\n%s", d)
			}
			if d := cmp.Diff(e.liveSizes(), sizes(s)); d != "" {
				t.Errorf("sizes, -live +observed:\n%s", d)
			}
			return w, s
		}
		apply := func(w *kube.Workload, a rollout.Action) {
			t.Helper()
			e.check(w.Apply(t.Context(), a))
			reads()
		}
		w, s := observe("list replicasets") // the first look is live
		apply(w, rollout.Create{Template: s.Template, Replicas: 2})
		name := w.Created()
		w, _ = observe("get replicasets/" + name)
		apply(w, rollout.Scale{Name: name, From: 2, To: 1})
		observe("get replicasets/" + name)
		synctest.Wait()
		cache.sets.advance = nil
		w, _ = observe() // caught up
		cache.sets.advance = never
		apply(w, rollout.Scale{Name: name, From: 1, To: 0})
		time.Sleep(time.Second)
		w, s = observe("get replicasets/" + name)
		if s.Revisions[0].Actual != 0 || !s.Revisions[0].Observed {
			t.Errorf("not empty: %+v", s.Revisions[0])
		}
		apply(w, rollout.Delete{Name: name})
		observe() // still in the cache, no longer believed
		cache.sets.advance = func(int) int { return 1 }
		for range 10 {
			observe()
		}
	})
}

func TestDeletionIsNotUndoneByACacheThatShowsTheCreationLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := start(t, kubetest.Options{})
		cache := e.lagging()
		cache.sets.advance = never
		c := &kube.Client{API: e.api, Cache: cache}
		w, s := e.observed(c, e.target("web:1", 0))
		e.check(w.Apply(t.Context(), rollout.Create{Template: s.Template}))
		time.Sleep(time.Second)
		w, _ = e.observed(c, e.target("web:1", 0))
		e.check(w.Apply(t.Context(), rollout.Delete{Name: e.only().Name}))
		synctest.Wait()
		for range 3 {
			if _, s := e.observed(c, e.target("web:1", 0)); len(s.Revisions) != 0 {
				t.Fatalf("observed %v", sizes(s))
			}
			cache.sets.advance = func(int) int { return 1 } // the creation, then the deletion
		}
	})
}

// A new process starts with a cache that is older than what the one before it wrote.
func TestCacheOlderThanTheProcessIsNotBelieved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := start(t, kubetest.Options{})
		before := &kube.Client{API: e.api}
		e.run(before, e.target("web:1", 2))
		e.run(before, e.target("web:2", 2))
		e.run(before, e.target("web:3", 2))
		cache := e.lagging()
		synctest.Wait()
		_, _ = cache.ReplicaSets(t.Context(), "default")
		cache.sets.advance = never
		e.run(before, e.target("web:3", 4))
		engine := rollout.Engine{}
		if _, err := engine.Run(t.Context(), e.workload(before, e.target("web:3", 4)), history.Keep(rolling, 1)); err != nil {
			t.Fatal(err)
		}
		c := &kube.Client{API: e.api, Cache: cache}
		for look := range 3 {
			_, s := e.observed(c, e.target("web:3", 4))
			if d := cmp.Diff(e.liveSizes(), sizes(s)); d != "" {
				t.Errorf("look %d, -live +observed:\n%s", look, d)
			}
		}
	})
}

// An API server may answer a live list from a cache that fell behind.
func TestLiveListOfBeforeShowsOurWrites(t *testing.T) {
	e := still(t)
	var past faults.Past
	answer := past.Remember
	api, _ := e.through(func(int, faults.Call) faults.Fault { return answer })
	c := &kube.Client{API: api}
	w, s := e.observed(c, e.target("web:1", 3))
	e.check(w.Apply(t.Context(), rollout.Create{Template: s.Template, Replicas: 3}))
	answer = past.First
	_, s = e.observed(c, e.target("web:2", 3))
	if d := cmp.Diff(e.liveSizes(), sizes(s)); d != "" {
		t.Errorf("-live +observed:\n%s", d)
	}
}

func TestReplicaSetThatSomebodyDeletesGoes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := start(t, kubetest.Options{})
		api, calls := e.through(nil)
		c := &kube.Client{API: api, Cache: e.informers()}
		e.run(c, e.target("web:1", 2))
		e.check(e.api.AppsV1().ReplicaSets("default").Delete(t.Context(), e.only().Name, metav1.DeleteOptions{}))
		time.Sleep(time.Second)
		for look := range 3 {
			calls.Take()
			if _, s := e.observed(c, e.target("web:1", 2)); len(s.Revisions) != 0 {
				t.Errorf("observed %v", sizes(s))
			}
			if n := len(calls.Take()); n > 1 || look > 0 && n > 0 {
				t.Errorf("look %d reads %d times", look, n)
			}
		}
	})
}

func TestForgottenOwnerIsLookedAtLive(t *testing.T) {
	e := still(t)
	api, calls := e.through(nil)
	c := &kube.Client{API: api, Cache: none{}}
	target := e.target("web:1", 1)
	e.observed(c, target)
	e.observed(c, target)
	c.Forget("ConfigMap", target.Owner.Namespace, target.Owner.Name)
	e.observed(c, target)
	want := []faults.Call{{Verb: "list", Resource: "replicasets"}, {Verb: "list", Resource: "replicasets"}}
	if d := cmp.Diff(want, calls.Take()); d != "" {
		t.Errorf("reads, -want +got:\n%s", d)
	}
}

// An owner that was deleted and made again has nothing to do with the one before.
func TestOwnerOfTheSameNameIsAnotherOne(t *testing.T) {
	e := still(t)
	api, calls := e.through(nil)
	c := &kube.Client{API: api, Cache: none{}}
	first := e.target("web:1", 1)
	again := first
	again.Owner.UID = "another"
	for _, target := range []kube.Target{first, again, again, first} {
		e.observed(c, target)
	}
	if got := calls.Take(); len(got) != 3 { // for first, again, and first once more, which had been forgotten
		t.Errorf("%d live reads, want 3: %v", len(got), got)
	}
}

// none is a cache of nothing.
type none struct{}

func (none) ReplicaSets(context.Context, string) ([]*appsv1.ReplicaSet, error) { return nil, nil }

func (none) Pods(context.Context, string, labels.Selector) ([]*corev1.Pod, error) { return nil, nil }

package kube_test

import (
	"errors"
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/record"

	"github.com/gopawl/pawl/hashing"
	"github.com/gopawl/pawl/internal/faults"
	"github.com/gopawl/pawl/rollout"
	"github.com/gopawl/pawl/rollout/kube"
	"github.com/gopawl/pawl/rollout/kube/kubetest"
)

func name(identity string, collision int) string {
	return hashing.Name("web", hashing.Label(identity, collision))
}

// Another process, or this one before a crash, has made the ReplicaSet and the cache misses it.
func TestOurOwnNameIsLookedAtAgain(t *testing.T) {
	for _, cached := range []bool{false, true} {
		e := still(t)
		c := &kube.Client{API: e.api}
		if cached {
			c.Cache = none{}
			e.observed(c, e.target("web:1", 3))
		}
		w, s := e.observed(c, e.target("web:1", 3))
		twin, _ := e.observed(&kube.Client{API: e.api}, e.target("web:1", 3))
		create := rollout.Create{Template: s.Template, Replicas: 1}
		e.check(twin.Apply(t.Context(), create))
		e.wantConflict(w.Apply(t.Context(), create))
		if _, s = e.observed(c, e.target("web:1", 3)); len(s.Revisions) != 1 || s.Revisions[0].Template != s.Template {
			t.Errorf("cached=%t: observed %+v", cached, s.Revisions)
		}
		e.only()
	}
}

func TestNameOfAStrangerIsPassedOver(t *testing.T) {
	stranger := func(change func(*env, *appsv1.ReplicaSet)) func(*env, string, string) {
		return func(e *env, name, identity string) {
			e.make(name, "web:9", func(rs *appsv1.ReplicaSet) {
				rs.Labels = map[string]string{"app": "theirs"}
				change(e, rs)
			})
		}
	}
	for what, take := range map[string]func(e *env, name, identity string){
		"another owner's": stranger(func(e *env, rs *appsv1.ReplicaSet) { rs.OwnerReferences = controlledBy(e.newOwner("other")) }),
		"ours of another template": stranger(func(e *env, rs *appsv1.ReplicaSet) {
			rs.OwnerReferences = controlledBy(e.owner)
			rs.Annotations = map[string]string{kube.DefaultPrefix + "/template": "h1-other"}
		}),
		"on its way out": stranger(func(e *env, rs *appsv1.ReplicaSet) {
			e.owned(rs)
			rs.Finalizers = []string{"example.com/stuck"}
			rs.Annotations = map[string]string{kube.DefaultPrefix + "/template": e.workload(&kube.Client{}, e.target("web:1", 1)).Identity()}
		}),
	} {
		t.Run(what, func(t *testing.T) {
			e := still(t)
			c := &kube.Client{API: e.api}
			target := e.target("web:1", 3)
			w, s := e.observed(c, target)
			taken := name(s.Template, 0)
			take(e, taken, s.Template)
			if what == "on its way out" {
				e.check(e.api.AppsV1().ReplicaSets("default").Delete(t.Context(), taken, metav1.DeleteOptions{}))
			}
			e.check(w.Apply(t.Context(), rollout.Create{Template: s.Template, Replicas: 1}))
			if w.Created() != name(s.Template, 1) {
				t.Errorf("created %q", w.Created())
			}
			rs := e.set(w.Created())
			if rs.Labels[kube.HashLabel] != hashing.Label(s.Template, 1) {
				t.Errorf("label %q", rs.Labels[kube.HashLabel])
			}
			if _, s = e.observed(c, target); s.Revisions[len(s.Revisions)-1].Name != w.Created() {
				t.Errorf("observed %+v", s.Revisions)
			}
		})
	}
}

func TestNamesThatAreAllTakenAreRefused(t *testing.T) {
	e := still(t)
	w, s := e.observed(&kube.Client{API: e.api}, e.target("web:1", 3))
	for n := range 16 {
		e.make(name(s.Template, n), "web:9", func(rs *appsv1.ReplicaSet) { rs.Labels = map[string]string{"app": "theirs"} })
	}
	err := w.Apply(t.Context(), rollout.Create{Template: s.Template, Replicas: 1})
	var refused *kube.RefusedError
	if !errors.As(err, &refused) || errors.Is(err, rollout.ErrConflict) {
		t.Errorf("got %v", err)
	}
}

func TestLostAnswerMakesNoSecondReplicaSet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := start(t, kubetest.Options{})
		lost := false
		api, _ := e.through(func(_ int, c faults.Call) faults.Fault {
			if c.Verb == "create" && !lost {
				lost = true
				return faults.Lost(faults.Timeout)
			}
			return nil
		})
		c := &kube.Client{API: api}
		w, s := e.observed(c, e.target("web:1", 3))
		err := w.Apply(t.Context(), rollout.Create{Template: s.Template, Replicas: 3})
		var transient *rollout.TransientError
		if !errors.As(err, &transient) {
			t.Errorf("got %v", err)
		}
		before := e.only()
		e.run(c, e.target("web:1", 3))
		if d := cmp.Diff(before.UID, e.only().UID); d != "" {
			t.Error(d)
		}
	})
}

// An orphan with the wanted name and identity is adopted, not passed over.
func TestOrphanOfOurNameIsAdopted(t *testing.T) {
	e := still(t)
	c := &kube.Client{API: e.api, Cache: none{}}
	target := e.target("web:1", 3)
	e.observed(c, target)
	w, s := e.observed(c, target)
	e.make(name(s.Template, 0), "web:1", func(rs *appsv1.ReplicaSet) {
		rs.Annotations = map[string]string{kube.DefaultPrefix + "/template": s.Template}
	})
	e.wantConflict(w.Apply(t.Context(), rollout.Create{Template: s.Template, Replicas: 1}))
	e.check(w.Claim(t.Context()))
	if ref := metav1.GetControllerOf(e.only()); ref == nil || ref.UID != e.owner.UID {
		t.Errorf("controlled by %v", ref)
	}
}

func TestFailedCreationIsRecorded(t *testing.T) {
	for _, c := range []struct {
		code            int
		reason, message string
		want            kube.Refusal
		silent          bool
	}{
		{http.StatusForbidden, "Forbidden", "exceeded quota: q", kube.QuotaExceeded, false},
		{http.StatusUnprocessableEntity, "Invalid", "no", kube.Invalid, false},
		{http.StatusNotFound, "NotFound", `namespaces "default" not found`, kube.NamespaceTerminating, true},
	} {
		e := still(t)
		api, _ := e.through(func(_ int, made faults.Call) faults.Fault {
			if made.Verb == "create" {
				return faults.Answer(c.code, c.reason, c.message)
			}
			return nil
		})
		events := record.NewFakeRecorder(1)
		w, s := e.observed(&kube.Client{API: api, Events: events}, e.target("web:1", 3))
		refusedAs(c.want)(e, w.Apply(t.Context(), rollout.Create{Template: s.Template, Replicas: 1}))
		close(events.Events)
		got, recorded := <-events.Events
		want := fmt.Sprintf("Warning ReplicaSetCreateError Failed to create new replica set %q: %s", name(s.Template, 0), c.message)
		if recorded == c.silent || recorded && got != want {
			t.Errorf("%d: recorded %q, want %q", c.code, got, want)
		}
	}
}

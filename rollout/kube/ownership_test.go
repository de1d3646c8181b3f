package kube_test

import (
	"context"
	"errors"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/gopawl/pawl/internal/faults"
	"github.com/gopawl/pawl/rollout"
	"github.com/gopawl/pawl/rollout/kube"
)

func (e *env) controller(name string) string {
	e.Helper()
	if ref := metav1.GetControllerOf(e.set(name)); ref != nil {
		return string(ref.UID)
	}
	return ""
}

func (e *env) wantController(name string, want any) {
	e.Helper()
	uid := ""
	if owner, ok := want.(*corev1.ConfigMap); ok {
		uid = string(owner.UID)
	}
	if got := e.controller(name); got != uid {
		e.Errorf("%s is controlled by %q, want %q", name, got, uid)
	}
}

func TestClaimAdoptsAndReleasesOnce(t *testing.T) {
	e := still(t)
	other := e.newOwner("other")
	e.make("orphan", "web:1", nil)
	e.make("theirs", "web:1", func(rs *appsv1.ReplicaSet) { rs.OwnerReferences = controlledBy(other) })
	e.make("stray", "web:1", func(rs *appsv1.ReplicaSet) { rs.Labels = map[string]string{"app": "stray"} })
	e.make("ours", "web:1", e.owned)
	e.make("no-longer-ours", "web:1", func(rs *appsv1.ReplicaSet) {
		e.owned(rs)
		rs.Labels = map[string]string{"app": "moved"}
		rs.OwnerReferences = append(rs.OwnerReferences, metav1.OwnerReference{APIVersion: "v1", Kind: "ConfigMap", Name: "other", UID: other.UID})
	})
	api, calls := e.through(nil)
	w := e.workload(&kube.Client{API: api}, e.target("web:1", 1))
	e.check(w.Claim(t.Context()))
	e.wantController("orphan", e.owner)
	e.wantController("ours", e.owner)
	e.wantController("theirs", other)
	e.wantController("stray", nil)
	e.wantController("no-longer-ours", nil)
	if refs := e.set("no-longer-ours").OwnerReferences; len(refs) != 1 || refs[0].UID != other.UID {
		t.Errorf("owners %v", refs)
	}
	calls.Take()
	e.check(w.Claim(t.Context()))
	if d := cmp.Diff([]faults.Call{{Verb: "list", Resource: "replicasets"}}, calls.Take()); d != "" {
		t.Errorf("the second claim, -want +got:\n%s", d)
	}
}

func TestOrphanIsAdoptedOnlyForALiveOwner(t *testing.T) {
	now := metav1.Now()
	live := func(o metav1.Object, err error) func(context.Context) (metav1.Object, error) {
		return func(context.Context) (metav1.Object, error) { return o, err }
	}
	for name, c := range map[string]struct {
		change func(*env, *kube.Target)
		check  func(*env, error)
	}{
		"not asked":        {func(_ *env, t *kube.Target) { t.Owner.Live = nil }, nil},
		"owner on its way": {func(_ *env, t *kube.Target) { t.Owner.Deleting = true }, nil},
		"made anew": {func(_ *env, t *kube.Target) {
			t.Owner.Live = live(&metav1.ObjectMeta{UID: "new"}, nil)
		}, refusedAs(kube.OwnerGone)},
		"deleted in between": {func(e *env, t *kube.Target) {
			t.Owner.Live = live(&metav1.ObjectMeta{UID: e.owner.UID, DeletionTimestamp: &now}, nil)
		}, refusedAs(kube.OwnerGone)},
		"gone": {func(_ *env, t *kube.Target) {
			t.Owner.Live = live(nil, apierrors.NewNotFound(schema.GroupResource{}, "web"))
		}, refusedAs(kube.OwnerGone)},
		"not allowed to look": {func(_ *env, t *kube.Target) {
			t.Owner.Live = live(nil, apierrors.NewForbidden(schema.GroupResource{}, "web", errBroken))
		}, refusedAs(kube.Forbidden)},
	} {
		t.Run(name, func(t *testing.T) {
			e := still(t)
			e.T = t
			e.make("orphan", "web:1", nil)
			target := e.target("web:1", 1)
			c.change(e, &target)
			w := e.workload(&kube.Client{API: e.api}, target)
			err := w.Claim(t.Context())
			if c.check == nil {
				e.check(err)
				if s, err := w.Observe(t.Context()); err != nil || len(s.Revisions) != 0 {
					t.Errorf("observed %+v, %v", s.Revisions, err)
				}
			} else {
				c.check(e, err)
			}
			e.wantController("orphan", nil)
		})
	}
}

func refusedAs(why kube.Refusal) func(*env, error) {
	return func(e *env, err error) {
		e.Helper()
		var refused *kube.RefusedError
		if !errors.As(err, &refused) || refused.Why != why {
			e.Errorf("got %v, want it refused as %s", err, why)
		}
	}
}

func TestDeletedOwnerReleasesNothing(t *testing.T) {
	e := still(t)
	e.make("no-longer-ours", "web:1", func(rs *appsv1.ReplicaSet) {
		e.owned(rs)
		rs.Labels = map[string]string{"app": "moved"}
	})
	target := e.target("web:1", 1)
	target.Owner.Deleting = true
	e.check(e.workload(&kube.Client{API: e.api}, target).Claim(t.Context()))
	e.wantController("no-longer-ours", e.owner)
}

func TestDryRunNeitherAdoptsNorReleases(t *testing.T) {
	e := still(t)
	e.make("orphan", "web:1", func(rs *appsv1.ReplicaSet) { *rs.Spec.Replicas = 2 })
	e.make("moved", "web:1", func(rs *appsv1.ReplicaSet) {
		e.owned(rs)
		rs.Labels = map[string]string{"app": "moved"}
	})
	api, calls := e.through(nil)
	s, plan, err := (&rollout.Engine{}).Plan(t.Context(), e.workload(&kube.Client{API: api}, e.target("web:2", 2)), rolling)
	e.check(err)
	for _, c := range calls.Take() {
		if c.Writes() {
			t.Errorf("%v", c)
		}
	}
	if len(s.Revisions) != 1 || s.Revisions[0].Name != "orphan" || len(plan.Steps) == 0 {
		t.Errorf("state %+v, plan %+v", s, plan)
	}
}

// An orphan that appears between Claim and Observe is not ours to scale yet.
func TestOrphanIsNotWrittenBeforeItIsAdopted(t *testing.T) {
	e := still(t)
	e.make("orphan", "web:1", nil)
	w, _ := e.observed(&kube.Client{API: e.api}, e.target("web:2", 1))
	before := e.sets()
	e.wantConflict(w.Apply(t.Context(), rollout.Scale{Name: "orphan", From: 0, To: 1}))
	e.wantConflict(w.Apply(t.Context(), rollout.Delete{Name: "orphan"}))
	if d := cmp.Diff(before, e.sets()); d != "" {
		t.Error(d)
	}
}

// Two controllers adopt one orphan: the API server allows one, and the other looks again.
func TestLostRaceForAnOrphanIsAConflict(t *testing.T) {
	e := still(t)
	rs := e.make("orphan", "web:1", nil)
	api, _ := e.through(func(_ int, c faults.Call) faults.Fault {
		if c.Verb != "patch" {
			return nil
		}
		other := e.newOwner("other")
		e.edit("orphan", func(rs *appsv1.ReplicaSet) { rs.OwnerReferences = controlledBy(other) })
		return faults.Answer(http.StatusUnprocessableEntity, "Invalid", "Only one reference can have Controller set to true")
	})
	e.wantConflict(e.workload(&kube.Client{API: api}, e.target("web:1", 1)).Claim(t.Context()))
	if got := e.set("orphan"); len(got.OwnerReferences) != 1 || got.UID != rs.UID {
		t.Errorf("owners %v", got.OwnerReferences)
	}
}

func TestInvalidOrphanIsRefused(t *testing.T) {
	e := still(t)
	e.make("orphan", "web:1", nil)
	api, _ := e.through(func(_ int, c faults.Call) faults.Fault {
		if c.Verb == "patch" {
			return faults.Answer(http.StatusUnprocessableEntity, "Invalid", "no such webhook")
		}
		return nil
	})
	refusedAs(kube.Invalid)(e, e.workload(&kube.Client{API: api}, e.target("web:1", 1)).Claim(t.Context()))
}

// A cache that still shows what is gone or made anew leads to a look, not to another object.
func TestStaleClaimTouchesNobodyElse(t *testing.T) {
	for _, labels := range []string{"web", "moved"} {
		e := still(t)
		old := e.make("web-1", "web:1", func(rs *appsv1.ReplicaSet) {
			rs.Labels = map[string]string{"app": labels}
			if labels == "moved" {
				e.owned(rs)
			}
		})
		e.check(e.api.AppsV1().ReplicaSets("default").Delete(t.Context(), "web-1", metav1.DeleteOptions{}))
		other := e.newOwner("other")
		e.make("web-1", "web:1", func(rs *appsv1.ReplicaSet) { rs.OwnerReferences = controlledBy(other) })
		old.ResourceVersion = "999999" // not older than the first look
		c := &kube.Client{API: e.api, Cache: fixed{sets: []*appsv1.ReplicaSet{old}}}
		e.observed(c, e.target("web:1", 1))
		e.wantConflict(e.workload(c, e.target("web:1", 1)).Claim(t.Context()))
		e.wantController("web-1", other)
	}
}

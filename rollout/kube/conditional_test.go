package kube_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/gopawl/pawl/internal/faults"
	"github.com/gopawl/pawl/rollout"
	"github.com/gopawl/pawl/rollout/kube"
)

// Each write is planned on what was observed, and somebody changes it before it arrives.
func TestStaleWritesChangeNothing(t *testing.T) {
	scale := func(name string) rollout.Action { return rollout.Scale{Name: name, From: 2, To: 1} }
	adopt := func(name string) rollout.Action { return rollout.Adopt{Name: name} }
	settle := func(name string) rollout.Action { return rollout.Settle{Name: name} }
	remove := func(name string) rollout.Action { return rollout.Delete{Name: name} }
	resize := func(e *env, name string) {
		e.edit(name, func(rs *appsv1.ReplicaSet) { *rs.Spec.Replicas = 5 })
	}
	recreate := func(e *env, name string) {
		old := e.set(name)
		e.check(e.api.AppsV1().ReplicaSets("default").Delete(e.Context(), name, metav1.DeleteOptions{}))
		old.UID, old.ResourceVersion = "", ""
		_, err := e.api.AppsV1().ReplicaSets("default").Create(e.Context(), old, metav1.CreateOptions{})
		e.check(err)
	}
	takeover := func(e *env, name string) {
		other := e.newOwner("other")
		e.edit(name, func(rs *appsv1.ReplicaSet) { rs.OwnerReferences = controlledBy(other) })
	}
	gone := func(e *env, name string) {
		e.check(e.api.AppsV1().ReplicaSets("default").Delete(e.Context(), name, metav1.DeleteOptions{}))
	}
	for _, c := range []struct {
		name     string
		action   func(string) rollout.Action
		replicas int32
		meddle   func(*env, string)
	}{
		{"scale, resized", scale, 2, resize},
		{"scale, made anew", scale, 2, recreate},
		{"scale, taken over", scale, 2, takeover},
		{"scale, gone", scale, 2, gone},
		{"scale, planned on another size", scale, 3, func(*env, string) {}},
		{"adopt, made anew", adopt, 2, recreate},
		{"adopt, taken over", adopt, 2, takeover},
		{"settle, made anew", settle, 2, recreate},
		{"delete, resized", remove, 0, resize},
		{"delete, made anew", remove, 0, recreate},
		{"delete, taken over", remove, 0, takeover},
		{"delete, gone", remove, 0, gone},
		{"delete, not empty", remove, 1, func(*env, string) {}},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := still(t)
			name := e.make("web-1", "web:1", func(rs *appsv1.ReplicaSet) {
				e.owned(rs)
				*rs.Spec.Replicas = c.replicas
				rs.Annotations = map[string]string{"a": "b"}
			}).Name
			w, _ := e.observed(&kube.Client{API: e.api}, e.target("web:2", 3))
			c.meddle(e, name)
			before := e.sets()
			e.wantConflict(w.Apply(t.Context(), c.action(name)))
			if d := cmp.Diff(before, e.sets()); d != "" {
				t.Errorf("changed:\n%s", d)
			}
		})
	}
}

func TestUnknownNameAndTemplateAreConflicts(t *testing.T) {
	e := still(t)
	w, _ := e.observed(&kube.Client{API: e.api}, e.target("web:1", 3))
	e.wantConflict(w.Apply(t.Context(), rollout.Scale{Name: "other", From: 1, To: 2}))
	e.wantConflict(w.Apply(t.Context(), rollout.Create{Template: "h1-other"}))
	if err := w.Apply(t.Context(), rollout.Switch{}); !errors.Is(err, rollout.ErrUnsupported) {
		t.Errorf("got %v", err)
	}
}

// The API server answers 422 to a test that fails and to a result that is not valid alike.
func TestInvalidResultIsNotAConflict(t *testing.T) {
	e := still(t)
	e.make("web-1", "web:1", e.owned)
	w, _ := e.observed(&kube.Client{API: e.api}, e.target("web:2", 3))
	err := w.Apply(t.Context(), rollout.Scale{Name: "web-1", From: 0, To: -1})
	var refused *kube.RefusedError
	if !errors.As(err, &refused) || refused.Why != kube.Invalid || errors.Is(err, rollout.ErrConflict) {
		t.Errorf("got %v", err)
	}
}

func TestReplicaSetWithoutAnnotations(t *testing.T) {
	e := still(t)
	e.make("web-1", "web:1", e.owned)
	c := &kube.Client{API: e.api}
	w, _ := e.observed(c, e.target("web:2", 3))
	late, _ := e.observed(c, e.target("web:2", 3))
	e.check(w.Apply(t.Context(), rollout.Scale{Name: "web-1", From: 0, To: 2, Basis: rollout.Basis{Desired: 3, Max: 4}}))
	if rs := e.only(); *rs.Spec.Replicas != 2 || rs.Annotations[kube.MaxKey] != "4" {
		t.Errorf("%d replicas, annotations %v", *rs.Spec.Replicas, rs.Annotations)
	}
	e.wantConflict(late.Apply(t.Context(), rollout.Settle{Name: "web-1"})) // it has annotations by now
	w, _ = e.observed(c, e.target("web:2", 3))
	e.edit("web-1", func(rs *appsv1.ReplicaSet) { rs.Annotations = nil })
	e.wantConflict(w.Apply(t.Context(), rollout.Settle{Name: "web-1"})) // and none again
}

// Steps of one plan build on each other.
func TestActionsFollowOneAnother(t *testing.T) {
	e := still(t)
	c := &kube.Client{API: e.api}
	target := e.target("web:1", 3)
	target.Annotations = map[string]string{"team": "blue"}
	w, s := e.observed(c, target)
	e.check(w.Apply(t.Context(), rollout.Create{Template: s.Template, Replicas: 1}))
	target.Annotations = nil
	w, s = e.observed(c, target)
	name := e.only().Name
	for _, a := range []rollout.Action{
		rollout.Settle{Name: name},
		rollout.Adopt{Name: name},
		rollout.Scale{Name: name, From: 1, To: 1},
		rollout.Scale{Name: name, From: 1, To: 2},
		rollout.Scale{Name: name, From: 2, To: 3},
	} {
		if err := w.Apply(t.Context(), a); err != nil {
			t.Errorf("%v: %v", a, err)
		}
	}
	if rs := e.only(); *rs.Spec.Replicas != 3 || rs.Annotations["team"] != "" || rs.Annotations[kube.RevisionKey] != "2" {
		t.Errorf("%d replicas, annotations %v", *rs.Spec.Replicas, rs.Annotations)
	}
}

func TestConcurrentWritersKeepTheirAnnotations(t *testing.T) {
	e := still(t)
	e.make("web-1", "web:1", func(rs *appsv1.ReplicaSet) { e.owned(rs); rs.Annotations = map[string]string{"a": "b"} })
	w, _ := e.observed(&kube.Client{API: e.api}, e.target("web:2", 3))
	var all sync.WaitGroup
	for i := range 5 {
		patch := fmt.Sprintf(`{"metadata":{"annotations":{"theirs-%d":"x"}}}`, i)
		all.Go(func() {
			_, err := e.api.AppsV1().ReplicaSets("default").Patch(t.Context(), "web-1", types.MergePatchType, []byte(patch), metav1.PatchOptions{})
			if err != nil {
				t.Error(err)
			}
		})
	}
	for n := range int32(5) {
		e.check(w.Apply(t.Context(), rollout.Scale{Name: "web-1", From: n, To: n + 1}))
	}
	all.Wait()
	rs := e.only()
	for i := range 5 {
		if rs.Annotations[fmt.Sprintf("theirs-%d", i)] != "x" {
			t.Errorf("annotation %d is lost: %v", i, rs.Annotations)
		}
	}
	if *rs.Spec.Replicas != 5 || rs.Annotations["a"] != "b" {
		t.Errorf("%d replicas, %v", *rs.Spec.Replicas, rs.Annotations)
	}
}

func TestUnknownFieldsSurviveEveryWrite(t *testing.T) {
	e := still(t)
	data, err := json.Marshal(template("web:1"))
	e.check(err)
	var tmpl map[string]any
	e.check(json.Unmarshal(data, &tmpl))
	tmpl["spec"].(map[string]any)["tomorrow"] = map[string]any{"deep": "x"}
	target := e.target("web:1", 1)
	target.Template = tmpl
	c := &kube.Client{API: e.api}
	w, s := e.observed(c, target)
	e.check(w.Apply(t.Context(), rollout.Create{Template: s.Template, Replicas: 1}))
	name := e.only().Name
	for _, a := range []rollout.Action{
		rollout.Scale{Name: name, From: 1, To: 2}, rollout.Adopt{Name: name}, rollout.Settle{Name: name},
	} {
		w, s = e.observed(c, target)
		e.check(w.Apply(t.Context(), a))
		e.check(w.Claim(t.Context()))
		stored, err := w.Template(t.Context(), name)
		e.check(err)
		if got := stored["spec"].(map[string]any)["tomorrow"]; !cmp.Equal(got, map[string]any{"deep": "x"}) {
			t.Fatalf("after %v: %v", a, got)
		}
	}
	if _, err := w.Template(t.Context(), "other"); !errors.Is(err, rollout.ErrConflict) {
		t.Errorf("template of a revision that is not there: %v", err)
	}
	if _, ok := tmpl["metadata"].(map[string]any)["labels"].(map[string]any)[kube.HashLabel]; ok || len(s.Revisions) != 1 {
		t.Error("the target's template was changed")
	}
}

var errBroken = errors.New("broken")

func TestUnansweredLookLeavesTheConflictOpen(t *testing.T) {
	e := still(t)
	e.make("web-1", "web:1", e.owned)
	broken := false
	api, _ := e.through(func(_ int, c faults.Call) faults.Fault {
		if broken && c.Verb == "get" {
			return faults.Unsent(errBroken)
		}
		return nil
	})
	w, _ := e.observed(&kube.Client{API: api}, e.target("web:2", 3))
	e.edit("web-1", func(rs *appsv1.ReplicaSet) { *rs.Spec.Replicas = 5 })
	broken = true
	err := w.Apply(t.Context(), rollout.Scale{Name: "web-1", From: 0, To: 1})
	var transient *rollout.TransientError
	if !errors.As(err, &transient) {
		t.Errorf("got %v", err)
	}
}

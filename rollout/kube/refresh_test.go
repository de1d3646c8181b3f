package kube_test

import (
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"

	"github.com/gopawl/pawl/rollout"
	"github.com/gopawl/pawl/rollout/kube"
	"github.com/gopawl/pawl/rollout/kube/kubetest"
)

func TestOwnersAnnotationsFollowToTheNewReplicaSet(t *testing.T) {
	eachCache(t, func(e *env, c *kube.Client) {
		target := e.target("web:1", 1)
		want := func(cause, team string) {
			e.Helper()
			e.run(c, target)
			a := e.only().Annotations
			if a[kube.ChangeCauseKey] != cause || a["team"] != team || a["theirs"] == "" && a["team"] == "red" || a[kube.RevisionKey] != "1" {
				e.Errorf("annotations %v", a)
			}
		}
		target.Annotations = map[string]string{kube.ChangeCauseKey: "one", "team": "blue"}
		want("one", "blue")
		rs := e.only()
		rs.Annotations["theirs"] = "x"
		e.edit(rs.Name, func(now *appsv1.ReplicaSet) { now.Annotations = rs.Annotations })
		target.Annotations = map[string]string{kube.ChangeCauseKey: "two", "team": "red", "kubectl.kubernetes.io/last-applied-configuration": "{}"}
		want("two", "red")
		target.Annotations = map[string]string{"team": "red"}
		want("", "red")
		target.Annotations = nil
		want("", "")
		if e.only().Annotations["theirs"] != "x" {
			e.Error("somebody else's annotation is gone")
		}
	})
}

func TestOldReplicaSetsKeepTheirAnnotations(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := start(t, kubetest.Options{})
		c := &kube.Client{API: e.api}
		for image, cause := range map[string]string{"web:1": "one"} {
			target := e.target(image, 1)
			target.Annotations = map[string]string{kube.ChangeCauseKey: cause}
			e.run(c, target)
		}
		target := e.target("web:2", 1)
		target.Annotations = map[string]string{kube.ChangeCauseKey: "two"}
		e.run(c, target)
		w, s := e.observed(c, target)
		var causes []string
		for _, row := range w.History(s).List() {
			causes = append(causes, row.Cause)
		}
		if d := cmp.Diff([]string{"one", "two"}, causes); d != "" {
			t.Errorf("-want +got:\n%s", d)
		}
		target.Annotations[kube.RevisionKey] = "2"
		back := map[string]string{kube.ChangeCauseKey: "one", kube.RevisionKey: "2"}
		w, s = e.observed(c, target)
		if d := cmp.Diff(back, w.Annotations(s.Revisions[0].Name)); d != "" {
			t.Errorf("after a rollback, -want +got:\n%s", d)
		}
	})
}

func TestMinReadySecondsChangeInPlace(t *testing.T) {
	eachCache(t, func(e *env, c *kube.Client) {
		target := e.target("web:1", 2)
		e.run(c, target)
		before := e.only()
		target.MinReadySeconds = 5
		e.run(c, target)
		after := e.only()
		if after.Spec.MinReadySeconds != 5 || after.Generation != before.Generation+1 || after.Annotations[kube.RevisionKey] != "1" {
			e.Errorf("%d seconds, generation %d to %d", after.Spec.MinReadySeconds, before.Generation, after.Generation)
		}
		target.MinReadySeconds = 0
		e.run(c, target)
		if got := e.only(); got.Spec.MinReadySeconds != 0 {
			e.Errorf("%d seconds", got.Spec.MinReadySeconds)
		}
	})
}

func TestNothingIsRefreshedTwice(t *testing.T) {
	e := still(t)
	api, calls := e.through(nil)
	c := &kube.Client{API: api}
	target := e.target("web:1", 0)
	target.Annotations, target.MinReadySeconds = map[string]string{"team": "blue"}, 3
	e.reconcile(c, target)
	target.Annotations = map[string]string{"team": "red"}
	e.reconcile(c, target)
	calls.Take()
	e.reconcile(c, target)
	for _, call := range calls.Take() {
		if call.Writes() {
			t.Errorf("%v", call)
		}
	}
}

func TestAdoptionTakesTheNextNumber(t *testing.T) {
	for _, c := range []struct {
		name          string
		own, other    string
		past          string
		owner         int64
		number, after string
	}{
		{"after the others", "1", "4", "", 0, "5", "1"},
		{"beyond what the owner remembers", "1", "4", "", 9, "10", "1"},
		{"with a history", "3", "4", "1,2", 0, "5", "1,2,3"},
		{"without a number", "", "4", "", 0, "5", ""},
		{"with nonsense for a number", "x", "-4", "", 0, "1", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := still(t)
			numbered := func(own, past string) func(*appsv1.ReplicaSet) {
				return func(rs *appsv1.ReplicaSet) {
					e.owned(rs)
					rs.Annotations = map[string]string{kube.RevisionKey: own, kube.DefaultPrefix + "/settled": "2025-01-01T00:00:00Z"}
					if past != "" {
						rs.Annotations[kube.RevisionHistoryKey] = past
					}
				}
			}
			e.make("web-1", "web:1", numbered(c.own, c.past))
			e.make("web-2", "web:2", numbered(c.other, ""))
			target := e.target("web:1", 1)
			target.Number = c.owner
			w, _ := e.observed(&kube.Client{API: e.api}, target)
			e.check(w.Apply(t.Context(), rollout.Adopt{Name: "web-1"}))
			a := e.set("web-1").Annotations
			if a[kube.RevisionKey] != c.number || a[kube.RevisionHistoryKey] != c.after {
				t.Errorf("number %s after %q", a[kube.RevisionKey], a[kube.RevisionHistoryKey])
			}
			if _, settled := a[kube.DefaultPrefix+"/settled"]; settled {
				t.Error("still settled")
			}
		})
	}
}

func TestSettleAndScaleAreStamped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := start(t, kubetest.Options{})
		c := &kube.Client{API: e.api, Prefix: "example.com"}
		e.run(c, e.target("web:1", 1))
		_, s := e.observed(c, e.target("web:1", 1))
		r := s.Revisions[0]
		if r.Scaled.IsZero() || !r.Settled.After(r.Scaled) || r.Settled.After(s.Now) || r.Basis != (rollout.Basis{Desired: 1, Max: 2}) {
			t.Errorf("%+v", r)
		}
		if e.only().Annotations["example.com/settled"] == "" {
			t.Errorf("annotations %v", e.only().Annotations)
		}
	})
}

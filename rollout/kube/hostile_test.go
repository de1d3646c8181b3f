package kube_test

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/gopawl/pawl/rollout"
	"github.com/gopawl/pawl/rollout/kube"
)

// What a cache returns belongs to everybody.
func TestCachedObjectsAreNotChanged(t *testing.T) {
	e := still(t)
	cached := e.make("web-1", "web:1", func(rs *appsv1.ReplicaSet) { e.owned(rs); rs.Annotations = map[string]string{"a": "b"} })
	cache := fixed{sets: []*appsv1.ReplicaSet{cached, e.make("other", "web:1", func(rs *appsv1.ReplicaSet) {
		rs.Labels = map[string]string{"app": "other"}
	})}}
	before := fixed{sets: []*appsv1.ReplicaSet{cached.DeepCopy(), cache.sets[1].DeepCopy()}}
	c := &kube.Client{API: e.api, Cache: cache}
	for range 2 {
		w, _ := e.observed(c, e.target("web:1", 3))
		e.check(w.Claim(t.Context()))
		e.check(w.Apply(t.Context(), rollout.Scale{Name: "web-1", From: 0, To: 0}))
	}
	if d := cmp.Diff(before.sets, cache.sets); d != "" {
		t.Errorf("changed:\n%s", d)
	}
}

// fixed is a cache that always shows the same.
type fixed struct {
	sets []*appsv1.ReplicaSet
	pods []*corev1.Pod
}

func TestHostileReplicaSetsDoNotPanic(t *testing.T) {
	e := still(t)
	nothing := &appsv1.ReplicaSet{ObjectMeta: metav1.ObjectMeta{
		Name: "web-1", UID: "u", Namespace: "default", ResourceVersion: "7", Labels: map[string]string{"app": "web"}, OwnerReferences: controlledBy(e.owner),
		Annotations: map[string]string{
			kube.RevisionKey: "9223372036854775807", kube.RevisionHistoryKey: ",,x,-1", kube.DesiredKey: "99999999999", kube.MaxKey: "NaN",
			kube.DefaultPrefix + "/scaled": "yesterday", kube.DefaultPrefix + "/settled": "", kube.DefaultPrefix + "/template": "\x00",
			kube.DefaultPrefix + "/copied": ",,a,a," + kube.RevisionKey,
		},
	}}
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Labels: nothing.Labels, OwnerReferences: []metav1.OwnerReference{{UID: "u"}}}}
	c := &kube.Client{API: e.api, Cache: fixed{sets: []*appsv1.ReplicaSet{nothing}, pods: []*corev1.Pod{pod, {}}}}
	e.observed(c, e.target("web:1", 3)) // the first look is live
	w, s := e.observed(c, e.target("web:1", 3))
	if len(s.Revisions) != 1 || s.Revisions[0].Number != 0 || s.Revisions[0].Replicas != 1 {
		t.Errorf("observed %+v", s.Revisions)
	}
	e.check(s.Validate())
	w.History(s).List()
	w.Annotations("web-1")
}

// A revision number near the end of its range does not make every look an adoption.
func TestAbsurdRevisionNumberIsNone(t *testing.T) {
	e := still(t)
	e.make("web-1", "web:1", func(rs *appsv1.ReplicaSet) {
		e.owned(rs)
		rs.Annotations = map[string]string{kube.RevisionKey: "9223372036854775807"}
	})
	api, calls := e.through(nil)
	c := &kube.Client{API: api}
	e.reconcile(c, e.target("web:2", 1))
	calls.Take()
	e.reconcile(c, e.target("web:2", 1))
	for _, call := range calls.Take() {
		if call.Writes() {
			t.Errorf("writes again: %v", call)
		}
	}
}

// Whoever removes the owner's annotations may not remove ours.
func TestCopiedKeysAreNotTrusted(t *testing.T) {
	e := still(t)
	c := &kube.Client{API: e.api}
	e.reconcile(c, e.target("web:1", 0))
	e.edit(e.only().Name, func(rs *appsv1.ReplicaSet) {
		rs.Annotations["x"] = "y"
		rs.Annotations[kube.DefaultPrefix+"/copied"] = "x,x," + kube.RevisionKey + "," + kube.DefaultPrefix + "/template"
	})
	w, s := e.observed(c, e.target("web:1", 0))
	if !s.Revisions[0].Outdated {
		t.Error("not outdated")
	}
	e.check(w.Apply(t.Context(), rollout.Scale{Name: e.only().Name}))
	a := e.only().Annotations
	if a[kube.RevisionKey] != "1" || a[kube.DefaultPrefix+"/template"] == "" || a["x"] != "" {
		t.Errorf("annotations %v", a)
	}
}

func (f fixed) ReplicaSets(context.Context, string) ([]*appsv1.ReplicaSet, error) { return f.sets, nil }
func (f fixed) Pods(context.Context, string, labels.Selector) ([]*corev1.Pod, error) {
	return f.pods, nil
}

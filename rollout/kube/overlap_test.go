package kube_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gopawl/pawl/rollout"
	"github.com/gopawl/pawl/rollout/kube"
)

// second is a target of another owner; of its selector each of its pods has all the labels.
func (e *env) second(name string, labels ...string) kube.Target {
	e.Helper()
	target := e.target("web:1", 1)
	target.Owner = kube.OwnerOf(e.newOwner(name), corev1.SchemeGroupVersion.WithKind("ConfigMap"))
	selected := map[string]string{}
	for _, l := range labels {
		k, v, _ := strings.Cut(l, "=")
		selected[k] = v
	}
	tmpl := template("web:1")
	tmpl.Labels = selected
	target.Selector, target.Template = &metav1.LabelSelector{MatchLabels: selected}, tmpl
	return target
}

// The first workload has the selector app=web.
func TestOverlappingWorkloadIsRefused(t *testing.T) {
	for name, c := range map[string]struct {
		labels  []string // of the second
		change  func(*appsv1.ReplicaSet)
		deleted bool
		target  func(*kube.Target)
		refused bool
	}{
		"the same selector":               {labels: []string{"app=web"}, refused: true},
		"one that selects less":           {labels: []string{"app=web", "tier=front"}, refused: true},
		"another":                         {labels: []string{"app=db"}},
		"made by somebody else":           {labels: []string{"app=web"}, change: func(rs *appsv1.ReplicaSet) { rs.Annotations = nil }},
		"nobody's":                        {labels: []string{"app=web"}, change: func(rs *appsv1.ReplicaSet) { rs.OwnerReferences = nil }},
		"of an earlier owner of its name": {labels: []string{"app=web"}, change: func(rs *appsv1.ReplicaSet) { rs.OwnerReferences[0].Name = "second" }},
		"one that selects more": {labels: []string{"app=db"}, target: func(t *kube.Target) {
			t.Selector = &metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{{Key: "app", Operator: "In", Values: []string{"web", "db"}}}}
		}, refused: true},
		"begun by one that goes": {labels: []string{"app=web"}, target: func(t *kube.Target) { t.Owner.Deleting = true }},
		"on its way out":         {labels: []string{"app=web"}, change: func(rs *appsv1.ReplicaSet) { rs.Finalizers = []string{"example.com/held"} }, deleted: true},
	} {
		t.Run(name, func(t *testing.T) {
			e := still(t)
			e.T = t
			e.reconcile(&kube.Client{API: e.api}, e.target("web:1", 1))
			if c.change != nil {
				e.edit(e.only().Name, c.change)
			}
			if c.deleted {
				e.check(e.api.AppsV1().ReplicaSets("default").Delete(t.Context(), e.only().Name, metav1.DeleteOptions{}))
			}
			before := e.sets()
			second := e.second("second", c.labels...)
			if c.target != nil {
				c.target(&second)
			}
			status, err := (&rollout.Engine{}).Reconcile(t.Context(), e.workload(&kube.Client{API: e.api}, second), rolling)
			if !c.refused {
				if err != nil || len(e.sets()) != 2 {
					t.Errorf("%d ReplicaSets, %+v: %v", len(e.sets()), status, err)
				}
				return
			}
			refusedAs(kube.SelectorOverlaps)(e, err)
			if text := err.Error(); !strings.Contains(text, `ConfigMap "second"`) || !strings.Contains(text, `ConfigMap "web"`) {
				t.Errorf("%v; want both named", err)
			}
			if d := cmp.Diff(before, e.sets()); d != "" {
				t.Errorf("written: %s", d)
			}
			if _, _, err = (&rollout.Engine{}).Plan(t.Context(), e.workload(&kube.Client{API: e.api}, second), rolling); err == nil {
				t.Error("a dry run is not refused")
			}
		})
	}
}

// An orphan that both select goes to neither of two that would share it, and the one that runs already
// does not stop for a newcomer.
func TestOverlapStopsTheNewcomerOnly(t *testing.T) {
	e := still(t)
	first := &kube.Client{API: e.api}
	e.reconcile(first, e.target("web:1", 1))
	e.make("orphan", "web:0", nil)
	refusedAs(kube.SelectorOverlaps)(e, e.workload(&kube.Client{API: e.api}, e.second("second", "app=web")).Claim(t.Context()))
	e.wantController("orphan", nil)

	other := e.newOwner("third") // began at the same moment, and saw nothing of the first
	e.make("third-1", "web:1", func(rs *appsv1.ReplicaSet) {
		rs.OwnerReferences = controlledBy(other)
		rs.Annotations = map[string]string{kube.DefaultPrefix + "/template": "h1-x"}
	})
	e.reconcile(first, e.target("web:2", 1))
	e.wantController("orphan", e.owner)
	e.wantController("third-1", other)
}

// A selector that says nothing selects nothing here, not everything.
func TestOddSelectorOverlapsWithNothing(t *testing.T) {
	e := still(t)
	other := e.newOwner("other")
	odd := e.make("odd", "web:1", func(rs *appsv1.ReplicaSet) {
		rs.OwnerReferences = controlledBy(other)
		rs.Annotations = map[string]string{kube.DefaultPrefix + "/template": "h1-x"}
	})
	odd.Labels = nil
	for _, selector := range []*metav1.LabelSelector{
		nil, {}, {MatchLabels: map[string]string{kube.HashLabel: "x"}},
		{MatchExpressions: []metav1.LabelSelectorRequirement{{Key: "app", Operator: "Near"}}},
	} {
		odd.Spec.Selector = selector
		c := &kube.Client{API: e.api, Cache: fixed{sets: []*appsv1.ReplicaSet{odd}}}
		target := e.target("web:1", 1)
		_, err := e.workload(c, target).Observe(t.Context()) // the first look is live, of what was made
		refusedAs(kube.SelectorOverlaps)(e, err)
		if _, err := e.workload(c, target).Observe(t.Context()); err != nil {
			t.Errorf("%v: %v", selector, err)
		}
	}
}

package kube_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gopawl/pawl/history"
	"github.com/gopawl/pawl/rollout"
	"github.com/gopawl/pawl/rollout/kube"
	"github.com/gopawl/pawl/rollout/kube/kubetest"
)

// Kubernetes does not look for numbers that a revision used to have (kubernetes #51315).
func TestUndoToAFormerNumber(t *testing.T) {
	e := still(t)
	for name, annotations := range map[string]map[string]string{
		"web-1": {kube.RevisionKey: "6", kube.RevisionHistoryKey: "1,4"},
		"web-2": {kube.RevisionKey: "5", kube.RevisionHistoryKey: "2,,x, 3,7"},
		"web-7": {kube.RevisionKey: "7", kube.RevisionHistoryKey: "5"},
	} {
		e.make(name, "web:"+name[4:], func(rs *appsv1.ReplicaSet) { e.owned(rs); rs.Annotations = annotations })
	}
	w, s := e.observed(&kube.Client{API: e.api}, e.target("web:7", 0))
	for number, want := range map[int64]string{
		1: "web-1", 4: "web-1", 6: "web-1",
		2: "web-2", 3: "web-2",
		5: "web-2", // the number that it has, not one that another had
		7: "skipped rollback (current template already matches revision 7)",
		8: "unable to find specified revision 8 in history",
		0: "web-1",
	} {
		entry, err := w.History(s).To(number)
		got := entry.Name
		if err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("revision %d is %q, want %q", number, got, want)
		}
	}
}

// Going back and forth: what was revision 1 is found as 1, 3 and 5.
func TestNumbersSinceTheFirstAreFound(t *testing.T) {
	eachCache(t, func(e *env, c *kube.Client) {
		for range 3 {
			e.run(c, e.target("web:1", 1))
			e.run(c, e.target("web:2", 1))
		}
		w, s := e.observed(c, e.target("web:2", 1))
		images := w.Images()
		for number := range int64(7) {
			entry, err := w.History(s).To(number)
			want := []string{"web:1"}
			if number > 0 && number%2 == 0 { // the wanted template
				want = nil
			}
			if d := cmp.Diff(want, images[entry.Name]); d != "" || (err == nil) != (want != nil) {
				e.Errorf("revision %d: %v, -want +got\n%s", number, err, d)
			}
		}
	})
}

// Fifty rollouts in a row fail, and at most three of them are kept beside what worked.
func TestFailuresDoNotPileUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := start(t, kubetest.Options{Stop: time.Second})
		c := &kube.Client{API: e.api, Cache: e.informers()}
		e.run(c, e.target("web:1", 3))
		worked := e.only().Name
		most, wanted := 0, ""
		engine := rollout.Engine{Trace: rollout.Trace{Applying: func(step rollout.Step) {
			if a, ok := step.Action.(rollout.Delete); ok {
				e.notNeeded(a.Name, worked, wanted)
			}
		}}}
		look := func(image string, looks int) {
			wanted = image
			for range looks {
				_, err := engine.Reconcile(t.Context(), e.workload(c, e.target(image, 3)), history.Keep(rolling, 3))
				e.check(err)
				most = max(most, len(e.sets()))
				time.Sleep(500 * time.Millisecond)
			}
		}
		for i := range 50 {
			look(fmt.Sprintf("web:404-%d", i), 1+i%5)
		}
		look("web:404-49", 20)
		if now := len(e.sets()); now != 5 || most > 6 {
			t.Errorf("%d ReplicaSets are left, at most there were %d", now, most)
		}
		if rs := e.set(worked); *rs.Spec.Replicas != 3 {
			t.Errorf("what worked has %d replicas", *rs.Spec.Replicas)
		}
		_, state := e.observed(c, e.target("web:404-49", 3))
		if last, err := (history.History{State: state}).LastSettled(); err != nil || last.Name != worked {
			t.Errorf("the way back is %q, %v", last.Name, err)
		}
	})
}

// notNeeded checks a ReplicaSet that is about to be deleted.
func (e *env) notNeeded(name, worked, wanted string) {
	e.Helper()
	rs := e.set(name)
	pods, err := e.api.CoreV1().Pods("default").List(e.Context(), metav1.ListOptions{LabelSelector: kube.HashLabel + "=" + rs.Labels[kube.HashLabel]})
	e.check(err)
	if name == worked || rs.Spec.Template.Spec.Containers[0].Image == wanted || *rs.Spec.Replicas != 0 || len(pods.Items) > 0 {
		e.Errorf("deletes %s with %d replicas and %d pods while %s is wanted", name, *rs.Spec.Replicas, len(pods.Items), wanted)
	}
}

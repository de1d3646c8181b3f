package kube_test

import (
	"fmt"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/record"

	"github.com/gopawl/pawl/history"
	"github.com/gopawl/pawl/rollout"
	"github.com/gopawl/pawl/rollout/kube"
	"github.com/gopawl/pawl/rollout/kube/kubetest"
)

// eachCache runs a test in virtual time with live reads and with informers.
func eachCache(t *testing.T, do func(*env, *kube.Client)) {
	for _, cached := range []bool{false, true} {
		t.Run(fmt.Sprintf("cached=%t", cached), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				e := start(t, kubetest.Options{})
				c := &kube.Client{API: e.api}
				if cached {
					c.Cache = e.informers()
				}
				do(e, c)
			})
		})
	}
}

func TestRolloutFromCreationToPrune(t *testing.T) {
	eachCache(t, func(e *env, c *kube.Client) {
		type row struct {
			Image, Number, Past string
			Replicas            int32
		}
		want := func(rows ...row) {
			e.Helper()
			var got []row
			for _, rs := range e.sets() {
				got = append(got, row{rs.Spec.Template.Spec.Containers[0].Image, rs.Annotations[kube.RevisionKey], rs.Annotations[kube.RevisionHistoryKey], *rs.Spec.Replicas})
			}
			if d := cmp.Diff(rows, got); d != "" {
				e.Fatalf("-want +got:\n%s", d)
			}
		}
		e.run(c, e.target("web:1", 3))
		want(row{"web:1", "1", "", 3})
		e.run(c, e.target("web:2", 3))
		e.run(c, e.target("web:3", 3))
		want(row{"web:1", "1", "", 0}, row{"web:2", "2", "", 0}, row{"web:3", "3", "", 3})
		e.run(c, e.target("web:1", 3))
		want(row{"web:2", "2", "", 0}, row{"web:3", "3", "", 0}, row{"web:1", "4", "1", 3})
		e.run(c, e.target("web:1", 5))
		e.run(c, e.target("web:1", 0))
		e.run(c, e.target("web:1", 1))
		want(row{"web:2", "2", "", 0}, row{"web:3", "3", "", 0}, row{"web:1", "4", "1", 1})
		if _, err := (&rollout.Engine{}).Run(e.Context(), e.workload(c, e.target("web:1", 1)), history.Keep(rolling, 1)); err != nil {
			e.Fatal(err)
		}
		want(row{"web:3", "3", "", 0}, row{"web:1", "4", "1", 1})
	})
}

func TestScaleEventsOfTheTutorial(t *testing.T) {
	eachCache(t, func(e *env, c *kube.Client) {
		recorder := record.NewFakeRecorder(100)
		c.Events = recorder
		e.run(c, e.target("httpd:2.4", 3))
		e.run(c, e.target("httpd:2.5", 3))
		sets := e.sets()
		one, two := sets[0].Name, sets[1].Name
		close(recorder.Events)
		var got []string
		for event := range recorder.Events {
			got = append(got, event)
		}
		up := func(name string, from, to int) string {
			return fmt.Sprintf("Normal ScalingReplicaSet Scaled up replica set %s from %d to %d", name, from, to)
		}
		down := func(name string, from, to int) string {
			return fmt.Sprintf("Normal ScalingReplicaSet Scaled down replica set %s from %d to %d", name, from, to)
		}
		want := []string{
			up(one, 0, 3),
			up(two, 0, 1), down(one, 3, 2), up(two, 1, 2), down(one, 2, 1), up(two, 2, 3), down(one, 1, 0),
		}
		if d := cmp.Diff(want, got); d != "" {
			e.Errorf("-want +got:\n%s", d)
		}
	})
}

func TestReplicaSetIsAsTheDeploymentControllerMakesIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := start(t, kubetest.Options{})
		target := e.target("web:1", 3)
		target.MinReadySeconds = 7
		target.Selector.MatchExpressions = []metav1.LabelSelectorRequirement{{Key: "app", Operator: metav1.LabelSelectorOpExists}}
		target.Annotations = map[string]string{
			kube.ChangeCauseKey: "first", "team": "blue",
			"kubectl.kubernetes.io/last-applied-configuration": "{}", "deprecated.deployment.rollback.to": "1",
			kube.RevisionKey: "9", kube.RevisionHistoryKey: "8", kube.DesiredKey: "7", kube.MaxKey: "6",
		}
		c := &kube.Client{API: e.api}
		e.reconcile(c, target)
		rs := e.only()
		label := rs.Labels[kube.HashLabel]
		if rs.Name != "web-"+label || len(label) == 0 {
			t.Errorf("name %q, label %q", rs.Name, label)
		}
		labels := map[string]string{"app": "web", kube.HashLabel: label}
		selector := target.Selector.DeepCopy()
		selector.MatchLabels = labels
		yes := true
		for what, d := range map[string]string{
			"labels":   cmp.Diff(labels, rs.Labels),
			"template": cmp.Diff(labels, rs.Spec.Template.Labels),
			"selector": cmp.Diff(selector, rs.Spec.Selector),
			"owner": cmp.Diff([]metav1.OwnerReference{{
				APIVersion: "v1", Kind: "ConfigMap", Name: "web", UID: e.owner.UID, Controller: &yes, BlockOwnerDeletion: &yes,
			}}, rs.OwnerReferences),
			"annotations": cmp.Diff(map[string]string{
				kube.ChangeCauseKey: "first", "team": "blue",
				kube.RevisionKey: "1", kube.DesiredKey: "3", kube.MaxKey: "4",
				kube.DefaultPrefix + "/template": e.workload(c, target).Identity(),
				kube.DefaultPrefix + "/copied":   "kubernetes.io/change-cause,team",
				kube.DefaultPrefix + "/scaled":   rs.Annotations[kube.DefaultPrefix+"/scaled"],
			}, rs.Annotations),
		} {
			if d != "" {
				t.Errorf("%s, -want +got:\n%s", what, d)
			}
		}
		if rs.Spec.MinReadySeconds != 7 || *rs.Spec.Replicas != 3 {
			t.Errorf("minReadySeconds %d, replicas %d", rs.Spec.MinReadySeconds, *rs.Spec.Replicas)
		}
	})
}

func TestDeploymentsReplicaSetsAreTakenOverWithoutARestart(t *testing.T) {
	eachCache(t, func(e *env, c *kube.Client) {
		target := e.target("web:1", 2)
		e.make("web-5d844d9fd5", "web:1", func(rs *appsv1.ReplicaSet) {
			*rs.Spec.Replicas = 2
			rs.Annotations = map[string]string{kube.RevisionKey: "7"}
		})
		e.run(c, target)
		rs := e.only()
		if rs.Annotations[kube.RevisionKey] != "7" || rs.Generation != 1 || rs.Annotations[kube.DefaultPrefix+"/template"] == "" {
			e.Errorf("generation %d, annotations %v", rs.Generation, rs.Annotations)
		}
		e.run(c, e.target("web:2", 2))
		if sets := e.sets(); len(sets) != 2 || sets[1].Annotations[kube.RevisionKey] != "8" {
			e.Errorf("%d sets", len(sets))
		}
	})
}

package e2e

import (
	"context"
	"fmt"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"

	"github.com/gopawl/pawl/rollout"
	"github.com/gopawl/pawl/rollout/kube"
	"github.com/gopawl/pawl/test/cluster/suite"
)

// A rollout is paused half-way and resized up and down: each time all revisions get their share,
// once. Then it goes on while an autoscaler changes its mind at every look, and completes when
// that rests.
func TestResizeDuringARollout(t *testing.T) {
	f := suite.New(t)
	client := f.Informed()
	target := f.Target("web", "web:1", 8)
	f.Roll(client, target)
	old := f.Only().Name

	template := suite.ReplicaSet("web", "web:2", 8).Spec.Template
	template.Annotations["sim/ready-delay"] = "500ms"
	target.Template = template
	o := f.Observer()
	looksUntil(f, client, &target, 8, 10) // 25%: at most 10 exist, at least 6 are available

	target.Paused = true
	target.Replicas = 16
	looksUntil(f, client, &target, 16, 20)
	rests(f, client, target, 20)
	target.Replicas = 8
	looksUntil(f, client, &target, 8, 10)
	rests(f, client, target, 10)

	target.Paused = false
	for i := range 40 {
		target.Replicas = 8 + int32(i*5%9)
		if _, err := f.Reconcile(client, target); err != nil {
			t.Fatal(err)
		}
		time.Sleep(50 * time.Millisecond)
	}
	f.Roll(client, target)
	b := o.Bounds()
	t.Logf("%+v, to %d", b, target.Replicas)
	if err := (suite.Promise{Floor: 6, Ceiling: 20}).Judge(b); err != nil {
		t.Error(err)
	}
	if size := *f.Get(old).Spec.Replicas; size != 0 {
		t.Errorf("the old replica set is left with %d", size)
	}
}

// looksUntil reconciles until two ReplicaSets have sizes that were worked out for the number of
// wanted replicas, and ask for the ceiling together.
func looksUntil(f *suite.Fixture, c *kube.Client, target *kube.Target, wanted, ceiling int32) {
	f.Helper()
	f.Eventually(30*time.Second, func(context.Context) error {
		if _, err := f.Reconcile(c, *target); err != nil {
			return err
		}
		asked, told := int32(0), ""
		for _, rs := range f.Sets() {
			asked += *rs.Spec.Replicas
			told += fmt.Sprintf(" %s %d of %s", rs.Name, *rs.Spec.Replicas, basis(&rs))
			if want := fmt.Sprintf("%d/%d", wanted, ceiling); *rs.Spec.Replicas == 0 || basis(&rs) != want {
				return fmt.Errorf("%s, want %s for each", told, want)
			}
		}
		if len(f.Sets()) != 2 || asked != ceiling {
			return fmt.Errorf("%s, want two that ask for %d", told, ceiling)
		}
		f.Log(told)
		return nil
	})
}

func basis(rs *appsv1.ReplicaSet) string {
	const prefix = "deployment.kubernetes.io/"
	return rs.Annotations[prefix+"desired-replicas"] + "/" + rs.Annotations[prefix+"max-replicas"]
}

// rests looks a few times more, until all replicas are available and beyond: nothing is written.
func rests(f *suite.Fixture, c *kube.Client, target kube.Target, pods int) {
	f.Helper()
	look := func() {
		f.Helper()
		if status, err := f.Reconcile(c, target); err != nil || status.Writes > 0 || status.Phase != rollout.Paused {
			f.Errorf("paused: %+v, %v; want no write", status, err)
		}
	}
	look()
	f.Eventually(30*time.Second, f.PodsReady("", pods, pods))
	for range 5 {
		time.Sleep(100 * time.Millisecond)
		look()
	}
	if state := f.Observe(f.Workload(c, target)); len(state.Revisions) != 2 {
		f.Errorf("%+v", state)
	}
}

package e2e

import (
	"context"
	"fmt"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"

	"github.com/gopawl/pawl/rollout"
	"github.com/gopawl/pawl/rollout/kube"
)

// A rollout is paused half-way and resized up and down: each time all revisions get their share,
// once. Then it goes on while an autoscaler changes its mind at every look, and completes when
// that rests.
func TestResizeDuringARollout(t *testing.T) {
	f := newFixture(t)
	client := f.informed()
	target := f.target("web", "web:1", 8)
	f.roll(client, target)
	old := f.only().Name

	template := replicaSet("web", "web:2", 8).Spec.Template
	template.Annotations["sim/ready-delay"] = "500ms"
	target.Template = template
	o := f.observer()
	f.looksUntil(client, &target, 8, 10) // 25%: at most 10 exist, at least 6 are available

	target.Paused = true
	target.Replicas = 16
	f.looksUntil(client, &target, 16, 20)
	f.rests(client, target, 20)
	target.Replicas = 8
	f.looksUntil(client, &target, 8, 10)
	f.rests(client, target, 10)

	target.Paused = false
	for i := range 40 {
		target.Replicas = 8 + int32(i*5%9)
		if _, err := f.reconcile(client, target); err != nil {
			t.Fatal(err)
		}
		time.Sleep(50 * time.Millisecond)
	}
	f.roll(client, target)
	b := o.bounds()
	t.Logf("%+v, to %d", b, target.Replicas)
	if b.available < 6 || b.asked > 20 {
		t.Errorf("%+v: want at least 6 available, and at most 20 asked for", b)
	}
	if size := *f.get(old).Spec.Replicas; size != 0 {
		t.Errorf("the old replica set is left with %d", size)
	}
}

// looksUntil reconciles until two ReplicaSets have sizes that were worked out for the number of
// wanted replicas, and ask for the ceiling together.
func (f *fixture) looksUntil(c *kube.Client, target *kube.Target, wanted, ceiling int32) {
	f.Helper()
	f.eventually(30*time.Second, func(context.Context) error {
		if _, err := f.reconcile(c, *target); err != nil {
			return err
		}
		asked, told := int32(0), ""
		for _, rs := range f.sets() {
			asked += *rs.Spec.Replicas
			told += fmt.Sprintf(" %s %d of %s", rs.Name, *rs.Spec.Replicas, basis(&rs))
			if want := fmt.Sprintf("%d/%d", wanted, ceiling); *rs.Spec.Replicas == 0 || basis(&rs) != want {
				return fmt.Errorf("%s, want %s for each", told, want)
			}
		}
		if len(f.sets()) != 2 || asked != ceiling {
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
func (f *fixture) rests(c *kube.Client, target kube.Target, pods int) {
	f.Helper()
	look := func() {
		f.Helper()
		if status, err := f.reconcile(c, target); err != nil || status.Writes > 0 || status.Phase != rollout.Paused {
			f.Errorf("paused: %+v, %v; want no write", status, err)
		}
	}
	look()
	f.eventually(30*time.Second, f.podsReady("", pods, pods))
	for range 5 {
		time.Sleep(100 * time.Millisecond)
		look()
	}
	if state := f.observe(f.workload(c, target)); len(state.Revisions) != 2 {
		f.Errorf("%+v", state)
	}
}

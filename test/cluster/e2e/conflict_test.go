package e2e

import (
	"errors"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gopawl/pawl/rollout"
	"github.com/gopawl/pawl/strategies"
)

// Another client comes between the look and the write: the write is a conflict and changes
// nothing, and the next looks go on from what is there.
func TestStaleWriteIsAConflict(t *testing.T) {
	for _, test := range []struct {
		name      string
		meanwhile func(f *fixture, seen *appsv1.ReplicaSet)
	}{
		{"scaled", func(f *fixture, seen *appsv1.ReplicaSet) {
			f.update(seen.Name, func(rs *appsv1.ReplicaSet) { *rs.Spec.Replicas = 5 })
		}},
		{"gone", func(f *fixture, seen *appsv1.ReplicaSet) { f.remove(seen.Name) }},
		{"made anew", func(f *fixture, seen *appsv1.ReplicaSet) {
			f.remove(seen.Name)
			f.create(&appsv1.ReplicaSet{
				ObjectMeta: metav1.ObjectMeta{Name: seen.Name, Labels: seen.Labels, Annotations: seen.Annotations, OwnerReferences: seen.OwnerReferences},
				Spec:       seen.Spec,
			})
		}},
		{"taken over", func(f *fixture, seen *appsv1.ReplicaSet) {
			thief := f.owner("thief")
			f.update(seen.Name, func(rs *appsv1.ReplicaSet) {
				rs.OwnerReferences[0].Name, rs.OwnerReferences[0].UID = thief.Name, thief.UID
			})
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := newFixture(t)
			var wire wire
			client := f.over(&wire)
			target := f.target("web", "web:1", 2)
			f.roll(client, target)
			seen := f.only()

			target.Replicas = 3
			before := len(wire.writes())
			var applied error
			engine := rollout.Engine{Trace: rollout.Trace{
				Planned: func(rollout.State, rollout.Plan) { test.meanwhile(f, seen) },
				Applied: func(_ rollout.Step, err error) { applied = err },
			}}
			status, err := engine.Reconcile(t.Context(), f.workload(client, target), strategies.Rolling{})
			if err != nil || status.Writes != 0 || status.RequeueAfter == 0 {
				t.Errorf("reconcile: %v, %+v; want to look again, without a write or an error", err, status)
			}
			if !errors.Is(applied, rollout.ErrConflict) {
				t.Errorf("apply: got %v, want a conflict", applied)
			}
			if wrote := wire.writes()[before:]; len(wrote) > 0 {
				t.Errorf("written all the same: %v", wrote)
			}
			t.Log(applied)

			f.roll(client, target)
			if got := f.observe(f.workload(client, target)).Counts(); got.Available != 3 || got.Total != 3 {
				t.Errorf("after the conflict: %+v, want 3 available of 3", got)
			}
		})
	}
}

func TestEveryActionIsConditional(t *testing.T) {
	f := newFixture(t)
	var wire wire
	client := f.over(&wire)
	target := f.target("web", "web:1", 2)
	f.roll(client, target)
	old := f.only().Name
	target = withImage(target, "web:2")
	f.roll(client, target)

	w := f.workload(client, target)
	state := f.observe(w)
	newest, _ := state.New()
	for name, size := range map[string]int32{old: 1, newest.Name: 1} {
		f.update(name, func(rs *appsv1.ReplicaSet) { *rs.Spec.Replicas = size })
	}
	before := len(wire.writes())
	for _, action := range []rollout.Action{
		rollout.Scale{Name: newest.Name, From: 2, To: 3},
		rollout.Scale{Name: newest.Name, From: 1, To: 3}, // right by chance, but not what was seen
		rollout.Scale{Name: newest.Name, From: 2, To: 2},
		rollout.Settle{Name: newest.Name},
		rollout.Adopt{Name: old},
		rollout.Delete{Name: old},
	} {
		if err := w.Apply(t.Context(), action); !errors.Is(err, rollout.ErrConflict) {
			t.Errorf("%v: got %v, want a conflict", action, err)
		}
	}
	if wrote := wire.writes()[before:]; len(wrote) > 0 {
		t.Errorf("written all the same: %v", wrote)
	}
}

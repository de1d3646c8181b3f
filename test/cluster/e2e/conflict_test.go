package e2e

import (
	"errors"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gopawl/pawl/rollout"
	"github.com/gopawl/pawl/strategies"
	"github.com/gopawl/pawl/test/cluster/suite"
)

// Another client comes between the look and the write: the write is a conflict and changes
// nothing, and the next looks go on from what is there.
func TestStaleWriteIsAConflict(t *testing.T) {
	for _, test := range []struct {
		name      string
		meanwhile func(f *suite.Fixture, seen *appsv1.ReplicaSet)
	}{
		{"scaled", func(f *suite.Fixture, seen *appsv1.ReplicaSet) {
			f.Update(seen.Name, func(rs *appsv1.ReplicaSet) { *rs.Spec.Replicas = 5 })
		}},
		{"gone", func(f *suite.Fixture, seen *appsv1.ReplicaSet) { f.Remove(seen.Name) }},
		{"made anew", func(f *suite.Fixture, seen *appsv1.ReplicaSet) {
			f.Remove(seen.Name)
			f.Create(&appsv1.ReplicaSet{
				ObjectMeta: metav1.ObjectMeta{Name: seen.Name, Labels: seen.Labels, Annotations: seen.Annotations, OwnerReferences: seen.OwnerReferences},
				Spec:       seen.Spec,
			})
		}},
		{"taken over", func(f *suite.Fixture, seen *appsv1.ReplicaSet) {
			thief := f.Owner("thief")
			f.Update(seen.Name, func(rs *appsv1.ReplicaSet) {
				rs.OwnerReferences[0].Name, rs.OwnerReferences[0].UID = thief.Name, thief.UID
				delete(rs.Annotations, templateKey) // no workload of Pawl's, beside which none would begin
			})
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := suite.New(t)
			var wire suite.Wire
			client := f.Over(&wire)
			target := f.Target("web", "web:1", 2)
			f.Roll(client, target)
			seen := f.Only()

			target.Replicas = 3
			before := len(wire.Writes())
			var applied error
			engine := rollout.Engine{Trace: rollout.Trace{
				Planned: func(rollout.State, rollout.Plan) { test.meanwhile(f, seen) },
				Applied: func(_ rollout.Step, err error) { applied = err },
			}}
			status, err := engine.Reconcile(t.Context(), f.Workload(client, target), strategies.Rolling{})
			if err != nil || status.Writes != 0 || status.RequeueAfter == 0 {
				t.Errorf("reconcile: %v, %+v; want to look again, without a write or an error", err, status)
			}
			if !errors.Is(applied, rollout.ErrConflict) {
				t.Errorf("apply: got %v, want a conflict", applied)
			}
			if wrote := wire.Writes()[before:]; len(wrote) > 0 {
				t.Errorf("written all the same: %v", wrote)
			}
			t.Log(applied)

			f.Roll(client, target)
			if got := f.Observe(f.Workload(client, target)).Counts(); got.Available != 3 || got.Total != 3 {
				t.Errorf("after the conflict: %+v, want 3 available of 3", got)
			}
		})
	}
}

func TestEveryActionIsConditional(t *testing.T) {
	f := suite.New(t)
	var wire suite.Wire
	client := f.Over(&wire)
	target := f.Target("web", "web:1", 2)
	f.Roll(client, target)
	old := f.Only().Name
	target = suite.WithImage(target, "web:2")
	f.Roll(client, target)

	w := f.Workload(client, target)
	state := f.Observe(w)
	newest, _ := state.New()
	for name, size := range map[string]int32{old: 1, newest.Name: 1} {
		f.Update(name, func(rs *appsv1.ReplicaSet) { *rs.Spec.Replicas = size })
	}
	before := len(wire.Writes())
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
	if wrote := wire.Writes()[before:]; len(wrote) > 0 {
		t.Errorf("written all the same: %v", wrote)
	}
}

package app

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/gopawl/pawl/rollout"
)

func TestGenerationCountsWhatIsWanted(t *testing.T) {
	s, _ := newStore(t)
	apply(t, s, web(t, "web:1", nil), Created)
	wantGeneration(t, s, 1)

	before := configMap(t, s)
	apply(t, s, web(t, "web:1", nil), Unchanged)
	if r := change(t, s, containers, "[{name: web, image: 'web:1'}]"); r.Generation != 1 {
		t.Errorf("a change of nothing made generation %d", r.Generation)
	}
	if now := configMap(t, s); now.ResourceVersion != before.ResourceVersion {
		t.Error("what changes nothing was written")
	}

	if r := change(t, s, "spec.replicas", "3"); r.Generation != 2 {
		t.Errorf("generation %d, want 2", r.Generation)
	}
	// Saying what holds already changes what was said, and so what its absence means the next time.
	apply(t, s, web(t, "web:1", map[string]string{"spec.replicas": "3"}), Configured)
	wantGeneration(t, s, 2)
	apply(t, s, web(t, "web:1", nil), Configured)
	wantStored(t, s, "spec.replicas", "")
	wantGeneration(t, s, 3)
}

func TestDryRunWritesNothing(t *testing.T) {
	s, _ := newStore(t)
	if _, outcome, err := s.Apply(t.Context(), web(t, "web:1", nil), true); err != nil || outcome != Created {
		t.Errorf("%v, %v", outcome, err)
	}
	if _, err := s.Load(t.Context(), "web"); !apierrors.IsNotFound(err) || err.Error() != `deployments.apps "web" not found` {
		t.Errorf("Load: %v", err)
	}
	apply(t, s, web(t, "web:1", nil), Created)
	before := configMap(t, s)
	r, outcome, err := s.Apply(t.Context(), web(t, "web:2", nil), true)
	if err != nil || outcome != Configured || r.Generation != 2 {
		t.Errorf("%v of generation %d, %v", outcome, r.Generation, err)
	}
	if now := configMap(t, s); now.ResourceVersion != before.ResourceVersion {
		t.Error("it was written")
	}
}

// Nobody's change is lost: each one of many at a time is there or was refused.
func TestConcurrentChanges(t *testing.T) {
	s, _ := newStore(t)
	apply(t, s, web(t, "web:1", map[string]string{"spec.replicas": "0"}), Created)
	const people, each = 8, 10
	var conflicts atomic.Int32
	var all sync.WaitGroup
	for i := range people {
		all.Go(func() {
			for n := 0; n < each; {
				_, err := s.Change(t.Context(), "web", false, func(r *Record, wanted *unstructured.Unstructured) error {
					annotations := wanted.GetAnnotations()
					if annotations == nil {
						annotations = map[string]string{}
					}
					annotations[fmt.Sprintf("by-%d", i)] += "x"
					wanted.SetAnnotations(annotations)
					return unstructured.SetNestedField(wanted.Object, int64(r.Replicas()+1), "spec", "replicas")
				})
				switch {
				case err == nil:
					n++
				case apierrors.IsConflict(err):
					conflicts.Add(1)
				default:
					t.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
	t.Logf("%d of %d changes gave up at first", conflicts.Load(), people*each)
	wantStored(t, s, "spec.replicas", fmt.Sprint(people*each))
	wantGeneration(t, s, 1+people*each)
	for i := range people {
		wantStored(t, s, fmt.Sprintf("metadata.annotations.by-%d", i), strings.Repeat("x", each))
	}
}

func TestStatusBesideAChange(t *testing.T) {
	s, _ := newStore(t)
	r := apply(t, s, web(t, "web:1", nil), Created)
	edits := 0
	status := Status{Observed: 1, Number: 7, Rollout: rollout.Status{Phase: rollout.Progressing, Message: "going on"}}
	if _, err := s.Change(t.Context(), "web", false, func(_ *Record, wanted *unstructured.Unstructured) error {
		edits++
		set(t, wanted, "spec.replicas", "4")
		return s.SaveStatus(t.Context(), r, status)
	}); err != nil {
		t.Fatal(err)
	}
	if edits != 1 {
		t.Errorf("the change was tried %d times: a status is no reason to", edits)
	}
	now := must(s.Load(t.Context(), "web"))
	if now.Replicas() != 4 || now.Generation != 2 || now.Number != 7 || now.Rollout.Message != "going on" {
		t.Errorf("there are %d replicas, generation %d and status %+v", now.Replicas(), now.Generation, now.Status)
	}
}

func TestStatusOfAnAppThatWasMadeAnew(t *testing.T) {
	s, _ := newStore(t)
	old := apply(t, s, web(t, "web:1", nil), Created)
	if err := s.API.CoreV1().ConfigMaps("default").Delete(t.Context(), "pawl.web", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	apply(t, s, web(t, "web:1", nil), Created)
	if err := s.SaveStatus(t.Context(), old, Status{Number: 9}); !apierrors.IsConflict(err) {
		t.Errorf("SaveStatus: %v, want a conflict", err)
	}
	if now := must(s.Load(t.Context(), "web")); now.Number != 0 {
		t.Errorf("the new app has the status of the old one: %+v", now.Status)
	}
}

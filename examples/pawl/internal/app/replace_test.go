package app

import (
	"errors"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

func TestReplaceDropsWhatIsNotSaid(t *testing.T) {
	s, _ := newStore(t)
	apply(t, s, web(t, "web:1", map[string]string{"spec.minReadySeconds": "5"}), Created)
	change(t, s, "spec.replicas", "5")
	change(t, s, "metadata.annotations", "{note: x}")
	r, err := s.Load(t.Context(), "web")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.SaveStatus(t.Context(), r, Status{Observed: 3, Number: 7}); err != nil {
		t.Fatal(err)
	}
	uid := configMap(t, s).UID

	if _, err := s.Replace(t.Context(), web(t, "web:2", nil), true); err != nil {
		t.Fatal(err)
	}
	wantStored(t, s, "spec.replicas", "5")

	if _, err := s.Replace(t.Context(), web(t, "web:2", nil), false); err != nil {
		t.Fatal(err)
	}
	wantStored(t, s, "spec.replicas", "")
	wantStored(t, s, "spec.minReadySeconds", "")
	wantStored(t, s, "metadata.annotations", "")
	wantStored(t, s, containers, "- image: web:2\n  name: web")
	wantStored(t, s, "spec.progressDeadlineSeconds", "600")
	wantGeneration(t, s, 4)
	if r, err = s.Load(t.Context(), "web"); err != nil || r.Number != 7 || configMap(t, s).UID != uid {
		t.Errorf("the number is %d and the uid %s (%v), want those of before", r.Number, configMap(t, s).UID, err)
	}
	// It counts as applied.
	apply(t, s, web(t, "web:2", nil), Unchanged)
}

func TestReplaceNeedsAnApp(t *testing.T) {
	s, _ := newStore(t)
	if _, err := s.Replace(t.Context(), web(t, "web:1", nil), false); !apierrors.IsNotFound(err) {
		t.Errorf("%v, want NotFound", err)
	}
}

func TestWhatAnAppIsCannotBeChanged(t *testing.T) {
	s, _ := newStore(t)
	apply(t, s, web(t, "web:1", nil), Created)
	for path, value := range map[string]string{
		"metadata.name": "other", "metadata.namespace": "other", "apiVersion": "apps/v1beta2",
		"spec": "{selector: {matchLabels: {app: x}}, template: {metadata: {labels: {app: x}}, spec: {containers: [{name: a, image: b}]}}}",
	} {
		_, err := s.Change(t.Context(), "web", false, func(_ *Record, wanted *unstructured.Unstructured) error {
			set(t, wanted, path, value)
			return nil
		})
		var invalid *InvalidError
		if !errors.As(err, &invalid) || invalid.App != "web" {
			t.Errorf("%s: %v, want an InvalidError", path, err)
		}
	}
	wantGeneration(t, s, 1)
}

func TestMergedKeepsTheChangesOfBothSides(t *testing.T) {
	from := web(t, "web:1", map[string]string{"spec.replicas": "3"})
	to := web(t, "web:2", map[string]string{"spec.replicas": "3"})
	now := web(t, "web:1", map[string]string{"spec.replicas": "5", "metadata.annotations": "{note: x}"})
	merged, err := Merged(from, to, now)
	if err != nil {
		t.Fatal(err)
	}
	if got := fieldAt(merged, "spec.replicas"); got != int64(5) {
		t.Errorf("%v replicas, want 5 of the other side", got)
	}
	if got := fieldAt(merged, containers).([]any)[0].(map[string]any)["image"]; got != "web:2" {
		t.Errorf("image %v, want web:2 of this side", got)
	}
}

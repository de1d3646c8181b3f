package app

import (
	"errors"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// refused checks that nothing is done to a ConfigMap that cannot be used.
func refused(t *testing.T, s Store, check func(error) bool) {
	t.Helper()
	before := configMap(t, s)
	_, load := s.Load(t.Context(), "web")
	_, _, apply := s.Apply(t.Context(), web(t, "web:2", nil), false)
	_, edit := s.Change(t.Context(), "web", false, func(*Record, *unstructured.Unstructured) error { return nil })
	for what, err := range map[string]error{"Load": load, "Apply": apply, "Change": edit} {
		if !check(err) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if now := configMap(t, s); now.ResourceVersion != before.ResourceVersion {
		t.Error("it was written to")
	}
}

func TestForeignConfigMapIsLeftAlone(t *testing.T) {
	s, _ := newStore(t)
	foreign := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "pawl.web"}, Data: map[string]string{"manifest": "{}"}}
	if _, err := s.API.CoreV1().ConfigMaps("default").Create(t.Context(), foreign, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	refused(t, s, func(err error) bool {
		var f *ForeignError
		return errors.As(err, &f) && f.Name == "pawl.web" && strings.Contains(err.Error(), Label)
	})
}

func TestDamagedConfigMapIsLeftAlone(t *testing.T) {
	for _, c := range []struct{ key, value, damaged string }{
		{manifestKey, "{", manifestKey},
		{manifestKey, "", manifestKey},
		{manifestKey, "null", manifestKey},
		{manifestKey, "[]", manifestKey},
		{manifestKey, `{"apiVersion":"v1","kind":"Service"}`, manifestKey},
		{manifestKey, `{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web"},"spec":{"replicas":-1}}`, manifestKey},
		{appliedKey, "", appliedKey},
		{appliedKey, "no", appliedKey},
		{appliedKey, "null", appliedKey},
		{generationKey, "", generationKey},
		{generationKey, "one", generationKey},
		{generationKey, "99999999999999999999", generationKey},
	} {
		t.Run(c.key+" "+c.value, func(t *testing.T) {
			s, _ := newStore(t)
			apply(t, s, web(t, "web:1", nil), Created)
			cm := configMap(t, s)
			cm.Data[c.key] = c.value
			if _, err := s.API.CoreV1().ConfigMaps("default").Update(t.Context(), cm, metav1.UpdateOptions{}); err != nil {
				t.Fatal(err)
			}
			refused(t, s, func(err error) bool {
				var d *DamagedError
				return errors.As(err, &d) && d.Name == "pawl.web" && d.Key == c.damaged && strings.Contains(err.Error(), c.damaged)
			})
		})
	}
}

func TestDamagedStatusIsForgotten(t *testing.T) {
	s, _ := newStore(t)
	apply(t, s, web(t, "web:1", nil), Created)
	for _, text := range []string{"{", `{"revision":"x"}`, "null", "[]"} {
		cm := configMap(t, s)
		cm.Data[statusKey] = text
		if _, err := s.API.CoreV1().ConfigMaps("default").Update(t.Context(), cm, metav1.UpdateOptions{}); err != nil {
			t.Fatal(err)
		}
		if r, err := s.Load(t.Context(), "web"); err != nil || r.Status != (Status{}) {
			t.Errorf("with the status %s: %+v, %v", text, r, err)
		}
	}
}

// What a later pawl keeps in the ConfigMap is not ours to take away.
func TestUnknownKeysOfTheConfigMapSurvive(t *testing.T) {
	s, _ := newStore(t)
	r := apply(t, s, web(t, "web:1", nil), Created)
	cm := configMap(t, s)
	cm.Data["later"], cm.BinaryData = "x", map[string][]byte{"b": {0, 255}}
	cm.Labels["later"], cm.Annotations = "y", map[string]string{"later": "z"}
	if _, err := s.API.CoreV1().ConfigMaps("default").Update(t.Context(), cm, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	apply(t, s, web(t, "web:2", nil), Configured)
	change(t, s, "spec.replicas", "2")
	if err := s.SaveStatus(t.Context(), r, Status{Number: 1}); err != nil {
		t.Fatal(err)
	}
	now := configMap(t, s)
	if now.Data["later"] != "x" || string(now.BinaryData["b"]) != "\x00\xff" || now.Labels["later"] != "y" || now.Annotations["later"] != "z" {
		t.Errorf("they are gone: %v", now)
	}
}

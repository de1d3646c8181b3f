package app

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"sigs.k8s.io/yaml"

	"github.com/gopawl/pawl/rollout"
	"github.com/gopawl/pawl/rollout/kube/kubetest"
)

func newStore(t *testing.T) (Store, dynamic.Interface) {
	t.Helper()
	cluster, err := kubetest.New(kubetest.Options{})
	if err != nil {
		t.Fatal(err)
	}
	config := cluster.Config()
	return Store{API: kubernetes.NewForConfigOrDie(config), Namespace: "default"}, dynamic.NewForConfigOrDie(config)
}

func object(t *testing.T, text string) *unstructured.Unstructured {
	t.Helper()
	u := &unstructured.Unstructured{}
	data, err := yaml.YAMLToJSON([]byte(text))
	if err == nil {
		err = u.UnmarshalJSON(data)
	}
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// web is a Deployment, with a value (in YAML) at each path like spec.replicas.
func web(t *testing.T, image string, with map[string]string) *unstructured.Unstructured {
	t.Helper()
	u := object(t, `
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - {name: web, image: "`+image+`"}
`)
	for path, text := range with {
		set(t, u, path, text)
	}
	return u
}

const (
	podSpec    = "spec.template.spec"
	containers = podSpec + ".containers"
)

func set(t *testing.T, u *unstructured.Unstructured, path, text string) {
	t.Helper()
	value := object(t, "{apiVersion: v1, kind: Value, value: "+text+"}").Object["value"]
	if err := unstructured.SetNestedField(u.Object, value, strings.Split(path, ".")...); err != nil {
		t.Fatal(err)
	}
}

func apply(t *testing.T, s Store, u *unstructured.Unstructured, want Outcome) *Record {
	t.Helper()
	r, outcome, err := s.Apply(t.Context(), u, false)
	if err != nil {
		t.Fatal(err)
	}
	if outcome != want {
		t.Errorf("the outcome is %q, want %q", outcome, want)
	}
	return r
}

// change is what another command does beside the manifest.
func change(t *testing.T, s Store, path, text string) *Record {
	t.Helper()
	r, err := s.Change(t.Context(), "web", false, func(_ *Record, wanted *unstructured.Unstructured) error {
		set(t, wanted, path, text)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// wantStored compares a field of what is wanted with YAML; "" is none.
func wantStored(t *testing.T, s Store, path, want string) {
	t.Helper()
	r, err := s.Load(t.Context(), "web")
	if err != nil {
		t.Fatal(err)
	}
	text := ""
	if got, found, _ := unstructured.NestedFieldNoCopy(r.Manifest.Object, strings.Split(path, ".")...); found {
		data, err := yaml.Marshal(got)
		if err != nil {
			t.Fatal(err)
		}
		text = strings.TrimSpace(string(data))
	}
	if text != want {
		t.Errorf("%v is\n%s\nwant\n%s", path, text, want)
	}
}

func wantGeneration(t *testing.T, s Store, want int64) {
	t.Helper()
	if r, err := s.Load(t.Context(), "web"); err != nil || r.Generation != want {
		t.Errorf("the generation is %d (%v), want %d", r.Generation, err, want)
	}
}

func configMap(t *testing.T, s Store) *corev1.ConfigMap {
	t.Helper()
	cm, err := s.API.CoreV1().ConfigMaps(s.Namespace).Get(context.Background(), "pawl.web", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return cm
}

func TestApplyKeepsWhatWasNeverSaid(t *testing.T) {
	s, _ := newStore(t)
	apply(t, s, web(t, "web:1", nil), Created)
	change(t, s, "spec.replicas", "5")
	change(t, s, "metadata.annotations", "{note: x}")
	apply(t, s, web(t, "web:2", nil), Configured)
	wantStored(t, s, "spec.replicas", "5")
	wantStored(t, s, "metadata.annotations", "note: x")

	apply(t, s, web(t, "web:2", map[string]string{"spec.replicas": "2"}), Configured)
	wantStored(t, s, "spec.replicas", "2")
}

func TestApplyTakesAwayWhatIsNoLongerSaid(t *testing.T) {
	s, _ := newStore(t)
	apply(t, s, web(t, "web:1", map[string]string{
		"spec.replicas": "3", "spec.minReadySeconds": "5", podSpec + ".hostNetwork": "true", "metadata.annotations": "{a: b}",
	}), Created)
	apply(t, s, web(t, "web:1", nil), Configured)
	wantStored(t, s, "spec.replicas", "")
	wantStored(t, s, "spec.minReadySeconds", "")
	wantStored(t, s, podSpec, "containers:\n- image: web:1\n  name: web")
	wantStored(t, s, "metadata.annotations", "")
	wantStored(t, s, "spec.progressDeadlineSeconds", "600") // a default, which nobody had said
}

func TestApplyMergesContainersByName(t *testing.T) {
	s, _ := newStore(t)
	apply(t, s, web(t, "web:1", map[string]string{
		containers: "[{name: web, image: 'web:1', env: [{name: A, value: a}]}, {name: log, image: 'log:1'}]",
	}), Created)
	change(t, s, containers, "[{name: injected, image: 'proxy:1'}, {name: web, image: 'web:1', env: [{name: A, value: a}, {name: B, value: b}]}, {name: log, image: 'log:1'}]")
	apply(t, s, web(t, "web:2", map[string]string{
		containers: "[{name: web, image: 'web:2', env: [{name: A, value: a}]}]",
	}), Configured)
	wantStored(t, s, containers, `- image: proxy:1
  name: injected
- env:
  - name: A
    value: a
  - name: B
    value: b
  image: web:2
  name: web`)
}

// Fields of a later Kubernetes: values, lists and whole objects.
func TestApplyKeepsUnknownFields(t *testing.T) {
	for name, value := range map[string]string{"scalar": "7", "list": "[a, 7]", "object": "{deep: {list: [{x: 1}], n: 7}}"} {
		for _, path := range []string{"spec.later", podSpec + ".later", podSpec + ".securityContext.later"} {
			t.Run(name+" at "+path, func(t *testing.T) {
				s, _ := newStore(t)
				later := map[string]string{path: value}
				want := strings.TrimSpace(string(must(yaml.Marshal(fieldAt(object(t, "{apiVersion: v1, kind: V, v: "+value+"}"), "v")))))
				apply(t, s, web(t, "web:1", later), Created)
				wantStored(t, s, path, want)
				apply(t, s, web(t, "web:1", later), Unchanged)
				change(t, s, "spec.replicas", "4")
				apply(t, s, web(t, "web:2", later), Configured)
				wantStored(t, s, path, want)
				wantStored(t, s, "spec.replicas", "4")
				wantStored(t, s, containers, "- image: web:2\n  name: web")

				later[path] = strings.Replace(value, "7", "8", 1)
				apply(t, s, web(t, "web:3", later), Configured)
				wantStored(t, s, path, strings.Replace(want, "7", "8", 1))
				wantStored(t, s, "spec.replicas", "4")
				wantStored(t, s, containers, "- image: web:3\n  name: web")

				apply(t, s, web(t, "web:2", nil), Configured)
				wantStored(t, s, path, "")
				wantStored(t, s, "spec.replicas", "4")
			})
			t.Run(name+" at "+path+" of somebody else", func(t *testing.T) {
				s, _ := newStore(t)
				apply(t, s, web(t, "web:1", nil), Created)
				change(t, s, path, value)
				apply(t, s, web(t, "web:2", nil), Configured)
				if r := must(s.Load(t.Context(), "web")); fieldAt(r.Manifest, path) == nil {
					t.Error("it is gone")
				}
				wantStored(t, s, containers, "- image: web:2\n  name: web")
			})
		}
	}
}

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

func fieldAt(u *unstructured.Unstructured, path string) any {
	value, _, _ := unstructured.NestedFieldNoCopy(u.Object, strings.Split(path, ".")...)
	return value
}

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

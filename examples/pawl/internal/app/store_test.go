package app

import (
	"context"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"sigs.k8s.io/yaml"

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

	// A default is nobody's wish either.
	change(t, s, "spec.progressDeadlineSeconds", "30")
	change(t, s, "spec.strategy", "{type: Recreate}")
	apply(t, s, web(t, "web:2", nil), Unchanged)
	wantStored(t, s, "spec.progressDeadlineSeconds", "30")
	wantStored(t, s, "spec.strategy", "type: Recreate")

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

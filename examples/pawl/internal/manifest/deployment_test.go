package manifest

import (
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// spec loads a manifest whose last object is a Deployment.
func spec(t *testing.T, text string) Spec {
	t.Helper()
	objects := mustLoad(t, text)
	s, errs := Deployment(objects[len(objects)-1].Unstructured)
	if len(errs) > 0 {
		t.Fatal(errs.ToAggregate())
	}
	return s
}

// template is that of web.
func template() map[string]any {
	return map[string]any{
		"metadata": map[string]any{"labels": map[string]any{"app": "web"}},
		"spec":     map[string]any{"containers": []any{map[string]any{"name": "web", "image": "web:v1"}}},
	}
}

func TestDefaultsAreThoseOfTheVersionWritten(t *testing.T) {
	bare := edit(t, "  replicas: 3\n", "")
	in := func(version string) string { return strings.Replace(bare, "apps/v1", version, 1) }
	chosen := func(text string) string {
		return strings.Replace(text, "  selector:\n    matchLabels:\n      app: web\n", "", 1)
	}
	selector := &metav1.LabelSelector{MatchLabels: map[string]string{"app": "web"}}
	percent, one := intstr.FromString("25%"), intstr.FromInt32(1)
	apps := Spec{
		Strategy: appsv1.RollingUpdateDeploymentStrategyType, MaxSurge: percent, MaxUnavailable: percent,
		RevisionHistoryLimit: 10, ProgressDeadlineSeconds: 600, Selector: selector, Template: template(),
	}
	beta1, extensions := apps, apps
	beta1.RevisionHistoryLimit = 2
	extensions.MaxSurge, extensions.MaxUnavailable = one, one
	extensions.RevisionHistoryLimit, extensions.ProgressDeadlineSeconds = math.MaxInt32, math.MaxInt32
	for name, test := range map[string]struct {
		text string
		want Spec
	}{
		"apps/v1":             {bare, apps},
		"apps/v1beta2":        {in("apps/v1beta2"), apps},
		"apps/v1beta1":        {in("apps/v1beta1"), beta1},
		"v1beta1 selector":    {chosen(in("apps/v1beta1")), beta1},
		"extensions":          {in("extensions/v1beta1"), extensions},
		"extensions selector": {chosen(in("extensions/v1beta1")), extensions},
		"null":                {strings.Replace(bare, "spec:\n", "spec:\n  strategy: null\n  revisionHistoryLimit: null\n", 1), apps},
		"empty type":          {strings.Replace(bare, "spec:\n", "spec:\n  strategy: {type: ''}\n", 1), apps},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, spec(t, test.text)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestSpecIsWhatIsWritten(t *testing.T) {
	text := edit(t, "replicas: 3", `replicas: 0
  paused: true
  minReadySeconds: 5
  revisionHistoryLimit: 0
  progressDeadlineSeconds: 2147483647
  strategy: {rollingUpdate: {maxSurge: 150%}}`)
	zero := int32(0)
	want := Spec{
		Replicas: &zero, Paused: true, MinReadySeconds: 5, Strategy: appsv1.RollingUpdateDeploymentStrategyType,
		MaxSurge: intstr.FromString("150%"), MaxUnavailable: intstr.FromString("25%"),
		ProgressDeadlineSeconds: math.MaxInt32,
		Selector:                &metav1.LabelSelector{MatchLabels: map[string]string{"app": "web"}}, Template: template(),
	}
	if diff := cmp.Diff(want, spec(t, text)); diff != "" {
		t.Error(diff)
	}
	recreate := spec(t, edit(t, "replicas: 3", "strategy: {type: Recreate}"))
	if recreate.Strategy != appsv1.RecreateDeploymentStrategyType || recreate.MaxSurge != (intstr.IntOrString{}) {
		t.Errorf("Recreate: %+v", recreate)
	}
}

func TestFieldNamesAreCaseSensitive(t *testing.T) {
	if s := spec(t, edit(t, "replicas: 3", "Replicas: 5")); s.Replicas != nil {
		t.Errorf("Replicas was read as replicas: %d", *s.Replicas)
	}
}

func TestLoadLeavesADeploymentAsWritten(t *testing.T) {
	got := mustLoad(t, web)[0].Object
	want := map[string]any{
		"apiVersion": "apps/v1", "kind": "Deployment", "metadata": map[string]any{"name": "web"},
		"spec": map[string]any{
			"replicas": int64(3),
			"selector": map[string]any{"matchLabels": map[string]any{"app": "web"}},
			"template": template(),
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestAppsV1IsWhatTheAPIServerStores(t *testing.T) {
	text := strings.Replace(edit(t, "  selector:\n    matchLabels:\n      app: web\n", ""), "apps/v1", "extensions/v1beta1", 1)
	o := mustLoad(t, strings.Replace(text, "  replicas: 3\n", "", 1))[0]
	written := o.DeepCopy()
	labels := map[string]any{"app": "web"}
	want := map[string]any{
		"apiVersion": "apps/v1", "kind": "Deployment", "metadata": map[string]any{"name": "web", "labels": labels},
		"spec": map[string]any{
			"selector": map[string]any{"matchLabels": labels},
			"strategy": map[string]any{
				"type":          "RollingUpdate",
				"rollingUpdate": map[string]any{"maxSurge": int64(1), "maxUnavailable": int64(1)},
			},
			"revisionHistoryLimit":    int64(math.MaxInt32),
			"progressDeadlineSeconds": int64(math.MaxInt32),
			"template":                template(),
		},
	}
	got := AppsV1(o.Unstructured)
	if diff := cmp.Diff(want, got.Object); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(got, AppsV1(got)); diff != "" {
		t.Errorf("done twice it differs:\n%s", diff)
	}
	if diff := cmp.Diff(written, o.Unstructured); diff != "" {
		t.Errorf("the object itself has changed:\n%s", diff)
	}
}

func TestLabelsOfItsOwnAreNotDefaulted(t *testing.T) {
	old := strings.Replace(web, "apps/v1", "extensions/v1beta1", 1)
	for labels, want := range map[string]map[string]string{
		"{mine: true}":   nil,
		"{mine: 'true'}": {"mine": "true"},
		"{}":             {"app": "web"},
		"null":           {"app": "web"},
	} {
		objects, err := load(t, strings.Replace(old, "  name: web\n", "  name: web\n  labels: "+labels+"\n", 1))
		if err != nil {
			if want != nil {
				t.Error(err)
			}
			continue
		}
		if diff := cmp.Diff(want, AppsV1(objects[0].Unstructured).GetLabels()); diff != "" {
			t.Errorf("%s:\n%s", labels, diff)
		}
	}
}

func TestDeploymentRefusesOtherKinds(t *testing.T) {
	for kind, want := range map[string]string{
		"ConfigMap": `kind: Unsupported value: "ConfigMap": supported values: "Deployment"`,
		"":          `kind: Required value: such as Deployment`,
	} {
		u := &unstructured.Unstructured{Object: map[string]any{"apiVersion": "v1", "kind": kind}}
		s, errs := Deployment(u)
		if got := errs.ToAggregate().Error(); got != want {
			t.Errorf("%q: %s, want %s", kind, got, want)
		}
		if diff := cmp.Diff(Spec{}, s); diff != "" {
			t.Error(diff)
		}
	}
}

package kubetest_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"

	"github.com/gopawl/pawl/rollout/kube/kubetest"
)

// still is a cluster whose controllers stand still.
func still(t *testing.T, o kubetest.Options) (*kubetest.Cluster, kubernetes.Interface) {
	t.Helper()
	c, err := kubetest.New(o)
	check(t, err)
	return c, kubernetes.NewForConfigOrDie(c.Config())
}

func configMap(name string, data map[string]string) *corev1.ConfigMap {
	return &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: name}, Data: data}
}

func TestCreateSetsWhatTheServerOwns(t *testing.T) {
	_, client := still(t, kubetest.Options{})
	sets := client.AppsV1().ReplicaSets("default")
	sent := replicaSet("", 2)
	sent.GenerateName, sent.UID, sent.Generation, sent.Status.Replicas = "web-", "mine", 7, 9
	got := must[*appsv1.ReplicaSet](t)(sets.Create(t.Context(), sent, metav1.CreateOptions{}))
	if !strings.HasPrefix(got.Name, "web-") || len(got.Name) != len("web-")+5 {
		t.Errorf("generated name %q", got.Name)
	}
	if got.UID == "mine" || len(got.UID) != 36 || got.Generation != 1 || got.ResourceVersion == "" ||
		got.CreationTimestamp.IsZero() || got.Status.Replicas != 0 {
		t.Errorf("metadata %+v, status %+v", got.ObjectMeta, got.Status)
	}
	if got.Spec.Template.Spec.RestartPolicy != corev1.RestartPolicyAlways || got.Labels["app"] != "" {
		t.Errorf("defaults are missing: %+v", got.Spec.Template.Spec)
	}
}

func TestUpdateConflicts(t *testing.T) {
	_, client := still(t, kubetest.Options{})
	maps := client.CoreV1().ConfigMaps("default")
	first := must[*corev1.ConfigMap](t)(maps.Create(t.Context(), configMap("c", map[string]string{"a": "1"}), metav1.CreateOptions{}))

	same := must[*corev1.ConfigMap](t)(maps.Update(t.Context(), first, metav1.UpdateOptions{}))
	if same.ResourceVersion != first.ResourceVersion {
		t.Error("an update that changes nothing moves the resource version")
	}
	changed := first.DeepCopy()
	changed.Data["a"] = "2"
	must[*corev1.ConfigMap](t)(maps.Update(t.Context(), changed, metav1.UpdateOptions{}))
	_, err := maps.Update(t.Context(), changed, metav1.UpdateOptions{})
	if !apierrors.IsConflict(err) || !strings.Contains(err.Error(), "the object has been modified; please apply your changes to the latest version and try again") {
		t.Errorf("stale update: %v", err)
	}
	changed.ResourceVersion = ""
	must[*corev1.ConfigMap](t)(maps.Update(t.Context(), changed, metav1.UpdateOptions{}))
	changed.UID = "other"
	if _, err := maps.Update(t.Context(), changed, metav1.UpdateOptions{}); !apierrors.IsConflict(err) {
		t.Errorf("other UID: %v", err)
	}
}

func TestServiceKeepsAnAddressThatAnUpdateDoesNotName(t *testing.T) {
	_, client := still(t, kubetest.Options{})
	services := client.CoreV1().Services("default")
	sent := &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Name: "web"},
		Spec:       corev1.ServiceSpec{Selector: map[string]string{"app": "web"}, Ports: []corev1.ServicePort{{Port: 80}}},
	}
	made := must[*corev1.Service](t)(services.Create(t.Context(), sent, metav1.CreateOptions{}))
	sent.Spec.Selector = map[string]string{"app": "shop"}
	got := must[*corev1.Service](t)(services.Update(t.Context(), sent, metav1.UpdateOptions{}))
	want := made.Spec.DeepCopy()
	want.Selector = sent.Spec.Selector
	if diff := cmp.Diff(*want, got.Spec); diff != "" {
		t.Error(diff)
	}
	sent.Spec.ClusterIP = "10.96.7.7"
	if _, err := services.Update(t.Context(), sent, metav1.UpdateOptions{}); !apierrors.IsInvalid(err) {
		t.Errorf("another address: %v, want Invalid", err)
	}
}

func TestParallelWritersLoseNothing(t *testing.T) {
	_, client := still(t, kubetest.Options{})
	maps := client.CoreV1().ConfigMaps("default")
	must[*corev1.ConfigMap](t)(maps.Create(t.Context(), configMap("c", nil), metav1.CreateOptions{}))
	add := func(key string) error {
		c, err := maps.Get(t.Context(), "c", metav1.GetOptions{})
		if err != nil {
			return err
		}
		if c.Data == nil {
			c.Data = map[string]string{}
		}
		c.Data[key] = "x"
		_, err = maps.Update(t.Context(), c, metav1.UpdateOptions{})
		return err
	}
	var wg sync.WaitGroup
	var conflicts atomic.Int32
	const writers, rounds = 4, 20
	for w := range writers {
		wg.Go(func() {
			for i := range rounds {
				err := add(fmt.Sprintf("%d-%d", w, i))
				for ; apierrors.IsConflict(err); err = add(fmt.Sprintf("%d-%d", w, i)) {
					conflicts.Add(1)
				}
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	c := must[*corev1.ConfigMap](t)(maps.Get(t.Context(), "c", metav1.GetOptions{}))
	if len(c.Data) != writers*rounds {
		t.Errorf("%d of %d keys, after %d conflicts", len(c.Data), writers*rounds, conflicts.Load())
	}
}

func TestStatusAndSpecificationAreApart(t *testing.T) {
	_, client := still(t, kubetest.Options{})
	sets := client.AppsV1().ReplicaSets("default")
	rs := must[*appsv1.ReplicaSet](t)(sets.Create(t.Context(), replicaSet("web", 2), metav1.CreateOptions{}))

	rs.Status.Replicas, *rs.Spec.Replicas = 2, 5
	rs.Annotations = map[string]string{"a": "b"}
	rs = must[*appsv1.ReplicaSet](t)(sets.UpdateStatus(t.Context(), rs, metav1.UpdateOptions{}))
	if rs.Status.Replicas != 2 || *rs.Spec.Replicas != 2 || rs.Generation != 1 || rs.Annotations["a"] != "b" {
		t.Errorf("after UpdateStatus: %+v %+v", rs.Spec, rs.Status)
	}
	rs.Status.Replicas, *rs.Spec.Replicas = 0, 5
	rs = must[*appsv1.ReplicaSet](t)(sets.Update(t.Context(), rs, metav1.UpdateOptions{}))
	if rs.Status.Replicas != 2 || *rs.Spec.Replicas != 5 || rs.Generation != 2 {
		t.Errorf("after Update: %+v %+v, generation %d", rs.Spec, rs.Status, rs.Generation)
	}
	rs.Annotations["a"] = "c"
	rs = must[*appsv1.ReplicaSet](t)(sets.Update(t.Context(), rs, metav1.UpdateOptions{}))
	if rs.Generation != 2 {
		t.Errorf("metadata moves the generation to %d", rs.Generation)
	}
}

func TestPatches(t *testing.T) {
	_, client := still(t, kubetest.Options{})
	sets := client.AppsV1().ReplicaSets("default")
	must[*appsv1.ReplicaSet](t)(sets.Create(t.Context(), replicaSet("web", 2), metav1.CreateOptions{}))
	for _, c := range []struct {
		name, kind, body string
		code             int32
		reason           metav1.StatusReason
		generation       int64
	}{
		{"json", "application/json-patch+json", `[{"op":"test","path":"/spec/replicas","value":2},{"op":"replace","path":"/spec/replicas","value":3}]`, 0, "", 2},
		{"failed test", "application/json-patch+json", `[{"op":"test","path":"/spec/replicas","value":2},{"op":"replace","path":"/spec/replicas","value":9}]`, 422, metav1.StatusReasonInvalid, 2},
		{"test without a value", "application/json-patch+json", `[{"op":"test","path":""}]`, 422, metav1.StatusReasonInvalid, 2},
		{"replace without a value", "application/json-patch+json", `[{"op":"replace","path":""}]`, 422, metav1.StatusReasonInvalid, 2},
		{"merge", "application/merge-patch+json", `{"metadata":{"annotations":{"x":"y"}},"spec":{"replicas":4}}`, 0, "", 3},
		{"nothing", "application/merge-patch+json", `{"spec":{"replicas":4}}`, 0, "", 3},
		{"strategic", "application/strategic-merge-patch+json", `{"spec":{"template":{"spec":{"containers":[{"name":"main","env":[{"name":"A","value":"1"}]}]}}}}`, 0, "", 4},
		{"stale", "application/merge-patch+json", `{"metadata":{"resourceVersion":"1"},"spec":{"replicas":8}}`, 409, metav1.StatusReasonConflict, 4},
		{"apply", "application/apply-patch+yaml", `{}`, 415, metav1.StatusReasonUnsupportedMediaType, 4},
		{"garbage", "application/merge-patch+json", `[`, 400, metav1.StatusReasonBadRequest, 4},
		{"wrong type", "application/merge-patch+json", `{"spec":{"replicas":"x"}}`, 422, metav1.StatusReasonInvalid, 4},
		{"negative", "application/merge-patch+json", `{"spec":{"replicas":-1}}`, 422, metav1.StatusReasonInvalid, 4},
		{"other name", "application/merge-patch+json", `{"metadata":{"name":"x"}}`, 400, metav1.StatusReasonBadRequest, 4},
		{"selector", "application/merge-patch+json", `{"spec":{"selector":{"matchLabels":{"app":"web","b":"c"}},"template":{"metadata":{"labels":{"b":"c"}}}}}`, 422, metav1.StatusReasonInvalid, 4},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := sets.Patch(t.Context(), "web", types.PatchType(c.kind), []byte(c.body), metav1.PatchOptions{FieldManager: "test"})
			wantStatus(t, err, c.code, c.reason)
			rs := must[*appsv1.ReplicaSet](t)(sets.Get(t.Context(), "web", metav1.GetOptions{}))
			if rs.Generation != c.generation {
				t.Errorf("generation %d, want %d", rs.Generation, c.generation)
			}
		})
	}
	rs := must[*appsv1.ReplicaSet](t)(sets.Get(t.Context(), "web", metav1.GetOptions{}))
	if main := rs.Spec.Template.Spec.Containers[0]; main.Image != "example/web:1" || len(main.Env) != 1 || *rs.Spec.Replicas != 4 {
		t.Errorf("after all patches: %+v", rs.Spec)
	}
}

// wantStatus checks an error of the API; code 0 wants none.
func wantStatus(t *testing.T, err error, code int32, reason metav1.StatusReason) {
	t.Helper()
	if code == 0 {
		check(t, err)
		return
	}
	status, ok := err.(apierrors.APIStatus)
	if !ok || status.Status().Code != code || status.Status().Reason != reason {
		t.Errorf("got %#v, want %d %s", err, code, reason)
	}
}

func TestUnknownFieldsSurvive(t *testing.T) {
	c, client := still(t, kubetest.Options{})
	dyn := dynamic.NewForConfigOrDie(c.Config())
	sets := dyn.Resource(schema.GroupVersionResource{Group: "apps", Version: "v1", Resource: "replicasets"}).Namespace("default")
	var obj map[string]any
	data := must[[]byte](t)(json.Marshal(replicaSet("web", 1)))
	check(t, json.Unmarshal(data, &obj))
	obj["apiVersion"], obj["kind"] = "apps/v1", "ReplicaSet"
	obj["spec"].(map[string]any)["future"] = map[string]any{"deep": []any{"x"}}
	containers := obj["spec"].(map[string]any)["template"].(map[string]any)["spec"].(map[string]any)["containers"].([]any)
	containers[0].(map[string]any)["tomorrow"] = "y"
	must[*unstructured.Unstructured](t)(sets.Create(t.Context(), &unstructured.Unstructured{Object: obj}, metav1.CreateOptions{}))
	_, err := client.AppsV1().ReplicaSets("default").Patch(t.Context(), "web", types.StrategicMergePatchType,
		[]byte(`{"spec":{"replicas":2}}`), metav1.PatchOptions{})
	check(t, err)
	got := must[*unstructured.Unstructured](t)(sets.Get(t.Context(), "web", metav1.GetOptions{}))
	deep, _, _ := unstructured.NestedStringSlice(got.Object, "spec", "future", "deep")
	list, _, _ := unstructured.NestedSlice(got.Object, "spec", "template", "spec", "containers")
	if len(deep) != 1 || list[0].(map[string]any)["tomorrow"] != "y" {
		t.Errorf("unknown fields are lost: %v", got.Object)
	}
}

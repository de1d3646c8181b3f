package kubetest_test

import (
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv1 "k8s.io/api/autoscaling/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/restmapper"

	"github.com/gopawl/pawl/rollout/kube/kubetest"
)

func statusOf(e watch.Event) appsv1.ReplicaSetStatus {
	if rs, ok := e.Object.(*appsv1.ReplicaSet); ok {
		return rs.Status
	}
	return appsv1.ReplicaSetStatus{}
}

var widget = kubetest.Resource{
	Group: "example.com", Version: "v1", Kind: "Widget", Plural: "widgets", ShortNames: []string{"wd"},
	Status: true, Scale: true,
	Validate: func(obj, _ *unstructured.Unstructured) field.ErrorList {
		if _, ok, _ := unstructured.NestedString(obj.Object, "spec", "size"); !ok {
			return field.ErrorList{field.Required(field.NewPath("spec", "size"), "")}
		}
		return nil
	},
}

func TestDiscovery(t *testing.T) {
	c, _ := still(t, kubetest.Options{Resources: []kubetest.Resource{widget}})
	client := discovery.NewDiscoveryClientForConfigOrDie(c.Config())
	groups, err := restmapper.GetAPIGroupResources(client)
	check(t, err)
	mapper := restmapper.NewShortcutExpander(restmapper.NewDiscoveryRESTMapper(groups), client, nil)
	for _, word := range []string{"rs", "replicasets.apps", "pods", "po", "endpointslices", "wd", "widgets.example.com"} {
		gvr, err := mapper.ResourceFor(schema.ParseGroupResource(word).WithVersion(""))
		if err != nil {
			t.Errorf("%s: %v", word, err)
		}
		if _, err := mapper.KindFor(gvr); err != nil {
			t.Errorf("%s: %v", word, err)
		}
	}
	if _, err := mapper.KindFor(schema.GroupVersionResource{Resource: "deployments"}); err == nil {
		t.Error("Deployments are there, but nobody drives them")
	}
	version, err := client.ServerVersion()
	check(t, err)
	if version.Major != "1" {
		t.Errorf("version %v", version)
	}
}

func TestRegisteredKinds(t *testing.T) {
	c, _ := still(t, kubetest.Options{Resources: []kubetest.Resource{widget}})
	widgets := dynamic.NewForConfigOrDie(c.Config()).
		Resource(schema.GroupVersionResource{Group: "example.com", Version: "v1", Resource: "widgets"}).Namespace("default")
	w := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "example.com/v1", "kind": "Widget", "metadata": map[string]any{"name": "w"},
		"spec": map[string]any{"replicas": int64(1), "any": []any{"x", 1.5}}, "status": map[string]any{"x": "y"},
	}}
	_, err := widgets.Create(t.Context(), w, metav1.CreateOptions{})
	wantStatus(t, err, 422, metav1.StatusReasonInvalid)
	check(t, unstructured.SetNestedField(w.Object, "big", "spec", "size"))
	w, err = widgets.Create(t.Context(), w, metav1.CreateOptions{})
	check(t, err)
	if w.GetGeneration() != 1 || w.Object["status"] != nil {
		t.Errorf("created %v", w.Object)
	}
	_, err = widgets.Patch(t.Context(), "w", types.StrategicMergePatchType, []byte(`{}`), metav1.PatchOptions{})
	wantStatus(t, err, 415, metav1.StatusReasonUnsupportedMediaType)
	w, err = widgets.Patch(t.Context(), "w", types.MergePatchType, []byte(`{"metadata":{"labels":{"a":"b"}},"status":{"replicas":3}}`), metav1.PatchOptions{}, "status")
	check(t, err)
	if w.GetLabels()["a"] != "" || w.GetGeneration() != 1 {
		t.Errorf("after a patch of the status: %v", w.Object)
	}
	w, err = widgets.Patch(t.Context(), "w", types.MergePatchType, []byte(`{"spec":{"replicas":7}}`), metav1.PatchOptions{}, "scale")
	check(t, err)
	if w.GetKind() != "Scale" {
		t.Errorf("scale is %v", w.Object)
	}
	w, err = widgets.Get(t.Context(), "w", metav1.GetOptions{})
	check(t, err)
	if n, _, _ := unstructured.NestedInt64(w.Object, "spec", "replicas"); n != 7 || w.GetGeneration() != 2 {
		t.Errorf("after scaling: %v", w.Object)
	}
}

func TestScale(t *testing.T) {
	_, client := still(t, kubetest.Options{})
	sets := client.AppsV1().ReplicaSets("default")
	must[*appsv1.ReplicaSet](t)(sets.Create(t.Context(), replicaSet("web", 2), metav1.CreateOptions{}))
	scale := must[*autoscalingv1.Scale](t)(sets.GetScale(t.Context(), "web", metav1.GetOptions{}))
	if scale.Spec.Replicas != 2 || scale.Status.Selector != "app=web" {
		t.Errorf("scale %+v", scale)
	}
	scale.Spec.Replicas = 4
	must[*autoscalingv1.Scale](t)(sets.UpdateScale(t.Context(), "web", scale, metav1.UpdateOptions{}))
	_, err := sets.UpdateScale(t.Context(), "web", scale, metav1.UpdateOptions{})
	wantStatus(t, err, 409, metav1.StatusReasonConflict)
	scale.Spec.Replicas, scale.ResourceVersion = -1, ""
	_, err = sets.UpdateScale(t.Context(), "web", scale, metav1.UpdateOptions{})
	wantStatus(t, err, 422, metav1.StatusReasonInvalid)
}

func TestReplicationControllers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := start(t, kubetest.Options{})
		rcs := client.CoreV1().ReplicationControllers("default")
		n, template := int32(3), replicaSet("web", 0).Spec.Template
		rc, err := rcs.Create(t.Context(), &corev1.ReplicationController{
			ObjectMeta: metav1.ObjectMeta{Name: "web"},
			Spec:       corev1.ReplicationControllerSpec{Replicas: &n, Template: &template},
		}, metav1.CreateOptions{})
		check(t, err)
		if rc.Spec.Selector["app"] != "web" || rc.Labels["app"] != "web" {
			t.Errorf("defaults are missing: %+v", rc)
		}
		time.Sleep(time.Minute)
		rc, err = rcs.Get(t.Context(), "web", metav1.GetOptions{})
		check(t, err)
		if rc.Status.AvailableReplicas != 3 || rc.Status.ObservedGeneration != 1 {
			t.Errorf("status %+v", rc.Status)
		}
	})
}

func TestRefusals(t *testing.T) {
	c, client := still(t, kubetest.Options{})
	get := func(method, path, accept, kind, body string) int {
		req := httptest.NewRequest(method, path, strings.NewReader(body))
		req.Header.Set("Accept", accept)
		req.Header.Set("Content-Type", kind)
		w := httptest.NewRecorder()
		c.ServeHTTP(w, req)
		return w.Code
	}
	const json, proto = "application/json", "application/vnd.kubernetes.protobuf"
	const maps = "/api/v1/namespaces/default/configmaps"
	for _, r := range []struct {
		method, path, accept, kind, body string
		code                             int
	}{
		{"GET", "/apis/apps/v1/namespaces/default/deployments", json, "", "", 404},
		{"GET", "/api/v1/configmaps/x", json, "", "", 404},
		{"GET", maps + "/x/status", json, "", "", 404},
		{"GET", maps + "/x", json, "", "", 404},
		{"POST", maps + "/x", json, json, "{}", 405},
		{"POST", "/api/v1/configmaps", json, json, "{}", 405},
		{"GET", maps, proto, "", "", 406},
		{"GET", maps, proto + "," + json, "", "", 200},
		{"GET", maps, json + ";as=Table;v=v1;g=meta.k8s.io," + json, "", "", 200},
		{"GET", maps, json + ";as=Table;v=v1;g=meta.k8s.io", "", "", 406},
		{"POST", maps, json, proto, "k8s", 400},
		{"POST", maps, json, "application/yaml", "{}", 415},
		{"POST", maps, json, json, "nonsense", 400},
		{"POST", maps, json, json, "null", 422},
		{"POST", maps, json, json, `{"metadata":[]}`, 400},
		{"POST", maps, json, json, `{"metadata":{"name":"UPPER"}}`, 422},
		{"POST", maps, json, json, `{"metadata":{}}`, 422},
		{"POST", maps, json, json, `{"kind":"Pod","metadata":{"name":"a"}}`, 400},
		{"POST", maps, json, json, `{"metadata":{"name":"a","namespace":"other"}}`, 400},
		{"POST", maps + "?dryRun=Some", json, json, `{"metadata":{"name":"a"}}`, 422},
		{"POST", maps + "?dryRun=All", json, json, `{"metadata":{"name":"a"}}`, 201},
		{"GET", maps + "/a", json, "", "", 404},
		{"POST", "/api/v1/namespaces/absent/configmaps", json, json, `{"metadata":{"name":"a"}}`, 404},
		{"POST", maps, json, json, `{"metadata":{"name":"a"},"data":{"x":"` + strings.Repeat("x", 2<<20) + `"}}`, 500},
		{"POST", maps, json, json, strings.Repeat("x", 4<<20), 413},
		{"GET", maps + "?fieldSelector=data.x%3D1", json, "", "", 400},
		{"GET", maps + "?labelSelector=((", json, "", "", 400},
		{"GET", maps + "?resourceVersion=999999", json, "", "", 504},
		{"GET", maps + "?resourceVersion=x", json, "", "", 400},
		{"DELETE", "/api/v1/namespaces/default", json, "", "", 403},
		{"GET", "/healthz", json, "", "", 200},
		{"GET", "/metrics", json, "", "", 404},
	} {
		if got := get(r.method, r.path, r.accept, r.kind, r.body); got != r.code {
			t.Errorf("%s %s %.40q answers %d, want %d", r.method, r.path, r.body, got, r.code)
		}
	}
	bad := replicaSet("web", 1)
	bad.Spec.Template.Labels["app"], bad.Spec.Template.Spec.Containers[0].Image = "other", ""
	bad.Spec.Selector = &metav1.LabelSelector{MatchLabels: map[string]string{"app": "web"}}
	_, err := client.AppsV1().ReplicaSets("default").Create(t.Context(), bad, metav1.CreateOptions{})
	wantStatus(t, err, 422, metav1.StatusReasonInvalid)
	for _, path := range []string{"spec.template.metadata.labels", "spec.template.spec.containers[0].image"} {
		if err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("%v does not name %s", err, path)
		}
	}
}

func TestDeleteCollection(t *testing.T) {
	_, client := still(t, kubetest.Options{})
	maps := client.CoreV1().ConfigMaps("default")
	for _, name := range []string{"a", "b"} {
		c := configMap(name, nil)
		c.Labels = map[string]string{"name": name}
		must[*corev1.ConfigMap](t)(maps.Create(t.Context(), c, metav1.CreateOptions{}))
	}
	check(t, maps.DeleteCollection(t.Context(), metav1.DeleteOptions{}, metav1.ListOptions{LabelSelector: "name=a"}))
	left := must[*corev1.ConfigMapList](t)(maps.List(t.Context(), metav1.ListOptions{}))
	if len(left.Items) != 1 || left.Items[0].Name != "b" {
		t.Errorf("left: %v", left.Items)
	}
}

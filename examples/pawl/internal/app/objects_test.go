package app

import (
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
)

func applyObject(t *testing.T, client dynamic.Interface, text string, want Outcome) *unstructured.Unstructured {
	t.Helper()
	u, outcome, err := ApplyObject(t.Context(), client, object(t, text), false)
	if err != nil {
		t.Fatal(err)
	}
	if outcome != want {
		t.Errorf("the outcome is %q, want %q:\n%s", outcome, want, text)
	}
	return u
}

// Defaults that the API server fills in, and what it makes of a field, are no reason to be
// configured for ever.
func TestApplyObject(t *testing.T) {
	for _, c := range []struct{ name, first, second string }{
		{
			"Namespace", "{apiVersion: v1, kind: Namespace, metadata: {name: it}}",
			"{apiVersion: v1, kind: Namespace, metadata: {name: it, labels: {a: b}}}",
		},
		{
			"ConfigMap", "{apiVersion: v1, kind: ConfigMap, metadata: {name: it, namespace: default}, data: {a: b}}",
			"{apiVersion: v1, kind: ConfigMap, metadata: {name: it, namespace: default}, data: {a: c}}",
		},
		{
			"Secret", "{apiVersion: v1, kind: Secret, metadata: {name: it, namespace: default}, data: {a: eA==}}",
			"{apiVersion: v1, kind: Secret, metadata: {name: it, namespace: default}, data: {a: eQ==}}",
		},
		{
			"Secret with stringData", "{apiVersion: v1, kind: Secret, metadata: {name: it, namespace: default}, stringData: {a: one}}",
			"{apiVersion: v1, kind: Secret, metadata: {name: it, namespace: default}, stringData: {a: two}}",
		},
		{
			"Service", "{apiVersion: v1, kind: Service, metadata: {name: it, namespace: default}, spec: {selector: {app: web}, ports: [{port: 80}]}}",
			"{apiVersion: v1, kind: Service, metadata: {name: it, namespace: default}, spec: {selector: {app: web}, ports: [{port: 81}]}}",
		},
		{
			"Service with an empty status", "{apiVersion: v1, kind: Service, metadata: {name: it, namespace: default, creationTimestamp: null}, spec: {selector: {app: web}, ports: [{port: 80}]}, status: {loadBalancer: {}}}",
			"{apiVersion: v1, kind: Service, metadata: {name: it, namespace: default, creationTimestamp: null}, spec: {selector: {app: api}, ports: [{port: 80}]}, status: {loadBalancer: {}}}",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, client := newStore(t)
			applyObject(t, client, c.first, Created)
			applyObject(t, client, c.first, Unchanged)
			applyObject(t, client, c.second, Configured)
			applyObject(t, client, c.second, Unchanged)
			if u, outcome, err := ApplyObject(t.Context(), client, object(t, c.first), true); err != nil || outcome != Configured {
				t.Errorf("a dry run of the first one again: %v, %v, %v", outcome, err, u)
			}
			applyObject(t, client, c.second, Unchanged)
		})
	}
}

// What the cluster gave a Service, and others added to it, stays.
func TestApplyObjectKeepsWhatWasNeverSaid(t *testing.T) {
	_, client := newStore(t)
	const service = "{apiVersion: v1, kind: Service, metadata: {name: it, namespace: default, annotations: {mine: 'VALUE'}}, spec: {selector: {app: web}, ports: [{port: 80}]}}"
	was := applyObject(t, client, strings.Replace(service, "VALUE", "1", 1), Created)
	services := client.Resource(schema.GroupVersionResource{Version: "v1", Resource: "services"}).Namespace("default")
	was.SetAnnotations(map[string]string{"mine": "1", "theirs": "2", "kubectl.kubernetes.io/last-applied-configuration": was.GetAnnotations()["kubectl.kubernetes.io/last-applied-configuration"]})
	if _, err := services.Update(t.Context(), was, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	now := applyObject(t, client, strings.Replace(service, "VALUE", "3", 1), Configured)
	if a := now.GetAnnotations(); a["mine"] != "3" || a["theirs"] != "2" {
		t.Errorf("annotations %v", a)
	}
	if ip := fieldAt(now, "spec.clusterIP"); ip == nil || ip != fieldAt(was, "spec.clusterIP") {
		t.Errorf("the address went from %v to %v", fieldAt(was, "spec.clusterIP"), ip)
	}
	now = applyObject(t, client, strings.Replace(service, "mine: 'VALUE'", "", 1), Configured)
	if a := now.GetAnnotations(); a["mine"] != "" || a["theirs"] != "2" {
		t.Errorf("annotations %v", a)
	}
}

// An object that somebody else made is taken on; nothing of it is taken away.
func TestApplyObjectThatWasNeverApplied(t *testing.T) {
	_, client := newStore(t)
	maps := client.Resource(schema.GroupVersionResource{Version: "v1", Resource: "configmaps"}).Namespace("default")
	theirs := object(t, "{apiVersion: v1, kind: ConfigMap, metadata: {name: it}, data: {theirs: one, both: two}}")
	if _, err := maps.Create(t.Context(), theirs, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	const ours = "{apiVersion: v1, kind: ConfigMap, metadata: {name: it, namespace: default}, data: {both: three}}"
	now := applyObject(t, client, ours, Configured)
	if fieldAt(now, "data.theirs") != "one" || fieldAt(now, "data.both") != "three" {
		t.Errorf("data %v", now.Object["data"])
	}
	applyObject(t, client, ours, Unchanged)
}

package cluster

import (
	"context"
	"regexp"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Namespace makes a namespace for one test, named after it, in which pods can be
// created. When the test ends it is deleted, without waiting for that. If the test
// failed it stays, and Stop leaves the logs.
func (c *Cluster) Namespace(t testing.TB) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	namespaces := c.client.CoreV1().Namespaces()
	meta := metav1.ObjectMeta{GenerateName: generateName(t.Name())}
	ns, err := namespaces.Create(ctx, &corev1.Namespace{ObjectMeta: meta}, metav1.CreateOptions{})
	if err != nil {
		t.Fatalf("create a namespace: %v", err)
	}
	t.Cleanup(func() { c.release(t, ns.Name) })
	if err := c.procs.await(ctx, "waiting for the service account of namespace "+ns.Name, c.accountExists(ns.Name)); err != nil {
		t.Fatal(err)
	}
	return ns.Name
}

func (c *Cluster) release(t testing.TB, namespace string) {
	if t.Failed() {
		t.Logf("namespace %s stays; logs: %s", namespace, c.Logs())
		c.Keep()
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second) // t.Context has ended
	defer cancel()
	if err := c.client.CoreV1().Namespaces().Delete(ctx, namespace, metav1.DeleteOptions{}); err != nil {
		t.Errorf("delete namespace %s: %v", namespace, err)
	}
}

var notInLabel = regexp.MustCompile(`[^a-z0-9]+`)

// generateName makes of a test's name the beginning of an object's.
func generateName(test string) string {
	name := notInLabel.ReplaceAllString(strings.ToLower(test), "-")
	return "t-" + name[:min(len(name), 40)] + "-"
}

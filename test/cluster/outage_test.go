package cluster

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Each component is killed and comes back, and etcd is frozen for a while: what was written is there
// again, new pods become ready, and Stop has nothing to report.
func TestOutages(t *testing.T) {
	c, err := Start(t.Context(), Options{Nodes: 1})
	if err != nil {
		t.Fatal(err)
	}
	stopped := false
	defer func() {
		if !stopped {
			c.Stop()
		}
	}()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	configMaps := c.client.CoreV1().ConfigMaps("default")
	if _, err := configMaps.Create(ctx, &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "kept"}}, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	kept := func(ctx context.Context) error {
		_, err := configMaps.Get(ctx, "kept", metav1.GetOptions{})
		return err
	}

	for _, component := range []Component{Etcd, APIServer, ControllerManager, Scheduler} {
		if err := c.Kill(component); err != nil {
			t.Fatal(err)
		}
		if err := c.Kill(component); err == nil || !strings.Contains(err.Error(), "has ended before") {
			t.Errorf("killed twice: %v", err)
		}
		if component == APIServer {
			if err := c.serving(ctx); err == nil {
				t.Error("a killed API server answers")
			}
		}
		if err := c.Restart(ctx, component); err != nil {
			t.Fatal(err)
		}
		if err := c.Restart(ctx, component); err == nil || !strings.Contains(err.Error(), "was not killed") {
			t.Errorf("restarted twice: %v", err)
		}
	}
	if err := c.procs.await(ctx, "what was written", kept); err != nil {
		t.Fatal(err)
	}
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "new"}}
	if _, err := c.client.CoreV1().Namespaces().Create(ctx, namespace, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	if err := c.procs.await(ctx, "a service account: the controller manager is back", c.accountExists("new")); err != nil {
		t.Fatal(err)
	}

	if err := c.Pause(Etcd); err != nil {
		t.Fatal(err)
	}
	short, cancelShort := context.WithTimeout(ctx, time.Second)
	defer cancelShort()
	if err := kept(short); err == nil {
		t.Error("the API server answers without its store")
	}
	if err := c.Resume(Etcd); err != nil {
		t.Fatal(err)
	}
	pods := c.client.CoreV1().Pods("new")
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "new"}, Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "main", Image: "web:1"}}}}
	if _, err := pods.Create(ctx, pod, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	err = c.procs.await(ctx, "a pod that runs: the scheduler is back", func(ctx context.Context) error {
		pod, err := pods.Get(ctx, "new", metav1.GetOptions{})
		if err == nil && pod.Status.Phase != corev1.PodRunning {
			err = fmt.Errorf("pod %s", pod.Status.Phase)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
	if err := c.Kill("nobody"); err == nil || !strings.Contains(err.Error(), "there is no nobody") {
		t.Errorf("got %v", err)
	}
	if err := c.Kill(Scheduler); err != nil {
		t.Error(err)
	}
	stopped = true
	if err := c.Stop(); err != nil {
		t.Error(err)
	}
}

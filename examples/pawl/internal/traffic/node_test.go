package traffic

import (
	"bufio"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func TestVersionOfAnImage(t *testing.T) {
	for image, want := range map[string]string{
		"luksa/kubia:v1":           "v1",
		"httpd":                    "latest",
		"localhost:5000/httpd":     "latest",
		"localhost:5000/httpd:2.4": "2.4",
		"httpd:2.4@sha256:0123":    "2.4",
		"httpd@sha256:0123":        "sha256:0123",
	} {
		if got := version(image); got != want {
			t.Errorf("%s: %s, want %s", image, got, want)
		}
	}
}

// A container that ends by itself breaks its connections; the pod that is started again has a new server.
func TestCrashEndsTheServer(t *testing.T) {
	n := newNode()
	defer func() { _ = n.close() }()
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "web"}, Spec: corev1.PodSpec{Containers: []corev1.Container{{Image: "web:v1"}}}}
	pod.Status.PodIP = "10.244.0.1"
	pod.Status.ContainerStatuses = make([]corev1.ContainerStatus, 1)
	answers := func() bool {
		conn, err := n.dial(t.Context(), pod.Status.PodIP)
		if err != nil {
			return false
		}
		c := client{conn: conn, reader: bufio.NewReader(conn)}
		defer c.hangUp()
		body, err := c.get()
		return err == nil && body == "This is v1 running in pod web\n"
	}
	for i, running := range []bool{false, true, false, true} {
		state := &pod.Status.ContainerStatuses[0].State
		state.Running = nil
		if running {
			state.Running = &corev1.ContainerStateRunning{}
		}
		n.see(pod)
		if answers() != running {
			t.Errorf("step %d: answers %v, want %v", i, !running, running)
		}
	}
}

package kubetest_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gopawl/pawl/rollout/kube/kubetest"
)

// summary says in a line what a user sees of a pod.
func summary(p *corev1.Pod) string {
	text := string(p.Status.Phase)
	for _, c := range p.Status.Conditions {
		if c.Type == corev1.PodReady {
			text += " ready=" + string(c.Status)
		}
		if c.Type == corev1.PodScheduled && c.Reason != "" {
			text += " " + c.Reason
		}
	}
	for _, c := range p.Status.ContainerStatuses {
		if w := c.State.Waiting; w != nil {
			text += fmt.Sprintf(" %s restarts=%d", w.Reason, c.RestartCount)
			if w.Message != "" {
				text += ": " + w.Message
			}
		}
	}
	return text
}

func TestPodsBehaveAsTheyAreTold(t *testing.T) {
	for _, c := range []struct {
		name        string
		annotations map[string]string
		image       string
		after       time.Duration
		want        string
	}{
		{"soon", nil, "", 999 * time.Millisecond, "Running ready=False"},
		{"ready", nil, "", 1001 * time.Millisecond, "Running ready=True"},
		{"starting", map[string]string{"sim/start-delay": "2s"}, "", 1900 * time.Millisecond, "Pending ready=False ContainerCreating restarts=0"},
		{"started", map[string]string{"sim/start-delay": "2s", "sim/ready-delay": "3s"}, "", 4900 * time.Millisecond, "Running ready=False"},
		{"slow", map[string]string{"sim/start-delay": "2s", "sim/ready-delay": "3s"}, "", 5100 * time.Millisecond, "Running ready=True"},
		{"image", map[string]string{"sim/fail": "image"}, "", time.Minute, `Pending ready=False ImagePullBackOff restarts=0: Back-off pulling image "web:1"`},
		{"tag", nil, "registry:5000/web:nosuch-1", 100 * time.Millisecond, "Pending ready=False ErrImagePull restarts=0: failed to pull"},
		{"crash", map[string]string{"sim/fail": "crash"}, "", 2 * time.Second, "Running ready=False CrashLoopBackOff restarts=1: back-off 10s restarting failed container=main pod=p_default("},
		{"crash again", map[string]string{"sim/fail": "crash"}, "", time.Hour, "Running ready=False CrashLoopBackOff restarts=16: back-off 5m0s restarting"},
		{"probe", map[string]string{"sim/fail": "probe"}, "", time.Hour, "Running ready=False"},
		{"unschedulable", map[string]string{"sim/fail": "unschedulable"}, "", time.Hour, "Pending Unschedulable"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				client := start(t, kubetest.Options{})
				pods := client.CoreV1().Pods("default")
				image := c.image
				if image == "" {
					image = "web:1"
				}
				_, err := pods.Create(t.Context(), &corev1.Pod{
					ObjectMeta: metav1.ObjectMeta{Name: "p", Annotations: c.annotations},
					Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "main", Image: image}}},
				}, metav1.CreateOptions{})
				check(t, err)
				time.Sleep(c.after)
				synctest.Wait()
				p := must[*corev1.Pod](t)(pods.Get(t.Context(), "p", metav1.GetOptions{}))
				if got := summary(p); !strings.HasPrefix(got, c.want) {
					t.Errorf("got  %s\nwant %s", got, c.want)
				}
			})
		})
	}
}

func TestPodWaitsForItsConfiguration(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := start(t, kubetest.Options{})
		pods := client.CoreV1().Pods("default")
		from := corev1.EnvFromSource{ConfigMapRef: &corev1.ConfigMapEnvSource{LocalObjectReference: corev1.LocalObjectReference{Name: "settings"}}}
		_, err := pods.Create(t.Context(), &corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{Name: "p"},
			Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "main", Image: "web:1", EnvFrom: []corev1.EnvFromSource{from}}}},
		}, metav1.CreateOptions{})
		check(t, err)
		time.Sleep(time.Minute)
		p := must[*corev1.Pod](t)(pods.Get(t.Context(), "p", metav1.GetOptions{}))
		if got, want := summary(p), `Pending ready=False CreateContainerConfigError restarts=0: configmap "settings" not found`; got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
		_, err = client.CoreV1().ConfigMaps("default").Create(t.Context(), configMap("settings", nil), metav1.CreateOptions{})
		check(t, err)
		time.Sleep(2 * time.Second)
		p = must[*corev1.Pod](t)(pods.Get(t.Context(), "p", metav1.GetOptions{}))
		if got, want := summary(p), "Running ready=True"; got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
		events := must[*corev1.EventList](t)(client.CoreV1().Events("default").List(t.Context(), metav1.ListOptions{
			FieldSelector: "involvedObject.name=p,involvedObject.kind=Pod"}))
		var reasons []string
		for _, e := range events.Items {
			reasons = append(reasons, e.Reason)
		}
		if len(reasons) != 3 {
			t.Errorf("events %v, want Scheduled, Failed, Started", reasons)
		}
	})
}

func TestEndpointSlicesFollowPods(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := start(t, kubetest.Options{Stop: 10 * time.Second})
		must[*appsv1.ReplicaSet](t)(client.AppsV1().ReplicaSets("default").Create(t.Context(), replicaSet("web", 3), metav1.CreateOptions{}))
		svc := &corev1.Service{
			ObjectMeta: metav1.ObjectMeta{Name: "web"},
			Spec:       corev1.ServiceSpec{Selector: map[string]string{"app": "web"}, Ports: []corev1.ServicePort{{Port: 80}}},
		}
		svc = must[*corev1.Service](t)(client.CoreV1().Services("default").Create(t.Context(), svc, metav1.CreateOptions{}))
		if svc.Spec.ClusterIP == "" {
			t.Error("no address")
		}
		time.Sleep(time.Minute)
		check(t, client.CoreV1().Pods("default").Delete(t.Context(), podsOf(t, client)[0].Name, metav1.DeleteOptions{}))
		time.Sleep(5 * time.Second)
		slices := func() []discoveryv1.EndpointSlice {
			return must[*discoveryv1.EndpointSliceList](t)(client.DiscoveryV1().EndpointSlices("default").List(t.Context(),
				metav1.ListOptions{LabelSelector: "kubernetes.io/service-name=web"})).Items
		}
		var ready, terminating int
		for _, e := range slices()[0].Endpoints {
			if *e.Conditions.Ready {
				ready++
			}
			if *e.Conditions.Terminating && *e.Conditions.Serving {
				terminating++
			}
		}
		if ready != 3 || terminating != 1 {
			t.Errorf("%d ready and %d terminating", ready, terminating)
		}
		check(t, client.CoreV1().Services("default").Delete(t.Context(), "web", metav1.DeleteOptions{}))
		time.Sleep(time.Second)
		if left := slices(); len(left) != 0 {
			t.Errorf("%d slices outlive the Service", len(left))
		}
	})
}

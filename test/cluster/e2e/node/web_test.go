package node

import (
	"context"
	"fmt"
	"maps"
	"net"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/gopawl/pawl/test/cluster/suite"
	"github.com/gopawl/pawl/test/cluster/traffic"
)

const (
	name     = "web" // of the app, its container and its Service
	replicas = 4
)

var labels = map[string]string{"app": name}

// drains is the environment of a pod that ends properly. Between the moment when it is told to go and
// the one when nobody sends it new connections, kube-proxy has to hear of it.
var drains = map[string]string{"READY_DELAY": "500ms", "DRAIN": "4s"}

// with returns an environment with another variable.
func with(env map[string]string, key, value string) map[string]string {
	env = maps.Clone(env)
	env[key] = value
	return env
}

// template is that of pods of web:1, web:2 or web:3.
func template(version string, env map[string]string) corev1.PodTemplateSpec {
	var vars []corev1.EnvVar
	for _, key := range slices.Sorted(maps.Keys(env)) {
		vars = append(vars, corev1.EnvVar{Name: key, Value: env[key]})
	}
	grace := int64(15) // longer than the drain
	return corev1.PodTemplateSpec{
		ObjectMeta: metav1.ObjectMeta{Labels: labels},
		Spec: corev1.PodSpec{
			TerminationGracePeriodSeconds: &grace,
			Containers: []corev1.Container{{
				Name:      name,
				Image:     name + ":" + version,
				Env:       vars,
				Ports:     []corev1.ContainerPort{{ContainerPort: 8080}},
				Resources: corev1.ResourceRequirements{Requests: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("10m")}},
				ReadinessProbe: &corev1.Probe{
					ProbeHandler:  corev1.ProbeHandler{HTTPGet: &corev1.HTTPGetAction{Path: "/ready", Port: intstr.FromInt32(8080)}},
					PeriodSeconds: 1,
					// A probe that comes late on a busy machine is no reason to take a pod out.
					TimeoutSeconds: 5,
				},
			}},
		},
	}
}

// service makes the Service of the app's pods and returns its address.
func service(f *suite.Fixture) string {
	f.Helper()
	made, err := f.Client.CoreV1().Services(f.Namespace).Create(f.Context(), &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: corev1.ServiceSpec{
			Selector: labels,
			Ports:    []corev1.ServicePort{{Port: 80, TargetPort: intstr.FromInt32(8080)}},
		},
	}, metav1.CreateOptions{})
	if err != nil {
		f.Fatal(err)
	}
	return net.JoinHostPort(made.Spec.ClusterIP, "80")
}

// load sends requests to a Service whose pods are ready, and which kube-proxy knows.
func load(f *suite.Fixture, address string) *traffic.Run {
	f.Helper()
	f.Eventually(10*time.Second, func(ctx context.Context) error {
		conn, err := suite.Cluster().Dial(ctx, "tcp", address)
		if err == nil {
			err = conn.Close()
		}
		return err
	})
	l := traffic.Load{Address: address, Dial: suite.Cluster().Dial, Kept: 4, Fresh: 2, Pause: 4 * time.Millisecond}
	return l.Start()
}

// answered waits for so many more requests.
func answered(f *suite.Fixture, l *traffic.Run, more int) {
	f.Helper()
	before, _ := l.SoFar()
	f.Eventually(60*time.Second, func(context.Context) error {
		if now, _ := l.SoFar(); now < before+more {
			return fmt.Errorf("%d requests of %d", now-before, more)
		}
		return nil
	})
}

// onlyReadyPods waits until there are so many pods, all ready: none starts and none is on its way out.
func onlyReadyPods(f *suite.Fixture, want int) {
	f.Helper()
	f.Eventually(60*time.Second, func(context.Context) error {
		pods := f.PodsNow()
		for _, pod := range pods {
			if !suite.PodReady(pod) || pod.DeletionTimestamp != nil {
				return fmt.Errorf("pod %s is not ready, or on its way out", pod.Name)
			}
		}
		if len(pods) != want {
			return fmt.Errorf("%d pods, want %d", len(pods), want)
		}
		return nil
	})
}

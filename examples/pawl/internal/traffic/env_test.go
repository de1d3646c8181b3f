package traffic

import (
	"context"
	"fmt"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/gopawl/pawl/rollout"
	"github.com/gopawl/pawl/rollout/kube"
	"github.com/gopawl/pawl/rollout/kube/kubetest"
)

// env is an embedded cluster with the Service kubia and its pods.
type env struct {
	*testing.T
	api    kubernetes.Interface
	client *kube.Client
	owner  *corev1.ConfigMap
	// annotations are those of the template.
	annotations map[string]string
}

func start(t *testing.T) *env {
	t.Helper()
	api := kubernetes.NewForConfigOrDie(kubetest.Start(t, kubetest.Options{StartUp: 300 * time.Millisecond, Stop: Drain}).Config())
	e := &env{T: t, api: api, client: &kube.Client{API: api}}
	owner, err := api.CoreV1().ConfigMaps("default").Create(t.Context(),
		&corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "kubia"}}, metav1.CreateOptions{})
	e.check(err)
	e.owner = owner
	_, err = api.CoreV1().Services("default").Create(t.Context(), &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Name: "kubia"},
		Spec:       corev1.ServiceSpec{Selector: map[string]string{"app": "kubia"}, Ports: []corev1.ServicePort{{Port: 80}}},
	}, metav1.CreateOptions{})
	e.check(err)
	return e
}

func (e *env) check(err error) {
	e.Helper()
	if err != nil {
		e.Fatal(err)
	}
}

// rollOut goes to a version of four replicas.
func (e *env) rollOut(strategy rollout.Strategy, version string) {
	e.Helper()
	labels := map[string]string{"app": "kubia"}
	w, err := e.client.Workload(kube.Target{
		Owner:    kube.OwnerOf(e.owner, corev1.SchemeGroupVersion.WithKind("ConfigMap")),
		Selector: &metav1.LabelSelector{MatchLabels: labels},
		Template: corev1.PodTemplateSpec{
			ObjectMeta: metav1.ObjectMeta{Labels: labels, Annotations: e.annotations},
			Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "nodejs", Image: "luksa/kubia:" + version}}},
		},
		Replicas: 4,
		Routes:   []kube.Route{{Service: "kubia"}},
	})
	e.check(err)
	ctx, cancel := context.WithTimeout(e.Context(), 2*time.Minute)
	defer cancel()
	engine := rollout.Engine{Poll: 50 * time.Millisecond}
	status, err := engine.Run(ctx, w, strategy)
	if err != nil {
		e.Fatalf("%s: %+v: %v", version, status, err)
	}
}

func (e *env) open() *Network {
	e.Helper()
	n, err := Open(e.Context(), e.api, "default", "kubia")
	e.check(err)
	return n
}

// during has v1 rolled out, and then one version after the other while requests are sent: v2 at least,
// and more until there were as many requests as asked for. It returns how many versions there were.
func (e *env) during(strategy rollout.Strategy, requests int) (Tally, int) {
	e.Helper()
	e.rollOut(strategy, "v1")
	n := e.open()
	defer func() { e.check(n.Close()) }()
	<-n.proxy.served
	run := Load{Address: n.Address()}.Start()
	version := 1
	for version < 2 || run.soFar() < requests {
		version++
		e.rollOut(strategy, fmt.Sprint("v", version))
		n.Rest(e.Context())
	}
	tally := run.Stop()
	e.Log(tally)
	return tally, version
}

// soFar is how many requests have been answered or have failed.
func (r *Run) soFar() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.tally.Requests
}

package kubetest_test

import (
	"testing"
	"testing/synctest"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/kubernetes"

	"github.com/gopawl/pawl/rollout/kube/kubetest"
)

// start answers a typed client of a new cluster.
func start(t *testing.T, o kubetest.Options) kubernetes.Interface {
	t.Helper()
	client, err := kubernetes.NewForConfig(kubetest.Start(t, o).Config())
	if err != nil {
		t.Fatal(err)
	}
	return client
}

func must[T any](t *testing.T) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// replicaSet is a valid one, of n pods with the label app=name.
func replicaSet(name string, n int32) *appsv1.ReplicaSet {
	labels := map[string]string{"app": name}
	return &appsv1.ReplicaSet{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: appsv1.ReplicaSetSpec{
			Replicas: &n,
			Selector: &metav1.LabelSelector{MatchLabels: labels},
			Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: labels},
				Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "main", Image: "example/" + name + ":1"}}},
			},
		},
	}
}

// eventually looks until the condition holds or ten seconds have passed.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !holds(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%s: not within ten seconds", what)
		}
	}
}

func TestReplicaSetBecomesAvailable(t *testing.T) {
	client := start(t, kubetest.Options{StartUp: -1})
	sets := client.AppsV1().ReplicaSets("default")
	must[*appsv1.ReplicaSet](t)(sets.Create(t.Context(), replicaSet("web", 3), metav1.CreateOptions{}))
	eventually(t, "available", func() bool {
		rs := must[*appsv1.ReplicaSet](t)(sets.Get(t.Context(), "web", metav1.GetOptions{}))
		return rs.Status.AvailableReplicas == 3
	})
}

func TestHundredPodsInVirtualTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := start(t, kubetest.Options{StartUp: time.Minute})
		sets := client.AppsV1().ReplicaSets("default")
		before := time.Now()
		rs := replicaSet("web", 100)
		rs.Spec.MinReadySeconds = 600
		must[*appsv1.ReplicaSet](t)(sets.Create(t.Context(), rs, metav1.CreateOptions{}))
		w := must[watch.Interface](t)(sets.Watch(t.Context(), metav1.ListOptions{}))
		defer w.Stop()
		for e := range w.ResultChan() {
			if e.Object.(*appsv1.ReplicaSet).Status.AvailableReplicas == 100 {
				break
			}
		}
		if took := time.Since(before); took != 11*time.Minute {
			t.Errorf("took %v, want a minute to start and ten to be available", took)
		}
	})
}

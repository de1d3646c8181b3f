package kubetest_test

import (
	"testing"
	"testing/synctest"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"

	"github.com/gopawl/pawl/rollout/kube/kubetest"
)

// settled starts a cluster in a bubble with one ReplicaSet of two ready pods.
func settled(t *testing.T, o kubetest.Options) kubernetes.Interface {
	t.Helper()
	client := start(t, o)
	must[*appsv1.ReplicaSet](t)(client.AppsV1().ReplicaSets("default").Create(t.Context(), replicaSet("web", 2), metav1.CreateOptions{}))
	time.Sleep(time.Minute)
	return client
}

func podsOf(t *testing.T, client kubernetes.Interface) []corev1.Pod {
	t.Helper()
	return must[*corev1.PodList](t)(client.CoreV1().Pods("default").List(t.Context(), metav1.ListOptions{})).Items
}

func TestPropagation(t *testing.T) {
	for policy, pods := range map[metav1.DeletionPropagation]int{
		metav1.DeletePropagationBackground: 0,
		metav1.DeletePropagationForeground: 0,
		metav1.DeletePropagationOrphan:     2,
	} {
		t.Run(string(policy), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				client := settled(t, kubetest.Options{Stop: 5 * time.Second})
				sets := client.AppsV1().ReplicaSets("default")
				check(t, sets.Delete(t.Context(), "web", metav1.DeleteOptions{PropagationPolicy: &policy}))
				time.Sleep(time.Second)
				_, err := sets.Get(t.Context(), "web", metav1.GetOptions{})
				if waits := policy == metav1.DeletePropagationForeground; apierrors.IsNotFound(err) == waits {
					t.Errorf("while the pods stop: %v", err)
				}
				time.Sleep(time.Minute)
				if _, err := sets.Get(t.Context(), "web", metav1.GetOptions{}); !apierrors.IsNotFound(err) {
					t.Errorf("in the end: %v", err)
				}
				left := podsOf(t, client)
				if len(left) != pods {
					t.Errorf("%d pods are left, want %d", len(left), pods)
				}
				for _, p := range left {
					if len(p.OwnerReferences) > 0 {
						t.Errorf("orphan %s has owners", p.Name)
					}
				}
			})
		})
	}
}

func TestGracefulDeletion(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := settled(t, kubetest.Options{Stop: 20 * time.Second})
		pods := client.CoreV1().Pods("default")
		list := podsOf(t, client)
		check(t, pods.Delete(t.Context(), list[0].Name, metav1.DeleteOptions{}))
		now := int64(0)
		check(t, pods.Delete(t.Context(), list[1].Name, metav1.DeleteOptions{GracePeriodSeconds: &now}))
		if _, err := pods.Get(t.Context(), list[1].Name, metav1.GetOptions{}); !apierrors.IsNotFound(err) {
			t.Errorf("killed pod: %v", err)
		}
		time.Sleep(19 * time.Second)
		p := must[*corev1.Pod](t)(pods.Get(t.Context(), list[0].Name, metav1.GetOptions{}))
		if p.DeletionTimestamp == nil || *p.DeletionGracePeriodSeconds != 30 {
			t.Errorf("terminating pod: %+v", p.ObjectMeta)
		}
		time.Sleep(2 * time.Second)
		if _, err := pods.Get(t.Context(), list[0].Name, metav1.GetOptions{}); !apierrors.IsNotFound(err) {
			t.Errorf("stopped pod: %v", err)
		}
		if n := len(podsOf(t, client)); n != 2 {
			t.Errorf("%d pods in the end, want 2 new ones", n)
		}
	})
}

func TestFinalizersHold(t *testing.T) {
	_, client := still(t, kubetest.Options{})
	maps := client.CoreV1().ConfigMaps("default")
	c := configMap("c", nil)
	c.Finalizers = []string{"example.com/hold"}
	must[*corev1.ConfigMap](t)(maps.Create(t.Context(), c, metav1.CreateOptions{}))
	check(t, maps.Delete(t.Context(), "c", metav1.DeleteOptions{}))
	got := must[*corev1.ConfigMap](t)(maps.Get(t.Context(), "c", metav1.GetOptions{}))
	if got.DeletionTimestamp == nil {
		t.Error("no deletion timestamp")
	}
	_, err := maps.Patch(t.Context(), "c", types.MergePatchType, []byte(`{"metadata":{"finalizers":["example.com/other"]}}`), metav1.PatchOptions{})
	wantStatus(t, err, 422, metav1.StatusReasonInvalid)
	_, err = maps.Patch(t.Context(), "c", types.MergePatchType, []byte(`{"metadata":{"finalizers":null}}`), metav1.PatchOptions{})
	check(t, err)
	if _, err := maps.Get(t.Context(), "c", metav1.GetOptions{}); !apierrors.IsNotFound(err) {
		t.Errorf("after the last finalizer: %v", err)
	}
}

func TestDeletePreconditions(t *testing.T) {
	_, client := still(t, kubetest.Options{})
	maps := client.CoreV1().ConfigMaps("default")
	c := must[*corev1.ConfigMap](t)(maps.Create(t.Context(), configMap("c", nil), metav1.CreateOptions{}))
	other, stale := types.UID("other"), "1"
	wantStatus(t, maps.Delete(t.Context(), "c", metav1.DeleteOptions{Preconditions: &metav1.Preconditions{UID: &other}}), 409, metav1.StatusReasonConflict)
	wantStatus(t, maps.Delete(t.Context(), "c", metav1.DeleteOptions{Preconditions: &metav1.Preconditions{ResourceVersion: &stale}}), 409, metav1.StatusReasonConflict)
	check(t, maps.Delete(t.Context(), "c", metav1.DeleteOptions{DryRun: []string{"All"}}))
	check(t, maps.Delete(t.Context(), "c", metav1.DeleteOptions{Preconditions: &metav1.Preconditions{UID: &c.UID}}))
	wantStatus(t, maps.Delete(t.Context(), "c", metav1.DeleteOptions{}), 404, metav1.StatusReasonNotFound)
}

func TestNamespaceGoesWithItsContents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := start(t, kubetest.Options{Stop: 10 * time.Second})
		spaces := client.CoreV1().Namespaces()
		must[*corev1.Namespace](t)(spaces.Create(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "team"}}, metav1.CreateOptions{}))
		sets := client.AppsV1().ReplicaSets("team")
		must[*appsv1.ReplicaSet](t)(sets.Create(t.Context(), replicaSet("web", 2), metav1.CreateOptions{}))
		time.Sleep(time.Minute)
		check(t, spaces.Delete(t.Context(), "team", metav1.DeleteOptions{}))
		time.Sleep(time.Second)
		ns := must[*corev1.Namespace](t)(spaces.Get(t.Context(), "team", metav1.GetOptions{}))
		if ns.Status.Phase != corev1.NamespaceTerminating {
			t.Errorf("phase %s", ns.Status.Phase)
		}
		_, err := sets.Create(t.Context(), replicaSet("late", 1), metav1.CreateOptions{})
		if !apierrors.HasStatusCause(err, corev1.NamespaceTerminatingCause) || !apierrors.IsForbidden(err) {
			t.Errorf("create in a terminating namespace: %v", err)
		}
		time.Sleep(time.Minute)
		if _, err := spaces.Get(t.Context(), "team", metav1.GetOptions{}); !apierrors.IsNotFound(err) {
			t.Errorf("in the end: %v", err)
		}
		_, err = sets.Create(t.Context(), replicaSet("late", 1), metav1.CreateOptions{})
		wantStatus(t, err, 404, metav1.StatusReasonNotFound)
	})
}

package kubetest_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/informers"

	"github.com/gopawl/pawl/rollout/kube/kubetest"
)

func name(e watch.Event) string {
	if m, ok := e.Object.(metav1.Object); ok {
		return fmt.Sprintf("%s %s", e.Type, m.GetName())
	}
	return fmt.Sprintf("%s %v", e.Type, apierrors.FromObject(e.Object))
}

func wantEvents(t *testing.T, w watch.Interface, want ...string) {
	t.Helper()
	for _, text := range want {
		if got := name(<-w.ResultChan()); got != text {
			t.Fatalf("got %q, want %q", got, text)
		}
	}
}

func TestWatchResumes(t *testing.T) {
	_, client := still(t, kubetest.Options{})
	maps := client.CoreV1().ConfigMaps("default")
	a := must[*corev1.ConfigMap](t)(maps.Create(t.Context(), configMap("a", nil), metav1.CreateOptions{}))
	must[*corev1.ConfigMap](t)(maps.Create(t.Context(), configMap("b", nil), metav1.CreateOptions{}))
	for from, want := range map[string][]string{
		"":                {"ADDED a", "ADDED b", "DELETED a"},
		"0":               {"ADDED a", "ADDED b", "DELETED a"},
		a.ResourceVersion: {"ADDED b", "DELETED a"},
	} {
		w := must[watch.Interface](t)(maps.Watch(t.Context(), metav1.ListOptions{ResourceVersion: from}))
		defer w.Stop()
		defer wantEvents(t, w, want...)
	}
	check(t, maps.Delete(t.Context(), "a", metav1.DeleteOptions{}))
}

func TestWatchSelectsAsLabelsChange(t *testing.T) {
	_, client := still(t, kubetest.Options{})
	maps := client.CoreV1().ConfigMaps("default")
	w := must[watch.Interface](t)(maps.Watch(t.Context(), metav1.ListOptions{LabelSelector: "on=yes"}))
	defer w.Stop()
	c := must[*corev1.ConfigMap](t)(maps.Create(t.Context(), configMap("a", nil), metav1.CreateOptions{}))
	for _, on := range []string{"yes", "no", "yes"} {
		c.Labels = map[string]string{"on": on}
		c = must[*corev1.ConfigMap](t)(maps.Update(t.Context(), c, metav1.UpdateOptions{}))
	}
	wantEvents(t, w, "ADDED a", "DELETED a", "ADDED a")
}

func TestWatchTooOldExpires(t *testing.T) {
	_, client := still(t, kubetest.Options{})
	maps := client.CoreV1().ConfigMaps("default")
	c := must[*corev1.ConfigMap](t)(maps.Create(t.Context(), configMap("a", nil), metav1.CreateOptions{}))
	first := c.ResourceVersion
	for i := range 4100 {
		c.Data = map[string]string{"i": fmt.Sprint(i)}
		c = must[*corev1.ConfigMap](t)(maps.Update(t.Context(), c, metav1.UpdateOptions{}))
	}
	w := must[watch.Interface](t)(maps.Watch(t.Context(), metav1.ListOptions{ResourceVersion: first}))
	defer w.Stop()
	if e := <-w.ResultChan(); !apierrors.IsResourceExpired(apierrors.FromObject(e.Object)) {
		t.Errorf("got %s", name(e))
	}
}

func TestWatchListEndsInABookmark(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, client := still(t, kubetest.Options{})
		maps := client.CoreV1().ConfigMaps("default")
		must[*corev1.ConfigMap](t)(maps.Create(t.Context(), configMap("a", nil), metav1.CreateOptions{}))
		yes, ten := true, int64(10)
		w := must[watch.Interface](t)(maps.Watch(t.Context(), metav1.ListOptions{
			SendInitialEvents: &yes, AllowWatchBookmarks: true, TimeoutSeconds: &ten,
			ResourceVersionMatch: metav1.ResourceVersionMatchNotOlderThan,
		}))
		wantEvents(t, w, "ADDED a")
		mark := <-w.ResultChan()
		if m := mark.Object.(metav1.Object); mark.Type != watch.Bookmark || m.GetAnnotations()[metav1.InitialEventsAnnotationKey] != "true" {
			t.Errorf("got %s", name(mark))
		}
		begin := time.Now()
		for range w.ResultChan() {
		}
		if took := time.Since(begin); took != 10*time.Second {
			t.Errorf("the watch lasts %v", took)
		}
	})
}

func TestInformersFollow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := start(t, kubetest.Options{})
		factory := informers.NewSharedInformerFactory(client, 0)
		pods := factory.Core().V1().Pods().Lister()
		sets := factory.Apps().V1().ReplicaSets().Lister()
		factory.Core().V1().Pods().Informer()
		factory.Apps().V1().ReplicaSets().Informer()
		ctx, cancel := context.WithCancel(t.Context())
		defer factory.Shutdown()
		defer cancel()
		factory.Start(ctx.Done())
		for kind, synced := range factory.WaitForCacheSync(ctx.Done()) {
			if !synced {
				t.Errorf("%v is not synced", kind)
			}
		}
		rs := replicaSet("web", 5)
		rs.Namespace = "default"
		_, err := client.AppsV1().ReplicaSets("default").Create(t.Context(), rs, metav1.CreateOptions{})
		check(t, err)
		time.Sleep(time.Minute)
		cached, err := sets.ReplicaSets("default").Get("web")
		check(t, err)
		if cached.Status.ReadyReplicas != 5 {
			t.Errorf("status %+v", cached.Status)
		}
		list, err := pods.List(labels.Everything())
		check(t, err)
		if len(list) != 5 {
			t.Errorf("%d pods", len(list))
		}
	})
}

func TestTwoProcessesShareAStore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &kubetest.Memory{}
		one := start(t, kubetest.Options{Store: store, Poll: 100 * time.Millisecond})
		two := start(t, kubetest.Options{Store: store, Poll: 100 * time.Millisecond})
		w := must[watch.Interface](t)(two.AppsV1().ReplicaSets("default").Watch(t.Context(), metav1.ListOptions{}))
		defer w.Stop()
		_, err := one.AppsV1().ReplicaSets("default").Create(t.Context(), replicaSet("web", 20), metav1.CreateOptions{})
		check(t, err)
		wantEvents(t, w, "ADDED web")
		time.Sleep(time.Minute)
		if n := len(podsOf(t, two)); n != 20 {
			t.Errorf("%d pods, want 20", n)
		}
	})
}

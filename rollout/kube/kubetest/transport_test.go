package kubetest_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/gopawl/pawl/rollout/kube/kubetest"
)

func TestThroughASocket(t *testing.T) {
	c := kubetest.Start(t, kubetest.Options{StartUp: -1})
	server := httptest.NewServer(c)
	defer server.Close()
	client := kubernetes.NewForConfigOrDie(&rest.Config{Host: server.URL})
	w := must[watch.Interface](t)(client.AppsV1().ReplicaSets("default").Watch(t.Context(), metav1.ListOptions{}))
	defer w.Stop()
	must[*appsv1.ReplicaSet](t)(client.AppsV1().ReplicaSets("default").Create(t.Context(), replicaSet("web", 2), metav1.CreateOptions{}))
	for e := range w.ResultChan() {
		if statusOf(e).AvailableReplicas == 2 {
			break
		}
	}
}

func TestTransportLeaksNothing(t *testing.T) {
	before := runtime.NumGoroutine()
	c, client := still(t, kubetest.Options{})
	for range 20 {
		ctx, cancel := context.WithCancel(t.Context())
		w := must[watch.Interface](t)(client.CoreV1().Pods("").Watch(ctx, metav1.ListOptions{}))
		must[*corev1.PodList](t)(client.CoreV1().Pods("").List(ctx, metav1.ListOptions{}))
		req := must[*http.Request](t)(http.NewRequestWithContext(ctx, "GET", "http://x/api/v1/nodes", nil))
		resp := must[*http.Response](t)(kubetest.Transport(c).RoundTrip(req)) // its body is never read
		cancel()
		if _, err := io.ReadAll(resp.Body); err == nil {
			t.Error("a body can be read after the context is done")
		}
		w.Stop()
	}
	eventually(t, "all goroutines end", func() bool { return runtime.NumGoroutine() <= before })
}

func TestTransportEndsAsTheHandlerDoes(t *testing.T) {
	for name, h := range map[string]http.HandlerFunc{
		"empty": func(http.ResponseWriter, *http.Request) {},
		"abort": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"half": func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write([]byte("half"))
			panic(http.ErrAbortHandler)
		},
	} {
		resp, err := (&http.Client{Transport: kubetest.Transport(h)}).Post("http://x/", "text/plain", bytes.NewBufferString("x"))
		if (err != nil) != (name == "abort") {
			t.Errorf("%s: %v", name, err)
		}
		if err != nil {
			continue
		}
		if _, err := io.ReadAll(resp.Body); (err != nil) != (name == "half") {
			t.Errorf("%s: reading: %v", name, err)
		}
		resp.Body.Close()
	}
}

func TestThousandPods(t *testing.T) {
	begin := time.Now()
	synctest.Test(t, func(t *testing.T) {
		client := start(t, kubetest.Options{})
		must[*appsv1.ReplicaSet](t)(client.AppsV1().ReplicaSets("default").Create(t.Context(), replicaSet("web", 1000), metav1.CreateOptions{}))
		time.Sleep(time.Minute)
		rs := must[*appsv1.ReplicaSet](t)(client.AppsV1().ReplicaSets("default").Get(t.Context(), "web", metav1.GetOptions{}))
		if rs.Status.AvailableReplicas != 1000 {
			t.Errorf("status %+v", rs.Status)
		}
	})
	t.Logf("%v of real time", time.Since(begin))
}

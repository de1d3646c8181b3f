package kube_test

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/gopawl/pawl/rollout"
	"github.com/gopawl/pawl/rollout/kube"
	"github.com/gopawl/pawl/rollout/kube/kubetest"
	"github.com/gopawl/pawl/strategies"
)

// reconciler is a controller of ConfigMaps whose data is an image. Yours has a custom resource in
// their place, and calls Reconcile from its work queue.
type reconciler struct {
	api    kubernetes.Interface
	client *kube.Client   // one for the process
	engine rollout.Engine // the zero value is ready
}

func (r *reconciler) Reconcile(ctx context.Context, name string) (rollout.Status, error) {
	cm, err := r.api.CoreV1().ConfigMaps("default").Get(ctx, name, metav1.GetOptions{})
	if err != nil {
		return rollout.Status{}, err
	}
	labels := map[string]string{"app": cm.Name}
	w, err := r.client.Workload(kube.Target{
		Owner:    kube.OwnerOf(cm, corev1.SchemeGroupVersion.WithKind("ConfigMap")),
		Selector: &metav1.LabelSelector{MatchLabels: labels},
		Template: corev1.PodTemplateSpec{
			ObjectMeta: metav1.ObjectMeta{Labels: labels},
			Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "main", Image: cm.Data["image"]}}},
		},
		Replicas: 3,
	})
	if err != nil {
		return rollout.Status{}, err
	}
	return r.engine.Reconcile(ctx, w, strategies.Rolling{})
}

func Example() {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	cluster, err := kubetest.New(kubetest.Options{StartUp: -1})
	if err != nil {
		fmt.Println(err)
		return
	}
	go func() { _ = cluster.Run(ctx) }()
	api := kubernetes.NewForConfigOrDie(cluster.Config())
	r := &reconciler{api: api, client: &kube.Client{API: api}}

	cm := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "web"}, Data: map[string]string{"image": "httpd:2.4"}}
	if _, err := api.CoreV1().ConfigMaps("default").Create(ctx, cm, metav1.CreateOptions{}); err != nil {
		fmt.Println(err)
		return
	}
	for {
		status, err := r.Reconcile(ctx, "web")
		if err != nil || status.Phase == rollout.Complete {
			fmt.Println(status.Phase, status.Message, err)
			return
		}
		time.Sleep(min(status.RequeueAfter, 20*time.Millisecond)) // a queue waits for a change
	}
	// Output:
	// Complete 3 of 3 updated replicas are available <nil>
}

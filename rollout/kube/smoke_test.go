package kube_test

import (
	"context"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/gopawl/pawl/rollout"
	"github.com/gopawl/pawl/rollout/kube"
	"github.com/gopawl/pawl/rollout/kube/kubetest"
	"github.com/gopawl/pawl/strategies"
)

func TestSmoke(t *testing.T) {
	cfg := kubetest.Start(t, kubetest.Options{}).Config()
	api := kubernetes.NewForConfigOrDie(cfg)
	ctx := context.Background()
	cm, err := api.CoreV1().ConfigMaps("default").Create(ctx, &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "web"}}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	c := &kube.Client{API: api}
	target := kube.Target{
		Owner:    kube.OwnerOf(cm, corev1.SchemeGroupVersion.WithKind("ConfigMap")),
		Selector: &metav1.LabelSelector{MatchLabels: map[string]string{"app": "web"}},
		Template: corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{"app": "web"}}, Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "c", Image: "web:1"}}}},
		Replicas: 3,
	}
	e := &rollout.Engine{Poll: 100 * time.Millisecond, Trace: rollout.Trace{Applied: func(s rollout.Step, err error) { t.Log(s.Action, s.Why, err) }, Reconciled: func(s rollout.Status, err error) { t.Log(s.Message, err) }}}
	w, err := c.Workload(target)
	if err != nil {
		t.Fatal(err)
	}
	st, err := e.Run(ctx, w, strategies.Rolling{})
	t.Log(st, err)
	tm := target.Template.(corev1.PodTemplateSpec)
	tm.Spec.Containers[0].Image = "web:2"
	target.Template = tm
	w, err = c.Workload(target)
	if err != nil {
		t.Fatal(err)
	}
	st, err = e.Run(ctx, w, strategies.Rolling{})
	t.Log(st, err)
}

package jobs_test

import (
	"context"
	"fmt"
	"log"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/gopawl/pawl/rollout"
	"github.com/gopawl/pawl/rollout/kube"
	"github.com/gopawl/pawl/rollout/kube/jobs"
	"github.com/gopawl/pawl/rollout/kube/kubetest"
)

// A smoke test before a step. In this cluster nobody runs Jobs, so the example itself says how it ended.
func ExampleGate() {
	ctx := context.Background()
	cluster, err := kubetest.New(withJobs)
	if err != nil {
		log.Fatal(err)
	}
	api := kubernetes.NewForConfigOrDie(cluster.Config())
	owner, err := api.CoreV1().ConfigMaps("default").Create(ctx, &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "web"}}, metav1.CreateOptions{})
	if err != nil {
		log.Fatal(err)
	}

	deadline := int64(300)
	gate := jobs.Gate{
		Client: &kube.Client{API: api},
		Owner:  kube.OwnerOf(owner, corev1.SchemeGroupVersion.WithKind("ConfigMap")),
		Name:   "smoke",
		Job: batchv1.JobTemplateSpec{Spec: batchv1.JobSpec{
			ActiveDeadlineSeconds: &deadline,
			Template: corev1.PodTemplateSpec{Spec: corev1.PodSpec{
				RestartPolicy: corev1.RestartPolicyNever,
				Containers:    []corev1.Container{{Name: "smoke", Image: "smoke:1", Args: []string{"http://web-preview"}}},
			}},
		}},
	}
	for range 2 {
		verdict, err := gate.Check(ctx, rollout.State{Template: "h1-new"})
		fmt.Println(verdict.Answer, err)
		if err := endAll(ctx, api, batchv1.JobCondition{Type: batchv1.JobComplete, Status: corev1.ConditionTrue}); err != nil {
			log.Fatal(err)
		}
	}
	// Output:
	// pending <nil>
	// open <nil>
}

func endAll(ctx context.Context, api kubernetes.Interface, how batchv1.JobCondition) error {
	list, err := api.BatchV1().Jobs("").List(ctx, metav1.ListOptions{})
	if err != nil {
		return err
	}
	for i := range list.Items {
		job := &list.Items[i]
		job.Status.Conditions = []batchv1.JobCondition{how}
		if _, err := api.BatchV1().Jobs(job.Namespace).UpdateStatus(ctx, job, metav1.UpdateOptions{}); err != nil {
			return err
		}
	}
	return nil
}

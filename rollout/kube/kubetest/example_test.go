package kubetest_test

import (
	"context"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/gopawl/pawl/rollout/kube/kubetest"
)

// A cluster in a program: it lives as long as its Run.
func Example() {
	cluster, err := kubetest.New(kubetest.Options{StartUp: -1})
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go cluster.Run(ctx)

	client := kubernetes.NewForConfigOrDie(cluster.Config())
	sets := client.AppsV1().ReplicaSets("default")
	watch, err := sets.Watch(ctx, metav1.ListOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer watch.Stop()
	if _, err := sets.Create(ctx, replicaSet("web", 2), metav1.CreateOptions{}); err != nil {
		fmt.Println(err)
	}
	for event := range watch.ResultChan() {
		if status := statusOf(event); status.AvailableReplicas == 2 {
			fmt.Println("2 replicas are available")
			return
		}
	}
	// Output: 2 replicas are available
}

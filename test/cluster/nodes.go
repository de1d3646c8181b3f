package cluster

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// startNodes starts kwok, makes n nodes fake0, fake1 … and returns when pods can be
// scheduled to each.
func (c *Cluster) startNodes(ctx context.Context, program string, n int) error {
	if err := c.writeKubeconfig("kwok", "kwok", masters); err != nil {
		return err
	}
	config := filepath.Join(c.dir, "stages.yaml")
	if err := os.WriteFile(config, stages, 0o600); err != nil {
		return err
	}
	if err := c.procs.start("kwok", program, "--kubeconfig="+c.kubeconfig("kwok"), "--config="+config); err != nil {
		return err
	}
	for i := range n {
		if _, err := c.client.CoreV1().Nodes().Create(ctx, fakeNode(i), metav1.CreateOptions{}); err != nil {
			return fmt.Errorf("create node %d: %w", i, err)
		}
	}
	return c.procs.await(ctx, "waiting for the nodes", c.nodesReady)
}

// fakeNode returns the node i, in one of three zones.
func fakeNode(i int) *corev1.Node {
	name := "fake" + strconv.Itoa(i)
	room := corev1.ResourceList{
		corev1.ResourceCPU:    resource.MustParse("64"),
		corev1.ResourceMemory: resource.MustParse("256Gi"),
		corev1.ResourcePods:   resource.MustParse("250"),
	}
	return &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{
			Name:        name,
			Annotations: map[string]string{"kwok.x-k8s.io/node": "fake"}, // selected in stages.yaml
			Labels: map[string]string{
				corev1.LabelHostname:     name,
				corev1.LabelOSStable:     "linux",
				corev1.LabelArchStable:   "amd64",
				corev1.LabelTopologyZone: "z" + strconv.Itoa(i%3),
			},
		},
		Status: corev1.NodeStatus{
			Allocatable: room,
			Capacity:    room,
			NodeInfo:    corev1.NodeSystemInfo{OperatingSystem: "linux", Architecture: "amd64", KubeletVersion: "fake"},
		},
	}
}

func (c *Cluster) nodesReady(ctx context.Context) error {
	nodes, err := c.client.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
	if err != nil {
		return err
	}
	for _, node := range nodes.Items {
		if err := usable(&node); err != nil {
			return err
		}
	}
	return nil
}

// usable says why no pods can be scheduled to a node. Every node is created with a taint.
func usable(node *corev1.Node) error {
	if !ready(node.Status.Conditions) || len(node.Spec.Taints) > 0 {
		return fmt.Errorf("node %s: conditions %v, taints %v", node.Name, node.Status.Conditions, node.Spec.Taints)
	}
	return nil
}

func ready(conditions []corev1.NodeCondition) bool {
	for _, cond := range conditions {
		if cond.Type == corev1.NodeReady {
			return cond.Status == corev1.ConditionTrue
		}
	}
	return false
}

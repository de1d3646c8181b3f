package kubectl

import (
	"context"
	"errors"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/gopawl/pawl/rollout/kube"
	"github.com/gopawl/pawl/test/cluster/suite"
)

// A node is drained in the middle of a rollout, which is held up by a version that is never ready. The
// budget, which counts pods of all versions, allows one to be away; what the rollout does itself adds
// nothing to that, then and when it goes on to a version that works.
func TestDrainDuringARollout(t *testing.T) {
	t.Parallel()
	s := begin(t)
	const mark = "drained" // only these pods: the nodes are everybody's
	marked := func(image, key, value string) func(*kube.Target) {
		return func(t *kube.Target) {
			template := suite.ReplicaSet("web", image, 0).Spec.Template
			template.Labels = map[string]string{"app": "web", mark: "yes"}
			template.Annotations[key] = value
			t.Template = template
		}
	}
	s.change(marked("web:2", "sim/ready-delay", "300ms"))
	s.completes()
	s.hasSize(s.child("web:1").Name, 0)
	s.kubectl.Does("create", "pdb", "web", "--selector=app=web", "--min-available=2")

	seen := s.Observer()
	s.change(marked("web:3", "sim/fail", "probe"))
	s.Eventually(wait, s.exist("web:2", "web:3"))
	node := s.onNode(s.podOf("web:2"))
	s.Cleanup(func() { s.uncordon(node) })
	out := s.kubectl.Does("drain", node, "--pod-selector="+mark+"=yes", "--timeout=40s")
	s.kubectl.Prints(out, "node/"+node+" cordoned\n", "evicting pod "+s.Namespace+"/web-", "node/"+node+" drained\n")
	s.change(marked("web:4", "sim/ready-delay", "300ms"))
	s.completes()
	s.Eventually(wait, s.PodsReady("", 3, 3))
	for _, pod := range s.PodsNow() {
		if pod.Spec.NodeName == node {
			t.Errorf("%s is on %s, which was drained", pod.Name, node)
		}
	}
	if err := (suite.Promise{Floor: 2, Ceiling: 4}).Judge(seen.Bounds()); err != nil { // the floor is the budget's
		t.Error(err)
	}
}

func (s *session) onNode(pod string) string {
	s.Helper()
	node := ""
	s.Eventually(wait, func(ctx context.Context) error {
		pods, err := s.Pods(ctx, "")
		for _, p := range pods {
			if p.Name == pod {
				node = p.Spec.NodeName
			}
		}
		if err == nil && node == "" {
			err = errors.New("the pod is on no node yet")
		}
		return err
	})
	return node
}

// uncordon is what kubectl uncordon does, when the test has ended and its context with it.
func (s *session) uncordon(node string) {
	patch := []byte(`{"spec":{"unschedulable":null}}`)
	_, err := s.Client.CoreV1().Nodes().Patch(context.Background(), node, types.StrategicMergePatchType, patch, metav1.PatchOptions{})
	if err != nil {
		s.Error(err)
	}
}

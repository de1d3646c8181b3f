package kubectl

import (
	"context"
	"fmt"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gopawl/pawl/rollout/kube"
)

const wait = 30 * time.Second

func annotate(cause string) func(*kube.Target) {
	return func(t *kube.Target) { t.Annotations = map[string]string{kube.ChangeCauseKey: cause} }
}

// events waits until so many are written about the owner: they come a moment after what they tell.
func (s *session) events(want int) {
	s.Helper()
	s.Eventually(wait, func(ctx context.Context) error {
		list, err := s.Client.CoreV1().Events(s.Namespace).List(ctx, metav1.ListOptions{FieldSelector: "involvedObject.kind=ConfigMap"})
		if err != nil {
			return err
		}
		n := 0
		for _, e := range list.Items {
			n += int(max(1, e.Count))
		}
		if n < want {
			return fmt.Errorf("%d events, want %d", n, want)
		}
		return nil
	})
}

// settles waits until the controller has looked twice more and wrote nothing.
func (s *session) settles() {
	s.Helper()
	s.Eventually(wait, func(context.Context) error {
		before := s.versions()
		time.Sleep(1200 * time.Millisecond) // it looks each second
		if after := s.versions(); after != before {
			return fmt.Errorf("replica sets are still written: %s after %s", after, before)
		}
		return nil
	})
	s.completes()
}

func (s *session) versions() string {
	s.Helper()
	all := ""
	for _, rs := range s.Sets() {
		all += rs.Name + "@" + rs.ResourceVersion + " "
	}
	return all
}

// exist waits until pods of each image exist.
func (s *session) exist(images ...string) func(context.Context) error {
	return func(context.Context) error {
		has := map[string]bool{}
		for _, pod := range s.PodsNow() {
			has[pod.Spec.Containers[0].Image] = true
		}
		for _, image := range images {
			if !has[image] {
				return fmt.Errorf("no pod of %s: %v", image, has)
			}
		}
		return nil
	}
}

// podOf is a pod of an image that is not on its way out.
func (s *session) podOf(image string) string {
	s.Helper()
	for _, pod := range s.PodsNow() {
		if pod.Spec.Containers[0].Image == image && pod.DeletionTimestamp == nil {
			return pod.Name
		}
	}
	s.Fatalf("there is no pod of %s", image)
	return ""
}

// another waits for a ReplicaSet of the same name that is not the same.
func (s *session) another(than *appsv1.ReplicaSet) func(context.Context) error {
	return func(ctx context.Context) error {
		now, err := s.Client.AppsV1().ReplicaSets(s.Namespace).Get(ctx, than.Name, metav1.GetOptions{})
		if err == nil && now.UID == than.UID {
			return fmt.Errorf("%s is still there", than.Name)
		}
		return err
	}
}

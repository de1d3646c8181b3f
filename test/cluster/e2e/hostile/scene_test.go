package hostile

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/gopawl/pawl/rollout/kube"
	"github.com/gopawl/pawl/test/cluster/suite"
)

// scene is three replicas of httpd that the command has rolled out, as a user with the least rights.
// One more may exist, and none may be away.
type scene struct {
	suite.Command
	wire *suite.Wire
}

const (
	older, newer = "httpd:2.4.16", "httpd:2.4.17"
	done         = "deployment \"httpd\" successfully rolled out\n"
	waiting      = 30 * time.Second
)

// begin rolls out the old version; its manifest has texts in the place of others, given in pairs.
func begin(t *testing.T, oldnew ...string) scene {
	t.Helper()
	s := enter(suite.New(t))
	s.Does("run", "-f", s.Edited("httpd.v1.yaml", oldnew...))
	s.serves(older, 3)
	return s
}

// enter is a scene in which nothing runs yet.
func enter(f *suite.Fixture) scene {
	f.Helper()
	w := &suite.Wire{}
	return scene{f.Command(w, slices.Concat(kube.Rules(), suite.CommandRules)...), w}
}

// slow makes pods of httpd take a while to become ready.
func slow(delay string) (oldnew []string) {
	const labels = "      labels:\n"
	return []string{labels, "      annotations: {sim/ready-delay: " + delay + "}\n" + labels}
}

// container adds a field to the container of httpd, pod to its pods.
func container(field string) (oldnew []string) {
	return []string{"        ports:\n", "        " + field + "\n        ports:\n"}
}

func pod(fields ...string) (oldnew []string) {
	const containers = "      containers:\n"
	return []string{containers, "      " + strings.Join(fields, "\n      ") + "\n" + containers}
}

// serves waits for so many ready pods of an image.
func (s scene) serves(image string, want int) {
	s.Helper()
	s.Eventually(30*time.Second, func(context.Context) error {
		if n := s.ready(image); n != want {
			return fmt.Errorf("%d ready pods of %s, want %d", n, image, want)
		}
		return nil
	})
}

func (s scene) ready(image string) (n int) {
	s.Helper()
	for _, pod := range s.PodsNow() {
		if pod.Spec.Containers[0].Image == image && pod.DeletionTimestamp == nil && suite.PodReady(pod) {
			n++
		}
	}
	return n
}

// says checks what status says is in the way, when there is something, and that get says so too.
func (s scene) says(want ...string) {
	s.Helper()
	s.Eventually(30*time.Second, func(context.Context) error {
		for _, rs := range s.Sets() {
			if len(rs.Status.Conditions) > 0 {
				return nil
			}
		}
		for _, pod := range s.PodsNow() {
			for _, c := range pod.Status.Conditions {
				if c.Type == corev1.PodScheduled && c.Status == corev1.ConditionFalse {
					return nil
				}
			}
		}
		return errors.New("nothing is in the way yet")
	})
	s.Prints(s.Does("status", "httpd"), want...)
	s.Prints(s.Does("get", "httpd"), want...)
}

// promised is kept to by every rollout here.
var promised = suite.Promise{Floor: 3, Ceiling: 4}

// within checks that the promise was kept at every moment.
func within(o *suite.Observer) {
	o.Helper()
	b := o.Bounds()
	o.Logf("%+v", b)
	if err := promised.Judge(b); err != nil {
		o.Errorf("%v\n%s", err, o.Story())
	}
}

// underWay waits for the second ReplicaSet.
func (s scene) underWay() {
	s.Helper()
	s.Eventually(20*time.Second, func(context.Context) error {
		if len(s.Sets()) != 2 {
			return errors.New("it has not begun yet")
		}
		return nil
	})
}

// over checks that nothing but the new version is left, whole: one ReplicaSet for each template, each
// the app's, every pod one of theirs, and nothing that would be done differently by the next process.
func (s scene) over() {
	s.Helper()
	s.serves(newer, 3)
	s.Eventually(30*time.Second, s.PodsReady("app=httpd", 3, 3))
	stamps := map[string]bool{}
	for _, rs := range s.Sets() {
		stamps[rs.Annotations[kube.DefaultPrefix+"/template"]] = true
		if ref := metav1.GetControllerOf(&rs); ref == nil || ref.Name != "pawl.httpd" {
			s.Errorf("%s is controlled by %+v", rs.Name, ref)
		}
	}
	if len(s.Sets()) != 2 || len(stamps) != 2 {
		s.Errorf("%d replica sets of %d templates, want 2 of 2", len(s.Sets()), len(stamps))
	}
	for _, pod := range s.PodsNow() {
		if metav1.GetControllerOf(pod) == nil {
			s.Errorf("pod %s is nobody's", pod.Name)
		}
	}
	writes := len(s.wire.Writes())
	if out := s.Does("status", "httpd"); out != done {
		s.Errorf("status: %q", out)
	}
	s.Does("resume", "httpd")
	for _, c := range s.wire.Writes()[writes:] {
		if c.Resource == "replicasets.apps" {
			s.Errorf("written though all was done: %v", c)
		}
	}
}

// least is a client of the library as a user to whom only [kube.Rules] are granted in the namespace.
func least(f *suite.Fixture, w *suite.Wire) *kube.Client {
	f.Helper()
	const user, group = "erin", "controllers"
	config, err := suite.Cluster().ConfigFor(user, group)
	if err != nil {
		f.Fatal(err)
	}
	f.Grant(group, kube.Rules()...)
	client := suite.NewClient(f.T, w.Over(config))
	f.Eventually(10*time.Second, mayRead(client, f.Namespace))
	return &kube.Client{API: client}
}

func mayRead(client kubernetes.Interface, namespace string) func(context.Context) error {
	return func(ctx context.Context) error {
		_, err := client.AppsV1().ReplicaSets(namespace).List(ctx, metav1.ListOptions{})
		return err
	}
}

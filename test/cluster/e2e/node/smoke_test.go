package node

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/gopawl/pawl/test/cluster/suite"
)

// What goes wrong with a pod is said in words, and the old version goes on.
func TestProblemsAreSaid(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name     string
		template corev1.PodTemplateSpec
		happens  func(*corev1.Pod) bool
		says     string // what the command says
	}{
		{
			"crash", template("2", with(drains, "CRASH_AFTER", "0s")),
			func(pod *corev1.Pod) bool { return suite.WaitingReason(pod) == "CrashLoopBackOff" }, "CrashLoopBackOff",
		},
		{
			"refusal", template("2", with(drains, "NEVER_READY", "1")),
			func(pod *corev1.Pod) bool { return pod.Status.Phase == corev1.PodRunning && !suite.PodReady(pod) }, "ContainersNotReady",
		},
		{
			"no image", template("404", drains),
			func(pod *corev1.Pod) bool { return suite.WaitingReason(pod) == "ImagePullBackOff" },
			"web:404", // ErrImagePull and ImagePullBackOff take turns
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			f := suite.New(t)
			c := newCommand(f, bounds{"1", "0"}.deploymentStrategy())
			c.to(template("1", drains))
			onlyReadyPods(f, replicas)
			// A pod may take ten seconds to become ready before Pawl has a word about it.
			wait := c.Start("run", "-f", c.manifest(test.template), "--timeout", "15s")
			f.Eventually(30*time.Second, func(context.Context) error {
				for _, pod := range f.PodsNow() {
					if test.happens(pod) {
						return nil
					}
				}
				return errors.New("no pod fails as it should")
			})
			if out, code := wait(); code == 0 {
				t.Errorf("exit code 0: %s", out)
			}
			c.says(test.says, "status", name)
			c.says(test.says, "get", name)
			ready := 0
			for _, pod := range f.PodsNow() {
				if suite.PodReady(pod) && pod.Spec.Containers[0].Image == "web:1" {
					ready++
				}
			}
			if ready != replicas {
				t.Errorf("%d pods of web:1 are ready, want all %d", ready, replicas)
			}
		})
	}
}

// says waits for a command line to print a text: a container that fails runs again in between, and is
// then said to have ended with an error, say.
func (c command) says(text string, args ...string) {
	c.Helper()
	c.Eventually(30*time.Second, func(context.Context) error {
		if out := c.Does(args...); !strings.Contains(out, text) {
			return fmt.Errorf("%q is not printed:\n%s", text, out)
		}
		return nil
	})
}

package e2e

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gopawl/pawl/rollout/kube"
	"github.com/gopawl/pawl/test/cluster/suite"
)

// One app through its life, by the command, under the least role.
func TestCommandRollsOut(t *testing.T) {
	f := suite.New(t)
	var wire suite.Wire
	rules := slices.Concat(kube.Rules(), suite.CommandRules)
	s := story{f.Command(&wire, rules...)}
	s.begins()
	s.updatesWithinBounds()
	s.goesBack()
	s.stopsAtABadImage()
	s.scales()
	s.isPaused()
	s.forgets()
	s.isCompleted()
	s.isOrphaned()
	s.isDeleted()
	suite.CheckRole(t, wire.All(), rules)
}

type story struct{ suite.Command }

func (s story) begins() {
	s.Helper()
	s.Prints(s.Does("run", "-f", suite.Manifest("httpd.v1.yaml")),
		"deployment.apps/httpd created\n", "Scaled up replica set httpd-", " from 0 to 3 ", "deployment \"httpd\" successfully rolled out\n")
	s.runs("httpd:2.4.16", 3)
}

func (s story) updatesWithinBounds() {
	s.Helper()
	o := s.Observer()
	s.Prints(s.Does("run", "-f", suite.Manifest("httpd.v2.yaml")), "deployment.apps/httpd configured\n", "successfully rolled out\n")
	s.within(o.Bounds())
	s.runs("httpd:2.4.17", 3)
	s.history(`1         pawl run --filename=httpd.v1.yaml
2         pawl run --filename=httpd.v2.yaml
`)
	s.Prints(s.Does("get", "httpd"), "revision:2", "revision:1", "httpd:2.4.17", "3", s.PodsNow()[0].Name)
	if got, want := s.Does("status", "httpd"), "deployment \"httpd\" successfully rolled out\n"; got != want {
		s.Errorf("status: %q, want %q", got, want)
	}
}

// goesBack also shows that a template which came back from the API server, with its defaults in it,
// is found again.
func (s story) goesBack() {
	s.Helper()
	s.Prints(s.Does("undo", "httpd"), "deployment.apps/httpd rolled back\n", "successfully rolled out\n")
	s.runs("httpd:2.4.16", 3)
	s.history(`2         pawl run --filename=httpd.v2.yaml
3         pawl run --filename=httpd.v1.yaml
`)
	if sets := s.Sets(); len(sets) != 2 {
		s.Errorf("%d replica sets, want the two that were there", len(sets))
	}
}

func (s story) stopsAtABadImage() {
	s.Helper()
	o := s.Observer()
	const why = `ImagePullBackOff: Back-off pulling image "httpd:bad-1"`
	s.Prints(s.Fails("set-image", "httpd", "httpd=httpd:bad-1", "--timeout", "5s"), why, "timed out after 5s\n")
	s.within(o.Bounds())
	s.runs("httpd:2.4.16", 3)
	s.runs("httpd:bad-1", 0)
	if asked := s.asked(); asked != 4 {
		s.Errorf("%d replicas, want 3 and the surge", asked)
	}
	s.Prints(s.Does("status", "httpd"), "1 out of 3 new replicas have been updated", why)
	s.Prints(s.Does("get", "httpd"), "ImagePullBackOff")

	s.Prints(s.Does("undo", "httpd"), "rolled back\n", "successfully rolled out\n")
	s.runs("httpd:2.4.16", 3)
	s.Eventually(10*time.Second, s.PodsReady("", 3, 3))
}

func (s story) scales() {
	s.Helper()
	s.Prints(s.Does("scale", "httpd", "--replicas", "5"), "deployment.apps/httpd scaled\n", "from 3 to 5")
	s.runs("httpd:2.4.16", 5)
}

func (s story) isPaused() {
	s.Helper()
	s.Prints(s.Does("pause", "httpd"), "deployment.apps/httpd paused\n")
	sets, pods := len(s.Sets()), s.PodUIDs()
	s.Does("set-image", "httpd", "httpd=httpd:2.4.18")
	if diff := cmp.Diff(pods, s.PodUIDs()); diff != "" || len(s.Sets()) != sets {
		s.Errorf("while paused: %d replica sets after %d, pods %s", len(s.Sets()), sets, diff)
	}
	s.Prints(s.Fails("undo", "httpd"), "paused")
	s.Prints(s.Does("resume", "httpd"), "deployment.apps/httpd resumed\n", "successfully rolled out\n")
	s.runs("httpd:2.4.18", 5)
}

func (s story) forgets() {
	s.Helper()
	s.Does("run", "-f", s.Edited("httpd.v2.yaml", "spec:\n", "spec:\n  revisionHistoryLimit: 1\n"))
	s.runs("httpd:2.4.17", 3)
	if sets := s.Sets(); len(sets) != 2 {
		s.Errorf("%d replica sets, want the new one and one old one", len(sets))
	}
}

// isCompleted shows what a shell gets.
func (s story) isCompleted() {
	s.Helper()
	if got := s.Does("__complete", "status", ""); !strings.HasPrefix(got, "httpd\n:") {
		s.Errorf("completed: %q, want httpd alone", got)
	}
}

// isOrphaned shows that pods go on without an app, and that the next one with their manifest takes
// them over.
func (s story) isOrphaned() {
	s.Helper()
	pods := s.PodUIDs()
	s.Does("delete", "httpd", "--cascade=orphan")
	for _, rs := range s.Sets() {
		if len(rs.OwnerReferences) > 0 {
			s.Errorf("%s is left with an owner: %+v", rs.Name, rs.OwnerReferences)
		}
	}
	leases, err := s.Client.CoordinationV1().Leases(s.Namespace).List(s.Context(), metav1.ListOptions{})
	if err != nil || len(leases.Items) > 0 {
		s.Errorf("%d leases are left (%v)", len(leases.Items), err)
	}
	s.Prints(s.Fails("status", "httpd"), `deployments.apps "httpd" not found`)

	s.Prints(s.Does("run", "-f", suite.Manifest("httpd.v2.yaml")), "deployment.apps/httpd created\n", "successfully rolled out\n")
	if diff := cmp.Diff(pods, s.PodUIDs()); diff != "" {
		s.Errorf("pods: %s", diff)
	}
}

func (s story) isDeleted() {
	s.Helper()
	s.Prints(s.Does("delete", "httpd"), `deployment.apps "httpd" deleted from `+s.Namespace+" namespace\n")
	s.isGone()
	s.Prints(s.Fails("status", "httpd"), `deployments.apps "httpd" not found`)
}

// isGone waits until nothing is left of any app.
func (s story) isGone() {
	s.Helper()
	s.Eventually(30*time.Second, func(ctx context.Context) error {
		leases, err := s.Client.CoordinationV1().Leases(s.Namespace).List(ctx, metav1.ListOptions{})
		if err != nil {
			return err
		}
		if sets, pods := s.Sets(), s.PodsNow(); len(sets)+len(pods)+len(leases.Items) > 0 {
			return fmt.Errorf("%d replica sets, %d pods and %d leases are left", len(sets), len(pods), len(leases.Items))
		}
		return nil
	})
}

// runs waits for so many ready pods of an image.
func (s story) runs(image string, want int) {
	s.Helper()
	s.Eventually(10*time.Second, func(context.Context) error {
		n := 0
		for _, pod := range s.PodsNow() {
			if pod.Spec.Containers[0].Image == image && pod.DeletionTimestamp == nil && suite.PodReady(pod) {
				n++
			}
		}
		if n != want {
			return fmt.Errorf("%d ready pods of %s, want %d", n, image, want)
		}
		return nil
	})
}

func (s story) history(want string) {
	s.Helper()
	if diff := cmp.Diff("deployment.apps/httpd \nREVISION  CHANGE-CAUSE\n"+want+"\n", s.Does("history", "httpd")); diff != "" {
		s.Errorf("history: %s", diff)
	}
}

// asked is how many replicas all ReplicaSets ask for.
func (s story) asked() (n int32) {
	s.Helper()
	for _, rs := range s.Sets() {
		n += *rs.Spec.Replicas
	}
	return n
}

// within checks the bounds of 3 replicas with a quarter more, a quarter less. For an instant there
// may be more pods than are asked for, as with a Deployment: see TestBoundsHoldThroughInformers.
func (s story) within(b suite.Bounds) {
	s.Helper()
	s.Logf("bounds: %+v", b)
	if err := (suite.Promise{Floor: 3, Ceiling: 4}).Judge(b); err != nil {
		s.Error(err)
	}
}

package minicontroller

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gopawl/pawl/test/cluster/suite"
)

// A Mini takes over the pods that are there, goes to the next version and back within its bounds, and
// kubectl treats it as it does a Deployment. Each write of its status says something new.
func TestRollsOutAndBack(t *testing.T) {
	t.Parallel()
	c := start(t)
	orphan := suite.ReplicaSet("web", "web:1", 3)
	orphan.Labels = orphan.Spec.Selector.MatchLabels
	c.Create(orphan)
	c.Eventually(30*time.Second, c.PodsReady("", 3, 3))
	pods := c.PodUIDs()
	reports := c.reports("web")

	c.apply(manifest("web", "web:1", 3))
	c.kubectl.Does("wait", "--for=condition=Ready", "mini/web", "--timeout=60s")
	if diff := cmp.Diff(pods, c.PodUIDs()); diff != "" || metav1.GetControllerOf(c.Only()) == nil {
		t.Errorf("the replica set that was there is not taken over as it is: %s", diff)
	}
	c.showsAs("web", "3 3 3 3 Complete")

	o := c.Observer()
	c.patch("web", image("web:2", "300ms"))
	c.kubectl.Does("wait", "--for=condition=Ready", "mini/web", "--timeout=60s") // not that of the version before
	c.runs("web:2", 3)
	c.patch("web", image("web:1", ""))
	c.kubectl.Does("wait", "--for=jsonpath={.status.phase}=Progressing", "mini/web", "--timeout=60s")
	c.completes("web")
	c.runs("web:1", 3)
	c.within(o.Bounds(), 3, 4)

	c.kubectl.Does("scale", "mini/web", "--replicas=5")
	c.completes("web")
	c.runs("web:1", 5)
	c.showsAs("web", "5 5 5 5 Complete")
	c.kubectl.Prints(c.kubectl.Does("describe", "mini", "web"), "ScalingReplicaSet", "Scaled up replica set web-", "Scaled down replica set web")

	c.reportsOnlyNews(reports)
	c.keepsToItsRole()
}

// runs checks that so many pods are there, all of one version and ready.
func (c *controller) runs(image string, n int) {
	c.Helper()
	for _, pod := range c.PodsNow() {
		if pod.DeletionTimestamp == nil && (pod.Spec.Containers[0].Image != image || !suite.PodReady(pod)) {
			c.Errorf("pod %s runs %s, ready: %t; want %s", pod.Name, pod.Spec.Containers[0].Image, suite.PodReady(pod), image)
		}
	}
	c.Eventually(10*time.Second, c.PodsReady("", n, n))
}

// within checks the promise at every moment that was observed.
func (c *controller) within(b suite.Bounds, floor int, ceiling int32) {
	c.Helper()
	c.Logf("%+v, promised %d to %d", b, floor, ceiling)
	if err := (suite.Promise{Floor: floor, Ceiling: ceiling}).Judge(b); err != nil {
		c.Error(err)
	}
}

var age = regexp.MustCompile(` \d+m?\d*s\n`)

// showsAs checks the columns of kubectl get, without name and age.
func (c *controller) showsAs(name, want string) {
	c.Helper()
	got := c.kubectl.Does("get", "minis", name)
	columns := strings.Join(strings.Fields(age.ReplaceAllString(got, " AGE\n")), " ")
	if want := fmt.Sprintf("NAME DESIRED CURRENT UPDATED AVAILABLE STATUS AGE %s %s AGE", name, want); columns != want {
		c.Errorf("kubectl get minis: %q, want %q", columns, want)
	}
}

// reportsOnlyNews checks that each status update changed the status.
func (c *controller) reportsOnlyNews(r *reports) {
	c.Helper()
	statuses, updates := r.all(), 0
	for _, call := range c.wire.Writes() {
		if call.Resource == "minis.examples.gopawl.io/status" && call.Name == r.name {
			updates++
		}
	}
	c.Logf("%d status updates, %d statuses one after another", updates, len(statuses))
	if updates != len(statuses) || updates == 0 {
		c.Errorf("%d status updates, %d statuses:\n%s", updates, len(statuses), strings.Join(statuses, "\n"))
	}
}

// keepsToItsRole checks that nothing was forbidden, which a broadcaster of events, say, does not tell.
func (c *controller) keepsToItsRole() {
	c.Helper()
	for _, call := range c.wire.All() {
		if call.Code == http.StatusForbidden {
			c.Errorf("%v", call)
		}
	}
}

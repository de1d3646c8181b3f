// Package minicontroller tests the example of that name, as a process with the rights of its role, on a
// real control plane.
package minicontroller

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"sync"
	"testing"
	"time"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"
	"sigs.k8s.io/yaml"

	"github.com/gopawl/pawl/test/cluster"
	"github.com/gopawl/pawl/test/cluster/suite"
)

// The tests mostly wait. The autoscaler looks every second here, and else every 15.
func TestMain(m *testing.M) {
	if err := flag.Set("test.parallel", "16"); err != nil {
		panic(err)
	}
	suite.MainWith(m, cluster.Options{ControllerManager: []string{"--horizontal-pod-autoscaler-sync-period=1s"}})
}

const example = "../../../../examples/minicontroller"

var minis = schema.GroupVersionResource{Group: "examples.gopawl.io", Version: "v1", Resource: "minis"}

// controller is a minicontroller that looks after the test's namespace.
type controller struct {
	*suite.Fixture
	wire    suite.Wire    // between it and the API server
	kubectl suite.Command // the administrator's
	minis   dynamic.ResourceInterface

	kubeconfig, metrics string
	process             *exec.Cmd
}

var installed sync.Once

// install adds the custom resource to the cluster, once.
func install(f *suite.Fixture) {
	f.Helper()
	installed.Do(func() {
		f.Kubectl(nil).Does("apply", "-f", filepath.Join(example, "crd.yaml"))
		f.Kubectl(nil).Does("wait", "--for=condition=Established", "crd/minis.examples.gopawl.io")
	})
}

// start installs the custom resource, grants the role, and starts the controller.
func start(t *testing.T) *controller {
	t.Helper()
	f := suite.New(t)
	client, err := dynamic.NewForConfig(f.Config)
	if err != nil {
		t.Fatal(err)
	}
	c := &controller{Fixture: f, kubectl: f.Kubectl(nil), minis: client.Resource(minis).Namespace(f.Namespace)}
	install(f)
	const user, group = "minicontroller", "minicontrollers"
	config, err := suite.Cluster().ConfigFor(user, group)
	if err != nil {
		t.Fatal(err)
	}
	f.Grant(group, c.rules()...)
	c.kubeconfig = f.Kubeconfig(t.TempDir(), f.Proxy(&c.wire, config))
	c.run()
	t.Cleanup(c.kill)
	return c
}

// rules are those of role.yaml.
func (c *controller) rules() []rbacv1.PolicyRule {
	c.Helper()
	data, err := os.ReadFile(filepath.Join(example, "role.yaml"))
	if err != nil {
		c.Fatal(err)
	}
	var role rbacv1.Role
	if err := yaml.UnmarshalStrict(data, &role); err != nil {
		c.Fatal(err)
	}
	return role.Rules
}

// run starts the process. What it says is in the test's log.
func (c *controller) run() {
	c.Helper()
	program, err := suite.Program("minicontroller")
	if err != nil {
		c.Fatal(err)
	}
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		c.Fatal(err)
	}
	c.metrics = free.Addr().String()
	free.Close()
	c.process = exec.Command(program, "-namespace", c.Namespace, "-metrics", c.metrics)
	c.process.Env = []string{"HOME=" + c.TempDir(), "KUBECONFIG=" + c.kubeconfig}
	c.process.Stderr = c.Output()
	if err := c.process.Start(); err != nil {
		c.Fatal(err)
	}
}

// kill ends the process as a crash does.
func (c *controller) kill() {
	_ = c.process.Process.Kill()
	_ = c.process.Wait()
}

var counted = regexp.MustCompile(`(?m)^controller_runtime_reconcile_total\{.*\} (\d+)$`)

// reconciles is how often the process has looked so far, by its own count.
func (c *controller) reconciles() int {
	c.Helper()
	total := 0
	c.Eventually(30*time.Second, func(ctx context.Context) error {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+c.metrics+"/metrics", nil)
		if err != nil {
			return err
		}
		answer, err := http.DefaultClient.Do(request)
		if err != nil {
			return err
		}
		defer answer.Body.Close()
		text, err := io.ReadAll(answer.Body)
		if err != nil {
			return err
		}
		found := counted.FindAllSubmatch(text, -1)
		if len(found) == 0 {
			return errors.New("no count in the metrics")
		}
		total = 0
		for _, match := range found {
			n, _ := strconv.Atoi(string(match[1]))
			total += n
		}
		return nil
	})
	return total
}

// manifest is a Mini of one container that rolls one by one, never below its size. Further lines, indented by
// two, belong to its spec.
func manifest(name, image string, replicas int) string {
	return fmt.Sprintf(`
apiVersion: examples.gopawl.io/v1
kind: Mini
metadata: {name: %[1]s}
spec:
  replicas: %[2]d
  selector: {matchLabels: {app: %[1]s}}
  strategy: {rollingUpdate: {maxSurge: 1, maxUnavailable: 0}}
  template:
    metadata: {labels: {app: %[1]s}}
    spec: {containers: [{name: main, image: "%[3]s"}]}
`, name, replicas, image)
}

// apply applies a manifest by kubectl.
func (c *controller) apply(text string) {
	c.Helper()
	c.kubectl.Does("apply", "-f", c.kubectl.File("mini.yaml", text))
}

// patch merges JSON into a Mini.
func (c *controller) patch(name, patch string) *unstructured.Unstructured {
	c.Helper()
	now, err := c.minis.Patch(c.Context(), name, types.MergePatchType, []byte(patch), metav1.PatchOptions{})
	if err != nil {
		c.Fatal(err)
	}
	return now
}

// image is the patch that makes it the new version, whose pods take some time to become ready.
func image(image, readyDelay string) string {
	return fmt.Sprintf(`{"spec":{"template":{"metadata":{"annotations":{"sim/ready-delay":%q}},"spec":{"containers":[{"name":"main","image":%q}]}}}}`, readyDelay, image)
}

// ready is the condition of a Mini.
type ready struct {
	metav1.Condition
	mini *unstructured.Unstructured
}

func (c *controller) ready(ctx context.Context, name string) (ready, error) {
	mini, err := c.minis.Get(ctx, name, metav1.GetOptions{})
	if err != nil {
		return ready{}, err
	}
	conditions, _, _ := unstructured.NestedSlice(mini.Object, "status", "conditions")
	if len(conditions) != 1 {
		return ready{}, fmt.Errorf("%d conditions", len(conditions))
	}
	at := conditions[0].(map[string]any)
	observed, _ := at["observedGeneration"].(int64)
	r := ready{metav1.Condition{
		Type: at["type"].(string), Status: metav1.ConditionStatus(at["status"].(string)), ObservedGeneration: observed,
		Reason: at["reason"].(string), Message: at["message"].(string),
	}, mini}
	if observed != mini.GetGeneration() {
		return r, fmt.Errorf("generation %d is observed, not yet %d", observed, mini.GetGeneration())
	}
	return r, nil
}

// completes waits until a Mini is as wanted.
func (c *controller) completes(names ...string) {
	c.Helper()
	for _, name := range names {
		c.Eventually(60*time.Second, func(ctx context.Context) error {
			r, err := c.ready(ctx, name)
			if err == nil && r.Status != metav1.ConditionTrue {
				err = fmt.Errorf("%s: %s: %s", name, r.Reason, r.Message)
			}
			return err
		})
	}
}

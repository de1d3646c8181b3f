package e2e

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gopawl/pawl/rollout"
	"github.com/gopawl/pawl/rollout/kube"
	"github.com/gopawl/pawl/strategies"
	"github.com/gopawl/pawl/test/cluster/suite"
)

// Blue-green by the least role, with Kubernetes' own endpoints: users see one version at a time and
// never fewer pods than are wanted, also when the new version does not start, when somebody replaces
// the Service in the middle, and when what the users see has a label of its own.
func TestBlueGreenByTheLeastRole(t *testing.T) {
	for _, key := range []string{"", "version"} {
		t.Run("by "+key, func(t *testing.T) {
			t.Parallel()
			b := newBlueGreen(t, key)
			b.runs("1", rollout.Complete)
			o := b.Observer()
			b.runs("2", rollout.Complete)
			b.runs("bad-3", rollout.RolledBack)
			b.runs("bad-3", rollout.RolledBack) // it is written down
			b.losesItsPin("4")
			if err := (suite.Promise{Floor: 3, Ceiling: 6}).Judge(o.Bounds()); err != nil {
				t.Errorf("%v\n%s", err, o.Story())
			}
			suite.CheckRole(t, b.wire.All(), kube.RouteRules())
		})
	}
}

// blueGreen is a workload with a Service before it.
type blueGreen struct {
	*suite.Fixture
	key      string
	wire     *suite.Wire
	client   *kube.Client
	target   kube.Target
	rejected map[string]rollout.Rejection
}

func newBlueGreen(t *testing.T, key string) *blueGreen {
	f := suite.New(t)
	const group = "rollers"
	f.Grant(group, slices.Concat(kube.Rules(), kube.RouteRules())...)
	config, err := suite.Cluster().ConfigFor("rita", group)
	if err != nil {
		t.Fatal(err)
	}
	b := &blueGreen{Fixture: f, key: key, wire: &suite.Wire{}}
	b.client = &kube.Client{API: suite.NewClient(t, b.wire.Over(config))}
	b.serve()
	b.target = f.Target("web", "web:1", 3)
	b.target.Routes = []kube.Route{{Service: "web", Key: key}}
	f.Eventually(10*time.Second, func(ctx context.Context) error { // the role has to be known first
		_, err := b.client.API.AppsV1().ReplicaSets(f.Namespace).List(ctx, metav1.ListOptions{})
		return err
	})
	return b
}

// serve makes the Service of a manifest, which selects every version.
func (b *blueGreen) serve() {
	b.Helper()
	_, err := b.Client.CoreV1().Services(b.Namespace).Create(b.Context(), &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Name: "web"},
		Spec:       corev1.ServiceSpec{Selector: map[string]string{"app": "web"}, Ports: []corev1.ServicePort{{Port: 80}}},
	}, metav1.CreateOptions{})
	if err != nil {
		b.Fatal(err)
	}
}

// run rolls a version out; looked is told each state that the engine saw.
func (b *blueGreen) run(version string, looked func(rollout.State)) (rollout.Status, error) {
	b.Helper()
	template := suite.ReplicaSet("web", "web:"+version, 3).Spec.Template
	if b.key != "" {
		template.Labels[b.key] = version
	}
	b.target.Template, b.target.Rejected = template, b.rejected
	b.target.Reject = func(_ context.Context, all map[string]rollout.Rejection) error {
		b.rejected = all
		return nil
	}
	ctx, cancel := context.WithTimeout(b.Context(), time.Minute)
	defer cancel()
	engine := rollout.Engine{Poll: 200 * time.Millisecond, Trace: rollout.Trace{Observed: looked}}
	strategy := strategies.FailFast(strategies.Deadline(strategies.RollBack(strategies.BlueGreen{Active: "web", Keep: 3 * time.Second}), 30*time.Second), 2*time.Second)
	return engine.Run(ctx, b.Workload(b.client, b.target), strategy)
}

func (b *blueGreen) runs(version string, want rollout.Phase) {
	b.Helper()
	begin := time.Now()
	status, err := b.run(version, nil)
	b.Logf("%s: %s: %s, after %v", version, status.Phase, status.Message, time.Since(begin).Round(100*time.Millisecond))
	var failed *rollout.FailedError
	if status.Phase != want || want != rollout.Complete && !errors.As(err, &failed) || want == rollout.Complete && err != nil {
		b.Fatalf("%s: %+v, %v", version, status, err)
	}
	if err := b.served(); err != nil {
		b.Error(err)
	}
}

// losesItsPin rolls a version out while somebody deletes the Service and makes it anew.
func (b *blueGreen) losesItsPin(version string) {
	b.Helper()
	lost := false
	status, err := b.run(version, func(s rollout.State) {
		if _, begun := s.New(); begun && !lost {
			lost = true
			if err := b.Client.CoreV1().Services(b.Namespace).Delete(b.Context(), "web", metav1.DeleteOptions{}); err != nil {
				b.Error(err)
			}
			b.serve()
		}
	})
	if err != nil || !lost {
		b.Fatalf("%+v, %v; lost: %t", status, err, lost)
	}
	if err := b.served(); err != nil {
		b.Error(err)
	}
}

// served checks that the endpoints are three ready ones of one revision.
func (b *blueGreen) served() error {
	list, err := b.Client.DiscoveryV1().EndpointSlices(b.Namespace).List(b.Context(), metav1.ListOptions{LabelSelector: discoveryv1.LabelServiceName + "=web"})
	if err != nil {
		return err
	}
	of, n := map[string]bool{}, 0
	for _, slice := range list.Items {
		for _, e := range slice.Endpoints {
			if *e.Conditions.Ready {
				pod, err := b.Client.CoreV1().Pods(b.Namespace).Get(b.Context(), e.TargetRef.Name, metav1.GetOptions{})
				if err != nil {
					return err
				}
				of[pod.Spec.Containers[0].Image] = true
				n++
			}
		}
	}
	if n != 3 || len(of) != 1 {
		return fmt.Errorf("%d endpoints, of %v", n, of)
	}
	return nil
}

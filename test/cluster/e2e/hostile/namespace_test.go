package hostile

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gopawl/pawl/rollout"
	"github.com/gopawl/pawl/rollout/kube"
	"github.com/gopawl/pawl/strategies"
	"github.com/gopawl/pawl/test/cluster/suite"
)

// elsewhere is a fixture in a namespace that the test deletes.
func elsewhere(t *testing.T) *suite.Fixture {
	t.Helper()
	f := suite.New(t)
	api := f.Client.CoreV1().Namespaces()
	made, err := api.Create(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: f.Namespace + "-"}}, metav1.CreateOptions{})
	must(f, err)
	f.Namespace = made.Name
	f.Eventually(20*time.Second, func(ctx context.Context) error {
		_, err := f.Client.CoreV1().ServiceAccounts(f.Namespace).Get(ctx, "default", metav1.GetOptions{})
		return err
	})
	return f
}

// vanishes deletes the namespace, and waits until it is gone.
func vanishes(f *suite.Fixture) (gone func()) {
	f.Helper()
	api := f.Client.CoreV1().Namespaces()
	must(f, api.Delete(f.Context(), f.Namespace, metav1.DeleteOptions{}))
	return func() {
		f.Helper()
		f.Eventually(60*time.Second, func(ctx context.Context) error {
			if ns, err := api.Get(ctx, f.Namespace, metav1.GetOptions{}); !apierrors.IsNotFound(err) {
				return fmt.Errorf("the namespace is still there: %+v (%w)", ns.Status, err)
			}
			return nil
		})
	}
}

// everywhere is a client of the library as a user to whom [kube.Rules] are granted in all namespaces,
// as to a controller: those outlive this one.
func everywhere(f *suite.Fixture, w *suite.Wire) *kube.Client {
	f.Helper()
	rbac, meta := f.Client.RbacV1(), metav1.ObjectMeta{Name: f.Namespace}
	config, err := suite.Cluster().ConfigFor(f.Namespace)
	must(f, err)
	_, err = rbac.ClusterRoles().Create(f.Context(), &rbacv1.ClusterRole{ObjectMeta: meta, Rules: kube.Rules()}, metav1.CreateOptions{})
	must(f, err)
	_, err = rbac.ClusterRoleBindings().Create(f.Context(), &rbacv1.ClusterRoleBinding{
		ObjectMeta: meta,
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: f.Namespace},
		Subjects:   []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: f.Namespace}},
	}, metav1.CreateOptions{})
	must(f, err)
	client := suite.NewClient(f.T, w.Over(config))
	f.Eventually(10*time.Second, mayRead(client, f.Namespace))
	return &kube.Client{API: client}
}

// Nothing is left to do, and the reason is one that a controller can tell. It came with few calls.
func TestRunEndsWithTheNamespace(t *testing.T) {
	t.Parallel()
	f, wire := elsewhere(t), &suite.Wire{}
	client, target := everywhere(f, wire), f.Target("web", "web:1", 3)
	f.Roll(client, target)
	template := suite.ReplicaSet("web", "web:2", 0).Spec.Template
	template.Annotations["sim/ready-delay"] = "5s"
	target.Template = template
	ended := make(chan error, 1)
	engine := rollout.Engine{Poll: 200 * time.Millisecond}
	go func() {
		_, err := engine.Run(t.Context(), f.Workload(client, target), strategies.Rolling{})
		ended <- err
	}()
	f.Eventually(20*time.Second, func(context.Context) error {
		if len(f.Sets()) != 2 {
			return errors.New("it has not begun yet")
		}
		return nil
	})
	before, begin := len(wire.All()), time.Now()
	gone := vanishes(f)
	select {
	case err := <-ended:
		var refused *kube.RefusedError
		if !errors.As(err, &refused) || refused.Why != kube.NamespaceTerminating {
			t.Errorf("run: %v, want a refusal for the namespace's sake", err)
		}
		t.Log(err)
	case <-time.After(30 * time.Second):
		t.Fatal("run does not end")
	}
	// Three calls in each look of 200 ms, and a few more.
	calls, looks := len(wire.All())-before, int(time.Since(begin)/engine.Poll)+1
	t.Logf("%d calls in %v", calls, time.Since(begin).Round(100*time.Millisecond))
	if calls > 3*looks+10 {
		t.Errorf("%d calls in %d looks", calls, looks)
	}
	gone()
}

// A namespace takes the rights that are granted in it along, so the command cannot always tell why.
func TestCommandEndsWithTheNamespace(t *testing.T) {
	t.Parallel()
	s := enter(elsewhere(t))
	s.Does("run", "-f", suite.Manifest("httpd.v1.yaml"))
	wait := s.Start("run", "-f", s.Edited("httpd.v2.yaml", slow("5s")...))
	s.underWay()
	before, begin := len(s.wire.All()), time.Now()
	gone := vanishes(s.Fixture)
	out, code := wait()
	if code != 1 {
		t.Errorf("exit code %d, want 1", code)
	}
	if !strings.Contains(out, "error: object has been deleted\n") && !strings.Contains(out, "Error from server (Forbidden): ") {
		t.Errorf("no reason is given: %s", out)
	}
	calls := len(s.wire.All()) - before
	t.Logf("%d calls in %v", calls, time.Since(begin).Round(100*time.Millisecond))
	if calls > 100 {
		t.Errorf("%d calls in %v", calls, time.Since(begin))
	}
	gone()
}

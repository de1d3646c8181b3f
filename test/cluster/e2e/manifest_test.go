package e2e

import (
	"slices"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gopawl/pawl/rollout/kube"
)

// What a manifest holds beside Deployments is applied as kubectl does, under a role that allows no
// more than that.
func TestCommandAppliesAService(t *testing.T) {
	f := newFixture(t)
	var wire wire
	pawl := f.command(&wire, slices.Concat(kube.Rules(), commandRules, serviceRules)...)
	pawl.prints(pawl.does("run", "-f", manifest("kubia.yaml")),
		"service/kubia created\n", "deployment.apps/kubia-v1 created\n", "deployment \"kubia-v1\" successfully rolled out\n")
	pawl.prints(pawl.does("run", "-f", manifest("kubia.yaml")), "service/kubia unchanged\n", "deployment.apps/kubia-v1 unchanged\n")

	before := f.service("kubia")
	pawl.prints(pawl.does("run", "-f", pawl.edited("kubia.yaml", "port: 80\n", "port: 81\n")), "service/kubia configured\n")
	after := f.service("kubia")
	if after.port != 81 || after.uid != before.uid || after.address != before.address {
		t.Errorf("service: %+v after %+v", after, before)
	}

	pawl.prints(pawl.does("replace", "-f", pawl.edited("kubia.yaml", "port: 80\n", "port: 82\n")),
		"service/kubia replaced\n", "deployment.apps/kubia-v1 replaced\n", "deployment \"kubia-v1\" successfully rolled out\n")
	after = f.service("kubia")
	if after.port != 82 || after.uid != before.uid || after.address != before.address {
		t.Errorf("service: %+v after %+v", after, before)
	}

	pawl.does("delete", "-f", manifest("kubia.yaml"))
	_, err := f.client.CoreV1().Services(f.namespace).Get(t.Context(), "kubia", metav1.GetOptions{})
	if !apierrors.IsNotFound(err) {
		t.Errorf("the service is still there (%v)", err)
	}
	checkRole(t, wire.all(), serviceRules)
}

type service struct {
	port         int32
	uid, address string
}

func (f *fixture) service(name string) service {
	f.Helper()
	s, err := f.client.CoreV1().Services(f.namespace).Get(f.Context(), name, metav1.GetOptions{})
	if err != nil {
		f.Fatal(err)
	}
	return service{s.Spec.Ports[0].Port, string(s.UID), s.Spec.ClusterIP}
}

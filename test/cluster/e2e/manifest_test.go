package e2e

import (
	"slices"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gopawl/pawl/rollout/kube"
	"github.com/gopawl/pawl/test/cluster/suite"
)

// What a manifest holds beside Deployments is applied as kubectl does, under a role that allows no
// more than that.
func TestCommandAppliesAService(t *testing.T) {
	f := suite.New(t)
	var wire suite.Wire
	pawl := f.Command(&wire, slices.Concat(kube.Rules(), suite.CommandRules, suite.ServiceRules)...)
	pawl.Prints(pawl.Does("run", "-f", suite.Manifest("kubia.yaml")),
		"service/kubia created\n", "deployment.apps/kubia-v1 created\n", "deployment \"kubia-v1\" successfully rolled out\n")
	pawl.Prints(pawl.Does("run", "-f", suite.Manifest("kubia.yaml")), "service/kubia unchanged\n", "deployment.apps/kubia-v1 unchanged\n")

	before := serviceOf(f, "kubia")
	pawl.Prints(pawl.Does("run", "-f", pawl.Edited("kubia.yaml", "port: 80\n", "port: 81\n")), "service/kubia configured\n")
	after := serviceOf(f, "kubia")
	if after.port != 81 || after.uid != before.uid || after.address != before.address {
		t.Errorf("service: %+v after %+v", after, before)
	}

	pawl.Prints(pawl.Does("replace", "-f", pawl.Edited("kubia.yaml", "port: 80\n", "port: 82\n")),
		"service/kubia replaced\n", "deployment.apps/kubia-v1 replaced\n", "deployment \"kubia-v1\" successfully rolled out\n")
	after = serviceOf(f, "kubia")
	if after.port != 82 || after.uid != before.uid || after.address != before.address {
		t.Errorf("service: %+v after %+v", after, before)
	}

	pawl.Does("delete", "-f", suite.Manifest("kubia.yaml"))
	_, err := f.Client.CoreV1().Services(f.Namespace).Get(t.Context(), "kubia", metav1.GetOptions{})
	if !apierrors.IsNotFound(err) {
		t.Errorf("the service is still there (%v)", err)
	}
	suite.CheckRole(t, wire.All(), suite.ServiceRules)
}

type service struct {
	port         int32
	uid, address string
}

func serviceOf(f *suite.Fixture, name string) service {
	f.Helper()
	s, err := f.Client.CoreV1().Services(f.Namespace).Get(f.Context(), name, metav1.GetOptions{})
	if err != nil {
		f.Fatal(err)
	}
	return service{s.Spec.Ports[0].Port, string(s.UID), s.Spec.ClusterIP}
}

// Package conformance compares the embedded API, rollout/kube/kubetest, with a real API server.
package conformance

import (
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"k8s.io/client-go/discovery"

	"github.com/gopawl/pawl/test/cluster"
	"github.com/gopawl/pawl/test/cluster/suite"
)

var rewrite = flag.Bool("rewrite", false, "record the answers anew")

// recorded is the minor of which kubetest's testdata holds the answers.
const recorded = "37"

// controllers leaves out those that would change what the scripts look at while they look.
const controllers = "--controllers=*,-replicaset-controller,-replicationcontroller-controller,-root-ca-certificate-publisher-controller"

func TestMain(m *testing.M) {
	suite.MainWith(m, cluster.Options{Nodes: -1, ControllerManager: []string{controllers}})
}

// TestEmbeddedAPIAnswersAsThisServer plays kubetest's scripts on a real API server, and on
// kubetest. It runs kubetest's own tests, whose scripts and player they are.
func TestEmbeddedAPIAnswersAsThisServer(t *testing.T) {
	config := suite.Cluster().Config()
	version, err := discovery.NewDiscoveryClientForConfigOrDie(config).ServerVersion()
	if err != nil {
		t.Fatal(err)
	}
	if version.Minor != recorded {
		t.Skipf("SKIPPED: the recorded answers are those of 1.%s, this server is %s", recorded, version)
	}
	play(t, suite.NewProxy(t, config))
}

// play runs the tests in the workspace, as their authors do. The scripts mostly wait, so all are
// played at once.
func play(t *testing.T, server string) {
	t.Helper()
	args := []string{
		"test", "-count=1", "-v", "-parallel=30", "-run=^(TestRealServerAnswersAsRecorded|TestAnswersAreThoseOfARealServer)$",
		"./rollout/kube/kubetest", "-server=" + server, "-datadriven-quiet",
	}
	if *rewrite {
		args = append(args, "-rewrite")
	}
	tests := exec.CommandContext(t.Context(), "go", args...)
	tests.Dir = filepath.Join("..", "..", "..", "..")
	tests.Env = append(os.Environ(), "GOWORK=", "GOFLAGS=")
	out, err := tests.CombinedOutput()
	t.Logf("%s", out)
	if err != nil {
		t.Errorf("go test: %v", err)
	}
}

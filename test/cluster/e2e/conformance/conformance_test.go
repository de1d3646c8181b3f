// Package conformance compares the embedded API, rollout/kube/kubetest, with a real API server.
package conformance

import (
	"flag"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"k8s.io/client-go/discovery"
	"k8s.io/client-go/rest"

	"github.com/gopawl/pawl/test/cluster"
)

var rewrite = flag.Bool("rewrite", false, "record the answers anew")

// recorded is the minor of which kubetest's testdata holds the answers.
const recorded = "37"

// controllers leaves out those that would change what the scripts look at while they look.
const controllers = "--controllers=*,-replicaset-controller,-replicationcontroller-controller,-root-ca-certificate-publisher-controller"

// TestEmbeddedAPIAnswersAsThisServer plays kubetest's scripts on a real API server, and on
// kubetest. It runs kubetest's own tests, whose scripts and player they are.
func TestEmbeddedAPIAnswersAsThisServer(t *testing.T) {
	c, err := cluster.Start(t.Context(), cluster.Options{Nodes: -1, ControllerManager: []string{controllers}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			c.Keep()
		}
		if err := c.Stop(); err != nil {
			t.Error(err)
		}
	})
	version, err := discovery.NewDiscoveryClientForConfigOrDie(c.Config()).ServerVersion()
	if err != nil {
		t.Fatal(err)
	}
	if version.Minor != recorded {
		t.Skipf("SKIPPED: the recorded answers are those of 1.%s, this server is %s", recorded, version)
	}
	play(t, proxy(t, c.Config()))
}

// proxy returns the address of a way to the API server that needs no certificates.
func proxy(t *testing.T, config *rest.Config) string {
	t.Helper()
	transport, err := rest.TransportFor(config)
	if err != nil {
		t.Fatal(err)
	}
	target, err := url.Parse(config.Host)
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewServer(&httputil.ReverseProxy{
		Rewrite:       func(r *httputil.ProxyRequest) { r.SetURL(target) },
		Transport:     transport,
		FlushInterval: -1, // watches are sent on as they come
	})
	t.Cleanup(s.Close)
	return s.URL
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

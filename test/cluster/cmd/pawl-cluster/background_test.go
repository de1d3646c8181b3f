package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/gopawl/pawl/test/cluster"
)

// A cluster that was started outlives the command, is found again, and is gone when stop returns.
func TestClusterInTheBackground(t *testing.T) {
	bin, err := cluster.Build(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	cache := t.TempDir() // beside a cluster that somebody uses
	if err := os.Symlink(bin, filepath.Join(cache, filepath.Base(bin))); err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(t.TempDir(), "pawl-cluster")
	if out, err := exec.Command("go", "build", "-o", program, ".").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	says := func(verb string) string {
		t.Helper()
		command := exec.Command(program, verb)
		command.Env = append(os.Environ(), "PAWL_CLUSTER_CACHE="+cache)
		out, err := command.CombinedOutput()
		if err != nil {
			t.Fatalf("%s: %v\n%s", verb, err, out)
		}
		return string(out)
	}

	line := says("start")
	t.Cleanup(func() { says("stop") })
	path, ok := strings.CutPrefix(strings.Fields(line)[1], "KUBECONFIG=")
	if !ok || strings.Count(line, "\n") != 1 {
		t.Fatalf("%q; want one line that sets KUBECONFIG", line)
	}
	config, err := clientcmd.BuildConfigFromFlags("", path)
	if err != nil {
		t.Fatal(err)
	}
	client := kubernetes.NewForConfigOrDie(config)
	if nodes, err := client.CoreV1().Nodes().List(t.Context(), metav1.ListOptions{}); err != nil || len(nodes.Items) == 0 {
		t.Errorf("nodes: %v, %v", nodes, err)
	}
	if again := says("start"); again != line {
		t.Errorf("started again: %q, want %q", again, line)
	}

	if out := says("stop"); out != "" {
		t.Errorf("stop: %q", out)
	}
	if _, err := client.CoreV1().Nodes().List(t.Context(), metav1.ListOptions{}); err == nil {
		t.Error("the API server still answers")
	}
	if _, err := os.Stat(filepath.Dir(path)); !os.IsNotExist(err) {
		t.Errorf("%s is still there: %v", filepath.Dir(path), err)
	}
	if out, want := says("stop"), "no cluster runs in the background\n"; out != want {
		t.Errorf("stopped again: %q, want %q", out, want)
	}
}

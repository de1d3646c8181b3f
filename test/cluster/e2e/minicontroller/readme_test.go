package minicontroller

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gopawl/pawl/test/cluster"
	"github.com/gopawl/pawl/test/cluster/suite"
)

// What README.md tells to type works, word for word.
func TestReadme(t *testing.T) {
	t.Parallel()
	install(suite.New(t))                                      // before other tests do at the same time
	if _, err := suite.Program("minicontroller"); err != nil { // so that go run has it in its cache
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(example, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	bin, err := cluster.Build(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	shell := func(line string) *exec.Cmd {
		command := exec.CommandContext(t.Context(), "sh", "-c", line)
		command.Dir = filepath.Join(example, "..", "..")
		command.Env = append(os.Environ(), "GOWORK=", "KUBECONFIG="+suite.Cluster().Kubeconfig(), "PATH="+bin+":"+os.Getenv("PATH"))
		return command
	}
	var kinds []string
	for line := range strings.Lines(string(text)) {
		typed, indented := strings.CutPrefix(line, "    ")
		if !indented {
			continue
		}
		typed = strings.TrimSpace(typed)
		kinds = append(kinds, strings.Join(strings.Fields(typed)[:2], " "))
		if strings.HasPrefix(typed, "go run") {
			stop := inBackground(t, shell(typed))
			defer stop()
			continue
		}
		out, err := shell(typed).CombinedOutput()
		t.Logf("$ %s\n%s", typed, out)
		if err != nil {
			t.Fatalf("%v", err)
		}
	}
	want := []string{"kubectl apply", "kubectl wait", "kubectl apply", "go run", "kubectl wait", "kubectl patch",
		"kubectl wait", "kubectl scale", "kubectl get", "kubectl describe", "kubectl delete"}
	if diff := cmp.Diff(want, kinds); diff != "" {
		t.Errorf("commands, -want +got:\n%s", diff)
	}
}

// inBackground starts a command; stop is Ctrl-C, and returns when it has ended.
func inBackground(t *testing.T, command *exec.Cmd) (stop func()) {
	t.Helper()
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // go run has children
	command.Cancel = func() error { return syscall.Kill(-command.Process.Pid, syscall.SIGKILL) }
	command.Stderr = t.Output()
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	return func() {
		if err := syscall.Kill(-command.Process.Pid, syscall.SIGINT); err != nil {
			t.Error(err)
		}
		_ = command.Wait() // it says that it was interrupted
	}
}

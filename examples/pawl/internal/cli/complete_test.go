package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"k8s.io/cli-runtime/pkg/genericiooptions"
)

// Pressing Tab makes no cluster where there is none, and no noise.
func TestCompletionMakesNoStateFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pawl", "cluster")
	code, out, _ := once(t.Context(), nil, "__complete", "--state="+path, "get", "")
	if code != 0 || out != ":4\n" {
		t.Errorf("exit %d, %s", code, out)
	}
	if _, err := os.Stat(filepath.Dir(path)); !os.IsNotExist(err) {
		t.Errorf("something was made (%v)", err)
	}
}

// Each shell's script can be had, and asks this command.
func TestEveryShellHasAScript(t *testing.T) {
	for _, shell := range []string{"bash", "zsh", "fish", "powershell"} {
		var out strings.Builder
		p := &Pawl{IOStreams: genericiooptions.IOStreams{Out: &out, ErrOut: &out}, Args: []string{"completion", shell}}
		if code := p.Run(t.Context()); code != 0 || !strings.Contains(out.String(), "__complete") {
			t.Errorf("%s: exit %d, %.80s", shell, code, out.String())
		}
	}
}

package suite

import (
	"os"
	"os/exec"
)

// Process is a command line of pawl that has not been started yet, in a folder of its user's choice and with
// its streams apart.
func (c Command) Process(dir string, args ...string) *exec.Cmd {
	p := exec.CommandContext(c.Context(), c.program, append([]string{"--kubeconfig", c.kubeconfig, "-n", c.Namespace}, args...)...)
	p.Dir = dir
	p.Env = append([]string{"HOME=" + c.home, "PATH=" + os.Getenv("PATH")}, c.Env...)
	return p
}

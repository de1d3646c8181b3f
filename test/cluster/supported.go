package cluster

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
)

// Supported says why this machine cannot run real nodes: they need Linux, root, namespaces, cgroups,
// the commands of util-linux and iproute2, and those of a container runtime or Debian's packages of it.
var Supported = sync.OnceValue(func() error {
	if runtime.GOOS != "linux" {
		return errors.New("only on Linux")
	}
	if os.Geteuid() != 0 {
		return errors.New("only as root")
	}
	r, err := newRecipe(context.Background(), realPrograms)
	if err != nil {
		return err
	}
	if r.pins != "go.mod" { // which has what the kubelet requires
		return fmt.Errorf("only with the version of go.mod, not with Kubernetes %s", r.kubernetes)
	}
	for _, name := range []string{"bash", "ip", "mount", "nsenter", "unshare"} {
		if _, err := exec.LookPath(name); err != nil {
			return err
		}
	}
	if missing := installed.missing(); len(missing) > 0 && !hasDebian() {
		return fmt.Errorf("not installed, and no apt-get to fetch it: %s", strings.Join(missing, ", "))
	}
	const try = `mount -t tmpfs tmpfs /run && mkdir /run/a /run/b && mount -t overlay overlay -o lowerdir=/var/lib,upperdir=/run/a,workdir=/run/b /var/lib &&
		ip link add br0 type bridge && ip link add veth0 type veth peer name veth1`
	out, err := exec.Command("unshare", "--mount", "--uts", "--ipc", "--net", "--pid", "--fork", "--mount-proc", "bash", "-c", try).CombinedOutput()
	if err != nil {
		return fmt.Errorf("namespaces: %w\n%s", err, out)
	}
	root := "/sys/fs/cgroup" // version 2
	if _, err := os.Stat(root + "/cgroup.controllers"); err != nil {
		root += "/memory"
	}
	probe := fmt.Sprintf("%s/pawl-%d-probe", root, os.Getpid())
	return errors.Join(os.Mkdir(probe, 0o755), removeCgroup(probe))
})

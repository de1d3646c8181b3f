package suite

import (
	"context"
	"path/filepath"
	"sync"

	"k8s.io/client-go/rest"

	"github.com/gopawl/pawl/test/cluster"
)

// binaries is the directory of those that the cluster was started with.
var binaries = sync.OnceValues(func() (string, error) { return cluster.Build(context.Background()) })

// Kubectl returns the real kubectl, in the fixture's namespace, as the user of a configuration: the
// administrator where it is nil. What it discovers of the API is kept for all that are made here.
func (f *Fixture) Kubectl(config *rest.Config) Command {
	f.Helper()
	bin, err := binaries()
	if err != nil {
		f.Fatal(err)
	}
	if config == nil {
		config = f.Config
	}
	return Command{
		Fixture: f, program: filepath.Join(bin, "kubectl"),
		kubeconfig: f.Kubeconfig(f.TempDir(), config), home: filepath.Join(scratch, "kubectl"),
	}
}

package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/pflag"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/gopawl/pawl/examples/pawl/internal/app"
	"github.com/gopawl/pawl/examples/pawl/internal/statefile"
	"github.com/gopawl/pawl/rollout/kube/kubetest"
)

// connection are the flags that choose a cluster.
type connection struct {
	cluster string
	state   string
	kube    *genericclioptions.ConfigFlags
	rare    []*pflag.Flag // of kube, that only a real cluster has use for
}

// pollFile is how often a command looks for what other processes wrote to its cluster.
const pollFile = 100 * time.Millisecond

func (c *connection) addFlags(flags *pflag.FlagSet) {
	c.kube = genericclioptions.NewConfigFlags(true)
	c.kube.ClusterName = nil // its --cluster chooses within a kubeconfig; the context does that
	kube := pflag.NewFlagSet("kube", pflag.ContinueOnError)
	c.kube.AddFlags(kube)
	kube.VisitAll(func(f *pflag.Flag) {
		switch f.Name {
		case "kubeconfig", "context", "namespace", "request-timeout":
		default: // as in kubectl, but rare: the help is shorter without them
			f.Hidden = true
			c.rare = append(c.rare, f)
		}
	})
	flags.AddFlagSet(kube)
	flags.StringVar(&c.cluster, "cluster", "", `Which cluster to use: "embedded", one in the state file, or "kube", the one that the kubeconfig names. The default is embedded unless --kubeconfig or --context is given`)
	flags.StringVar(&c.state, "state", "", "The file of the embedded cluster (default $XDG_STATE_HOME/pawl/cluster)")
}

// session is a cluster that a command works on.
type session struct {
	app.Store
	dynamic dynamic.Interface
	// enforced says that the namespace was asked for by flag.
	enforced bool
	close    func()
}

// on does something on the cluster that the flags name.
func (p *Pawl) on(ctx context.Context, do func(*session) error) error {
	s, err := p.connect(ctx)
	if err != nil {
		return err
	}
	defer s.close()
	return do(s)
}

// connect opens the cluster that the flags name. The caller closes the session.
func (p *Pawl) connect(ctx context.Context) (*session, error) {
	real, err := p.connection.real()
	if err != nil {
		return nil, err
	}
	if !real {
		return p.embedded(ctx)
	}
	config, err := p.connection.kube.ToRESTConfig()
	if err != nil {
		return nil, err
	}
	config.QPS, config.Burst = 50, 300 // kubectl's; the API server has its own limits
	namespace, enforced, err := p.connection.kube.ToRawKubeConfigLoader().Namespace()
	if err != nil {
		return nil, err
	}
	return p.open(config, namespace, enforced, func() {})
}

// real says whether a real cluster is asked for. $KUBECONFIG alone asks for nothing: a quick start
// must touch nobody's cluster.
func (c *connection) real() (bool, error) {
	named := *c.kube.KubeConfig != "" || *c.kube.Context != ""
	switch {
	case c.cluster == "kube", c.cluster == "" && named:
		return true, nil
	case c.cluster != "" && c.cluster != "embedded":
		return false, fmt.Errorf(`--cluster: invalid value %q: must be "embedded" or "kube"`, c.cluster)
	case named:
		return false, errors.New("--kubeconfig and --context name a real cluster: leave out --cluster=embedded")
	}
	for _, f := range c.rare {
		if f.Changed {
			return false, fmt.Errorf("--%s is about a real cluster: add --cluster=kube, --kubeconfig or --context", f.Name)
		}
	}
	return false, nil
}

// embedded opens the cluster in the state file, and keeps its controllers running until the
// session is closed.
func (p *Pawl) embedded(ctx context.Context) (*session, error) {
	cluster, err := p.stored()
	if err != nil {
		return nil, err
	}
	running, stop := context.WithCancel(context.WithoutCancel(ctx))
	ended := make(chan error, 1)
	go func() { ended <- cluster.Run(running) }()
	namespace, enforced := p.connection.namespace()
	return p.open(cluster.Config(), namespace, enforced, func() {
		stop()
		<-ended
	})
}

// stored is the cluster in the state file, which is made where there is none. Its controllers do not
// run yet.
func (p *Pawl) stored() (*kubetest.Cluster, error) {
	options := kubetest.Options{Store: p.Store, Poll: pollFile, Stop: p.callers.stop()}
	if p.Store == nil {
		path, err := p.connection.path()
		if err != nil {
			return nil, err
		}
		if options.Store, err = statefile.Open(path); err != nil {
			return nil, err
		}
	}
	return kubetest.New(options)
}

// namespace is that of the flag, or the embedded cluster's own.
func (c *connection) namespace() (name string, enforced bool) {
	if *c.kube.Namespace != "" {
		return *c.kube.Namespace, true
	}
	return "default", false
}

// path is that of the state file.
func (c *connection) path() (string, error) {
	if c.state != "" {
		return c.state, nil
	}
	if dir := os.Getenv("XDG_STATE_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "pawl", "cluster"), nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", fmt.Errorf("no place for the embedded cluster: %w; name one with --state", err)
	}
	return filepath.Join(home, ".local", "state", "pawl", "cluster"), nil
}

func (p *Pawl) open(config *rest.Config, namespace string, enforced bool, stop func()) (*session, error) {
	api, err := kubernetes.NewForConfig(config)
	if err != nil {
		stop()
		return nil, err
	}
	dyn, err := dynamic.NewForConfig(config)
	if err != nil {
		stop()
		return nil, err
	}
	store := app.Store{API: api, Namespace: namespace, Identity: p.Identity}
	return &session{Store: store, dynamic: dyn, enforced: enforced, close: stop}, nil
}

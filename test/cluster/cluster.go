package cluster

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"
)

// startTimeout bounds a start, without the build; on a quiet machine it takes seconds.
const startTimeout = 2 * time.Minute

// Options say how a cluster differs from the usual one. The zero value is ready to use.
type Options struct {
	// Nodes is the number of fake nodes, of 64 CPUs, 256 GiB and 250 pods each.
	// Zero means 10; a negative number means none, so that pods stay Pending.
	// With real nodes, zero means none.
	Nodes int

	// RealNodes is the number of real nodes, node1, node2 …, which run pods, of the images pause and
	// web:1 to web:3. The control plane and each of them then are in network namespaces of their own;
	// the API server is reached from outside as well, by the same address. See Supported.
	RealNodes int

	// APIServer and ControllerManager are further flags of kube-apiserver and
	// kube-controller-manager, such as "--controllers=*,-deployment-controller".
	APIServer, ControllerManager []string

	// Bin is the directory of the binaries; empty means that of Build.
	Bin string
}

// Cluster is a running control plane. Its methods may be called at the same time.
type Cluster struct {
	dir    string
	ca     *authority
	admin  *rest.Config
	client kubernetes.Interface
	procs  *processes
	store  string // URL of etcd
	lan    *lan   // nil without real nodes

	keep    atomic.Bool
	stop    sync.Once
	stopErr error
}

// Start builds what is missing and starts a cluster, whose nodes are ready when it
// returns. ctx bounds the start only; Stop ends the cluster, and so does the end of
// this process, on Linux, however it comes. The error of a component that ends during
// the start holds its last log lines, and the logs stay.
func Start(ctx context.Context, o Options) (*Cluster, error) {
	if o.Bin == "" {
		bin, err := Build(ctx)
		if err != nil {
			return nil, err
		}
		o.Bin = bin
	}
	if o.Nodes == 0 && o.RealNodes == 0 {
		o.Nodes = 10
	}
	if o.RealNodes > 0 {
		if err := prepareRealNodes(ctx); err != nil {
			return nil, fmt.Errorf("cluster: real nodes: %w", err)
		}
	}
	removeAbandoned()
	ctx, cancel := context.WithTimeoutCause(ctx, startTimeout, fmt.Errorf("not within %v", startTimeout))
	defer cancel()
	for attempt := 1; ; attempt++ {
		c, err := start(ctx, o)
		if err == nil {
			return c, nil
		}
		if !errors.Is(err, errPortTaken) || attempt == 3 {
			return nil, fmt.Errorf("cluster: %w", err)
		}
	}
}

func start(ctx context.Context, o Options) (*Cluster, error) {
	c, err := newCluster()
	if err != nil {
		return nil, err
	}
	if err := c.up(ctx, o); err != nil {
		c.procs.stop() // says once more what err says
		c.keep.Store(!errors.Is(err, errPortTaken))
		return nil, errors.Join(err, c.leave(), c.removeFiles())
	}
	return c, nil
}

func newCluster() (*Cluster, error) {
	ca, err := newAuthority()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", fmt.Sprintf("pawl-cluster-%d-", os.Getpid())) // see removeAbandoned
	if err != nil {
		return nil, err
	}
	c := &Cluster{dir: dir, ca: ca}
	for _, sub := range []string{c.Logs(), c.pki(), c.data()} {
		if err := os.Mkdir(sub, 0o700); err != nil {
			return nil, err
		}
	}
	c.procs = newProcesses(dir, c.Logs())
	return c, nil
}

// Dial opens a connection from where the control plane is: with real nodes, to the
// addresses of Services and pods.
func (c *Cluster) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	return c.lan.dial(ctx, network, address)
}

// Inside returns the command line that runs one where the control plane is.
func (c *Cluster) Inside(args ...string) []string { return c.lan.inside(args...) }

// Config returns an administrator's configuration, of which the caller may change
// everything. It does not throttle.
func (c *Cluster) Config() *rest.Config { return rest.CopyConfig(c.admin) }

// Kubeconfig returns the path of an administrator's kubeconfig file.
func (c *Cluster) Kubeconfig() string { return c.kubeconfig("admin") }

// Logs returns the directory of the logs, one file for each component.
func (c *Cluster) Logs() string { return filepath.Join(c.dir, "logs") }

func (c *Cluster) pki() string  { return filepath.Join(c.dir, "pki") }
func (c *Cluster) data() string { return filepath.Join(c.dir, "etcd") }

func (c *Cluster) kubeconfig(name string) string {
	return filepath.Join(c.dir, name+".kubeconfig")
}

// ConfigFor returns the configuration of a user by a client certificate of their own.
// They may do what RBAC grants to the user or to one of the groups, and nothing else.
func (c *Cluster) ConfigFor(user string, groups ...string) (*rest.Config, error) {
	cert, err := c.ca.client(user, groups)
	if err != nil {
		return nil, fmt.Errorf("cluster: certificate of %q: %w", user, err)
	}
	return &rest.Config{
		Host:            c.admin.Host,
		TLSClientConfig: rest.TLSClientConfig{CAData: c.ca.pem, CertData: cert.cert, KeyData: cert.key},
		QPS:             -1, // no throttle in the client
	}, nil
}

// writeKubeconfig writes name.kubeconfig for the user.
func (c *Cluster) writeKubeconfig(name, user string, groups ...string) error {
	return c.writeKubeconfigFor(c.admin.Host, c.kubeconfig(name), user, groups...)
}

// writeKubeconfigFor writes a file for the user of an address of the API server.
func (c *Cluster) writeKubeconfigFor(server, path, user string, groups ...string) error {
	r, err := c.ConfigFor(user, groups...)
	if err != nil {
		return err
	}
	k := api.NewConfig()
	k.Clusters["pawl"] = &api.Cluster{Server: server, CertificateAuthorityData: r.CAData}
	k.AuthInfos[user] = &api.AuthInfo{ClientCertificateData: r.CertData, ClientKeyData: r.KeyData}
	k.Contexts["pawl"] = &api.Context{Cluster: "pawl", AuthInfo: user}
	k.CurrentContext = "pawl"
	return clientcmd.WriteToFile(*k, path)
}

// Keep makes Stop leave the logs behind, and say where.
func (c *Cluster) Keep() { c.keep.Store(true) }

// Stop kills every process and waits for it, then removes the files; the logs stay
// where Keep was called, a test with a Namespace failed, or a component ended before,
// which is an error. A second call returns what the first one did.
func (c *Cluster) Stop() error {
	c.stop.Do(func() {
		if err := c.procs.stop(); err != nil {
			c.Keep()
			c.stopErr = fmt.Errorf("cluster: before Stop, %w", err)
		}
		if err := errors.Join(c.leave(), c.removeFiles()); err != nil {
			c.stopErr = errors.Join(c.stopErr, fmt.Errorf("cluster: %w", err))
		}
	})
	return c.stopErr
}

// leave lets go of what the nodes had of the machine, when their processes have been killed.
func (c *Cluster) leave() error {
	if c.lan == nil {
		return nil
	}
	c.lan.close()
	return removeCgroups(cgroupDirs(c.cgroupName("*")))
}

func (c *Cluster) removeFiles() error {
	if !c.keep.Load() {
		return os.RemoveAll(c.dir)
	}
	fmt.Fprintf(os.Stderr, "cluster: the logs are in %s\n", c.Logs())
	return removeAllBut(filepath.Base(c.Logs()), c.dir)
}

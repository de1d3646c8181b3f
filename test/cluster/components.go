package cluster

import (
	"context"
	"crypto/tls"
	_ "embed"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
)

// Addresses that are only numbers here: without real nodes, nothing routes to them.
const (
	serviceCIDR = "10.96.0.0/16"
	serviceIP   = "10.96.0.1" // of the Service default/kubernetes
	podCIDR     = "10.244.0.0/16"
)

// stages is the configuration of kwok.
//
//go:embed stages.yaml
var stages []byte

const masters = "system:masters" // the group to which everything is allowed

// up starts the components in the order in which they need one another, as far as
// they do: the API server waits for etcd by itself, but controller manager and
// scheduler give up when they find its RBAC roles not made yet.
func (c *Cluster) up(ctx context.Context, o Options) error {
	program := filepath.Join(o.Bin, "kubeall")
	if o.RealNodes > 0 {
		var err error
		if c.lan, err = newLAN(ctx, o.RealNodes); err != nil {
			return err
		}
	}
	if err := c.ca.writeServerFiles(c.pki()); err != nil {
		return err
	}
	store, err := c.startEtcd(program)
	if err != nil {
		return err
	}
	if err := c.startAPIServer(ctx, program, store, o.APIServer); err != nil {
		return err
	}
	if err := c.startControllerManager(program, o.ControllerManager); err != nil {
		return err
	}
	scheduler, err := c.startScheduler(program)
	if err != nil {
		return err
	}
	if o.Nodes > 0 {
		if err := c.startNodes(ctx, filepath.Join(o.Bin, "kwok"), o.Nodes); err != nil {
			return err
		}
	}
	if o.RealNodes > 0 {
		if err := c.startRealNodes(ctx); err != nil {
			return err
		}
	}
	if err := c.procs.await(ctx, "waiting for the controller manager", c.accountExists("default")); err != nil {
		return err
	}
	return c.procs.await(ctx, "waiting for the scheduler", c.healthy(scheduler+"/readyz"))
}

// run starts a component of the control plane.
func (c *Cluster) run(name, program string, args ...string) error {
	line := c.lan.inside(append([]string{program}, args...)...)
	return c.procs.start(name, line[0], line[1:]...)
}

func (c *Cluster) startEtcd(program string) (url string, err error) {
	ports, err := freePorts(2)
	if err != nil {
		return "", err
	}
	client, peer := "http://"+ports[0], "http://"+ports[1]
	c.store = client
	return client, c.run("etcd", program, "etcd",
		"--name=pawl", "--data-dir="+c.data(), "--unsafe-no-fsync", "--log-level=warn",
		"--listen-client-urls="+client, "--advertise-client-urls="+client,
		"--listen-peer-urls="+peer, "--initial-advertise-peer-urls="+peer, "--initial-cluster=pawl="+peer)
}

// startAPIServer returns when the API server is ready, and the administrator can use it.
func (c *Cluster) startAPIServer(ctx context.Context, program, store string, more []string) error {
	ports, err := freePorts(1)
	if err != nil {
		return err
	}
	host, port, _ := net.SplitHostPort(ports[0])
	pki := c.pki() + "/"
	args := []string{"kube-apiserver",
		"--etcd-servers=" + store,
		"--secure-port=" + port,
		"--service-cluster-ip-range=" + serviceCIDR,
		"--authorization-mode=Node,RBAC",
		"--client-ca-file=" + pki + "ca.crt",
		"--tls-cert-file=" + pki + "apiserver.crt", "--tls-private-key-file=" + pki + "apiserver.key",
		"--service-account-issuer=https://kubernetes.default.svc",
		"--service-account-key-file=" + pki + "accounts.pub", "--service-account-signing-key-file=" + pki + "accounts.key",
		"--allow-privileged=true", "--profiling=false",
		"--max-requests-inflight=3000", "--max-mutating-requests-inflight=1000",
	}
	if c.lan == nil {
		// A loopback address is not allowed in the endpoints of default/kubernetes,
		// so there are none; the address is not used for anything else.
		args = append(args, "--bind-address="+host, "--endpoint-reconciler-type=none", "--advertise-address="+serviceIP)
	} else {
		lanArgs, err := c.openToLAN(ports[0])
		if err != nil {
			return err
		}
		args = append(args, lanArgs...)
	}
	if err := c.run("kube-apiserver", program, append(args, more...)...); err != nil {
		return err
	}
	if err := c.makeAdmin("https://" + ports[0]); err != nil {
		return err
	}
	return c.procs.await(ctx, "waiting for the API server", c.serving)
}

// serving is how the API server's readiness shows.
func (c *Cluster) serving(ctx context.Context) error {
	return c.client.Discovery().RESTClient().Get().AbsPath("/readyz").Do(ctx).Error()
}

func (c *Cluster) makeAdmin(url string) (err error) {
	c.admin = &rest.Config{Host: url}
	if c.admin, err = c.ConfigFor("admin", masters); err != nil {
		return err
	}
	if c.client, err = kubernetes.NewForConfig(c.admin); err != nil {
		return err
	}
	return c.writeKubeconfig("admin", "admin", masters)
}

func (c *Cluster) startControllerManager(program string, more []string) error {
	const name = "kube-controller-manager"
	if err := c.writeKubeconfig(name, "system:"+name, masters); err != nil {
		return err
	}
	kubeconfig, pki := c.kubeconfig(name), c.pki()+"/"
	return c.run(name, program, append([]string{name,
		"--kubeconfig=" + kubeconfig,
		"--secure-port=0", "--leader-elect=false", "--use-service-account-credentials=false",
		"--root-ca-file=" + pki + "ca.crt", "--service-account-private-key-file=" + pki + "accounts.key",
		"--cluster-signing-cert-file=" + pki + "ca.crt", "--cluster-signing-key-file=" + pki + "ca.key",
		"--cluster-cidr=" + podCIDR, "--allocate-node-cidrs=true", "--service-cluster-ip-range=" + serviceCIDR,
		"--kube-api-qps=500", "--kube-api-burst=1000",
	}, more...)...)
}

const schedulerConfig = `apiVersion: kubescheduler.config.k8s.io/v1
kind: KubeSchedulerConfiguration
clientConnection: {kubeconfig: %q, qps: 1000, burst: 2000}
leaderElection: {leaderElect: false}
`

func (c *Cluster) startScheduler(program string) (url string, err error) {
	const name = "kube-scheduler"
	if err := c.writeKubeconfig(name, "system:"+name); err != nil {
		return "", err
	}
	kubeconfig, config := c.kubeconfig(name), filepath.Join(c.dir, "scheduler.yaml")
	if err := os.WriteFile(config, fmt.Appendf(nil, schedulerConfig, kubeconfig), 0o600); err != nil {
		return "", err
	}
	ports, err := freePorts(1)
	if err != nil {
		return "", err
	}
	host, port, _ := net.SplitHostPort(ports[0])
	return "https://" + ports[0], c.run(name, program, name,
		"--config="+config, "--bind-address="+host, "--secure-port="+port,
		"--authentication-kubeconfig="+kubeconfig, "--authorization-kubeconfig="+kubeconfig)
}

// accountExists is how the controller manager's readiness shows: without the account
// that it makes in a namespace, the API server admits no pod there.
func (c *Cluster) accountExists(namespace string) func(context.Context) error {
	return func(ctx context.Context) error {
		_, err := c.client.CoreV1().ServiceAccounts(namespace).Get(ctx, "default", metav1.GetOptions{})
		return err
	}
}

// healthy looks at a URL whose certificate is made up by the server that it belongs to.
func (c *Cluster) healthy(url string) func(context.Context) error {
	client := &http.Client{
		Transport: &http.Transport{
			DialContext:       c.lan.dial,
			TLSClientConfig:   &tls.Config{InsecureSkipVerify: true},
			DisableKeepAlives: true,
		},
	}
	return func(ctx context.Context) error {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			return err
		}
		resp, err := client.Do(req)
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			return fmt.Errorf("%s: %s", url, resp.Status)
		}
		return nil
	}
}

// freePorts returns n addresses on the loopback interface that nobody listens on now.
// Somebody may until they are used, which is why Start tries more than once.
func freePorts(n int) ([]string, error) {
	var addrs []string
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, fmt.Errorf("no free port: %w", err)
		}
		defer l.Close() // not before the last one is chosen, or it may be the same
		addrs = append(addrs, l.Addr().String())
	}
	return addrs, nil
}

package cluster

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
)

// Addresses on the LAN: the control plane's, which is every node's gateway, and those of nodes.
const lanIP = "10.66.0.1"

func nodeIP(i int) string { return "10.66.0." + strconv.Itoa(10+i) }

// lan is a network that the control plane shares with the real nodes, in network namespaces
// that have no way to anything else: the same addresses can be in use elsewhere.
// It is nil where there are no real nodes, and everything is on the loopback interface.
type lan struct {
	space *netns   // the control plane's
	nodes []*netns // node i+1's
	api   *forward // to the API server, from outside
}

// url is the API server's, for the nodes.
func (l *lan) url() string {
	_, port, _ := net.SplitHostPort(l.api.listener.Addr().String())
	return "https://" + net.JoinHostPort(lanIP, port)
}

// openToLAN lets the API server, which is not reached from outside of its namespace, be found at an
// address there, and returns what flags it needs to be found by nodes, and to find them.
func (c *Cluster) openToLAN(address string) (flags []string, err error) {
	client, err := c.ca.client("kube-apiserver", []string{masters})
	if err != nil {
		return nil, err
	}
	cert, key := filepath.Join(c.pki(), "kubelet-client.crt"), filepath.Join(c.pki(), "kubelet-client.key")
	if err := errors.Join(os.WriteFile(cert, client.cert, 0o600), os.WriteFile(key, client.key, 0o600)); err != nil {
		return nil, err
	}
	if c.lan.api, err = newForward(address, c.lan); err != nil {
		return nil, err
	}
	return []string{
		"--bind-address=0.0.0.0", "--advertise-address=" + lanIP,
		"--kubelet-client-certificate=" + cert, "--kubelet-client-key=" + key,
		"--kubelet-preferred-address-types=InternalIP",
	}, nil
}

//go:embed node/lan.sh
var lanScript string

func newLAN(ctx context.Context, nodes int) (*lan, error) {
	space, err := newNetns()
	if err != nil {
		return nil, err
	}
	l := &lan{space: space}
	if err := l.run(ctx, "bash", "-c", lanScript, "lan.sh", lanIP, serviceCIDR, nodeIP(1)); err != nil {
		return l, err
	}
	for i := range nodes {
		node, err := newNetns()
		if err != nil {
			return l, err
		}
		l.nodes = append(l.nodes, node)
		port := nodeName(i + 1)
		if err := l.run(ctx, "ip", "link", "add", port, "type", "veth", "peer", "name", "eth0", "netns", node.path()); err != nil {
			return l, err
		}
		if err := l.run(ctx, "ip", "link", "set", port, "master", "br0", "up"); err != nil {
			return l, err
		}
	}
	return l, nil
}

// inside returns the command line that runs one in the control plane's namespace.
func (l *lan) inside(args ...string) []string {
	if l == nil {
		return args
	}
	return append([]string{"nsenter", "--net=" + l.space.path()}, args...)
}

func (l *lan) run(ctx context.Context, args ...string) error {
	args = l.inside(args...)
	out, err := exec.CommandContext(ctx, args[0], args[1:]...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%q: %w\n%s", args, err, out)
	}
	return nil
}

// dial opens a connection from where the control plane is.
func (l *lan) dial(ctx context.Context, network, address string) (conn net.Conn, err error) {
	if l == nil {
		return new(net.Dialer).DialContext(ctx, network, address)
	}
	err = l.space.do(func() (err error) {
		conn, err = new(net.Dialer).DialContext(ctx, network, address)
		return err
	})
	return conn, err
}

// close expects the processes in the namespaces to have ended.
func (l *lan) close() {
	if l == nil {
		return
	}
	if l.api != nil {
		l.api.close()
	}
	for _, node := range l.nodes {
		node.close()
	}
	l.space.close()
}

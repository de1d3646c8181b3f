package cluster

import (
	"bytes"
	"context"
	"embed"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	texttemplate "text/template"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// nodeFiles are what a real node is started with.
//
//go:embed node
var nodeFiles embed.FS

func nodeName(i int) string { return "node" + strconv.Itoa(i) }

// node is what the templates of its configuration are filled in with.
type node struct {
	Name, Address, Cgroup string
	Config                string // directory of the configuration
	CA                    string // file
	CNI                   string // directory of the network plugins
	PodCIDR, Pause        string
}

// prepareRealNodes builds and fetches what startRealNodes needs, which takes its time the first time.
func prepareRealNodes(ctx context.Context) error {
	if err := Supported(); err != nil {
		return err
	}
	if _, err := buildReal(ctx); err != nil {
		return err
	}
	_, err := nodeSoftware(ctx)
	return err
}

// startRealNodes starts node1, node2 … and returns when pods can run on each, and be reached.
func (c *Cluster) startRealNodes(ctx context.Context) error {
	bin, err := buildReal(ctx)
	if err != nil {
		return err
	}
	s, err := nodeSoftware(ctx)
	if err != nil {
		return err
	}
	images := filepath.Join(c.dir, "images.tar")
	if err := writeImages(images, bin); err != nil {
		return err
	}
	for i := range c.lan.nodes {
		if err := c.startRealNode(i+1, s, bin, images); err != nil {
			return err
		}
	}
	for i := range c.lan.nodes {
		if err := c.joinRealNode(ctx, i+1); err != nil {
			return err
		}
	}
	return nil
}

func (c *Cluster) startRealNode(i int, s software, bin, images string) error {
	n := node{
		Name:    nodeName(i),
		Address: nodeIP(i),
		Cgroup:  "/" + c.cgroupName(nodeName(i)),
		Config:  filepath.Join(c.dir, nodeName(i)),
		CA:      filepath.Join(c.pki(), "ca.crt"),
		CNI:     s.pluginDir(),
		PodCIDR: podCIDR,
		Pause:   pauseImage,
	}
	if err := n.configure(c); err != nil {
		return err
	}
	return c.procs.start(n.Name, "env",
		"PATH="+strings.Join(append([]string{bin}, s.programs...), ":"),
		"LD_LIBRARY_PATH="+strings.Join(s.libraries, ":"),
		"nsenter", "--net="+c.lan.nodes[i-1].path(),
		// SIGKILL ends unshare, with it the first process in the namespaces, and with that all of them.
		"unshare", "--mount", "--uts", "--ipc", "--pid", "--fork", "--kill-child", "--mount-proc",
		"bash", filepath.Join(n.Config, "node.sh"), n.Name, n.Address, lanIP, n.Config, c.Logs(), n.Cgroup, images)
}

// configure fills the node's directory.
func (n node) configure(c *Cluster) error {
	if err := os.Mkdir(n.Config, 0o700); err != nil {
		return err
	}
	for _, name := range []string{"containerd.toml", "kubelet.yaml", "kube-proxy.yaml"} {
		text, err := texttemplate.ParseFS(nodeFiles, "node/"+name)
		if err != nil {
			return err
		}
		var data bytes.Buffer
		if err := text.Execute(&data, n); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(n.Config, name), data.Bytes(), 0o600); err != nil {
			return err
		}
	}
	for _, name := range []string{"node.sh", "bridge.json"} { // the latter is a template of containerd's
		data, err := nodeFiles.ReadFile("node/" + name)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(n.Config, name), data, 0o600); err != nil {
			return err
		}
	}
	return errors.Join(
		c.writeKubeconfigFor(c.lan.url(), filepath.Join(n.Config, "kubelet.kubeconfig"), "system:node:"+n.Name, "system:nodes"),
		c.writeKubeconfigFor(c.lan.url(), filepath.Join(n.Config, "kube-proxy.kubeconfig"), "system:kube-proxy"))
}

// joinRealNode waits for a node, and makes its pods reachable.
func (c *Cluster) joinRealNode(ctx context.Context, i int) error {
	var pods string // their addresses
	err := c.procs.await(ctx, "waiting for "+nodeName(i), func(ctx context.Context) error {
		n, err := c.client.CoreV1().Nodes().Get(ctx, nodeName(i), metav1.GetOptions{})
		if err != nil {
			return err
		}
		pods = n.Spec.PodCIDR
		return usable(n)
	})
	if err != nil {
		return err
	}
	return c.lan.run(ctx, "ip", "route", "replace", pods, "via", nodeIP(i))
}

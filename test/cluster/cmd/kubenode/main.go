// Command kubenode is what Kubernetes runs on a node, in one binary: kubelet and
// kube-proxy, chosen by the first argument.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/spf13/cobra"
	"k8s.io/component-base/cli"
	_ "k8s.io/component-base/logs/json/register"          // --logging-format=json
	_ "k8s.io/component-base/metrics/prometheus/clientgo" // client metrics, as upstream's main has them
	_ "k8s.io/component-base/metrics/prometheus/version"
	proxy "k8s.io/kubernetes/cmd/kube-proxy/app"
	kubelet "k8s.io/kubernetes/cmd/kubelet/app"
)

const usage = "usage: kubenode kubelet|kube-proxy [flags]"

var commands = map[string]func() *cobra.Command{
	"kubelet":    func() *cobra.Command { return kubelet.NewKubeletCommand(context.Background()) },
	"kube-proxy": func() *cobra.Command { return proxy.NewProxyCommand() },
}

func main() {
	if len(os.Args) < 2 {
		fatal(usage)
	}
	newCommand, ok := commands[os.Args[1]]
	if !ok {
		fatal(fmt.Sprintf("kubenode: unknown component %q\n%s", os.Args[1], usage))
	}
	cmd := newCommand()
	cmd.SetArgs(os.Args[2:])
	os.Exit(cli.Run(cmd))
}

func fatal(message string) {
	fmt.Fprintln(os.Stderr, message)
	os.Exit(2)
}

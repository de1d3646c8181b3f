// Command kubeall is a Kubernetes control plane in one binary: etcd, kube-apiserver,
// kube-controller-manager and kube-scheduler, chosen by the first argument.
// One binary links the shared code once, and so builds in half the time of four.
package main

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"
	"go.etcd.io/etcd/server/v3/etcdmain"
	"k8s.io/component-base/cli"
	_ "k8s.io/component-base/logs/json/register"          // --logging-format=json
	_ "k8s.io/component-base/metrics/prometheus/clientgo" // client metrics, as upstream's main has them
	_ "k8s.io/component-base/metrics/prometheus/version"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	controllermanager "k8s.io/kubernetes/cmd/kube-controller-manager/app"
	scheduler "k8s.io/kubernetes/cmd/kube-scheduler/app"
)

const usage = "usage: kubeall etcd|kube-apiserver|kube-controller-manager|kube-scheduler [flags]"

// commands does not hold etcd, which has a main function and no cobra command.
var commands = map[string]func() *cobra.Command{
	"kube-apiserver":          apiserver.NewAPIServerCommand,
	"kube-controller-manager": controllermanager.NewControllerManagerCommand,
	"kube-scheduler":          func() *cobra.Command { return scheduler.NewSchedulerCommand() },
}

func main() {
	if len(os.Args) < 2 {
		fatal(usage)
	}
	component := os.Args[1]
	if component == "etcd" {
		etcdmain.Main(os.Args[1:])
		return
	}
	newCommand, ok := commands[component]
	if !ok {
		fatal(fmt.Sprintf("kubeall: unknown component %q\n%s", component, usage))
	}
	cmd := newCommand()
	cmd.SetArgs(os.Args[2:])
	os.Exit(cli.Run(cmd))
}

func fatal(message string) {
	fmt.Fprintln(os.Stderr, message)
	os.Exit(2)
}

// Command pawl-cluster builds and runs the test cluster by hand.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"

	"github.com/gopawl/pawl/test/cluster"
)

const usage = `usage:
  pawl-cluster build                        build what is missing, print the directory of the binaries
  pawl-cluster up [--node]                  run a cluster until Ctrl-C
  pawl-cluster start [--node]               run a cluster in the background, until stop
  pawl-cluster stop                         end that cluster
  pawl-cluster run [--node] COMMAND [ARG…]  run a command with a cluster of its own: KUBECONFIG is set, kubectl on PATH

With --node the cluster has a real node instead of fake ones, and "run" runs the command where the addresses of
Services and pods can be reached; that needs root`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := do(ctx, os.Args[1:])
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		os.Exit(max(1, exit.ExitCode())) // the command has said why
	case err != nil:
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func do(ctx context.Context, args []string) error {
	var o cluster.Options
	if len(args) > 1 && args[1] == "--node" {
		o.RealNodes = 1
	}
	rest := args[min(len(args), 1+o.RealNodes):]
	switch {
	case len(args) == 1 && args[0] == "build":
		bin, err := cluster.Build(ctx)
		if err == nil {
			fmt.Println(bin)
		}
		return err
	case len(args) > 0 && args[0] == "up" && len(rest) == 0:
		return with(ctx, o, up)
	case len(args) > 0 && args[0] == "start" && len(rest) == 0:
		return start(args[1:])
	case len(args) == 1 && args[0] == "stop":
		return stop(ctx)
	case len(rest) > 0 && args[0] == "run":
		return with(ctx, o, func(ctx context.Context, bin string, c *cluster.Cluster) error {
			return run(ctx, bin, c, rest)
		})
	}
	return errors.New(usage)
}

// with calls use with a cluster and the directory of its binaries.
func with(ctx context.Context, o cluster.Options, use func(context.Context, string, *cluster.Cluster) error) error {
	bin, err := cluster.Build(ctx)
	if err != nil {
		return err
	}
	o.Bin = bin
	c, err := cluster.Start(ctx, o)
	if err != nil {
		return err
	}
	return errors.Join(use(ctx, bin, c), c.Stop())
}

func up(ctx context.Context, bin string, c *cluster.Cluster) error {
	fmt.Printf("export KUBECONFIG=%s PATH=%s:$PATH\n", c.Kubeconfig(), bin)
	if inside := c.Inside("COMMAND"); len(inside) > 1 {
		fmt.Fprintf(os.Stderr, "to reach Services and pods: %s\n", strings.Join(inside, " "))
	}
	fmt.Fprintf(os.Stderr, "logs: %s\nCtrl-C ends the cluster\n", c.Logs())
	<-ctx.Done()
	return nil
}

// run leaves a Ctrl-C to the command, which gets it from the terminal as well.
func run(_ context.Context, bin string, c *cluster.Cluster, args []string) error {
	if err := os.Setenv("PATH", bin+string(os.PathListSeparator)+os.Getenv("PATH")); err != nil {
		return err
	}
	args = c.Inside(args...)
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Env = append(os.Environ(), "KUBECONFIG="+c.Kubeconfig())
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	return cmd.Run()
}

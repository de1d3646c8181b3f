// Command pawl-cluster builds and runs the test cluster by hand.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"syscall"

	"github.com/gopawl/pawl/test/cluster"
)

const usage = `usage:
  pawl-cluster build               build what is missing, print the directory of the binaries
  pawl-cluster up                  run a cluster until Ctrl-C
  pawl-cluster start               run a cluster in the background, until stop
  pawl-cluster stop                end that cluster
  pawl-cluster run COMMAND [ARG…]  run a command with a cluster of its own: KUBECONFIG is set, kubectl on PATH`

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
	switch {
	case len(args) == 1 && args[0] == "build":
		bin, err := cluster.Build(ctx)
		if err == nil {
			fmt.Println(bin)
		}
		return err
	case len(args) == 1 && args[0] == "up":
		return with(ctx, up)
	case len(args) == 1 && args[0] == "start":
		return start(args[1:])
	case len(args) == 1 && args[0] == "stop":
		return stop(ctx)
	case len(args) > 1 && args[0] == "run":
		return with(ctx, func(ctx context.Context, bin string, c *cluster.Cluster) error {
			return run(ctx, bin, c, args[1:])
		})
	}
	return errors.New(usage)
}

// with calls use with a cluster and the directory of its binaries.
func with(ctx context.Context, use func(context.Context, string, *cluster.Cluster) error) error {
	bin, err := cluster.Build(ctx)
	if err != nil {
		return err
	}
	c, err := cluster.Start(ctx, cluster.Options{Bin: bin})
	if err != nil {
		return err
	}
	return errors.Join(use(ctx, bin, c), c.Stop())
}

func up(ctx context.Context, bin string, c *cluster.Cluster) error {
	fmt.Printf("export KUBECONFIG=%s PATH=%s:$PATH\n", c.Kubeconfig(), bin)
	fmt.Fprintf(os.Stderr, "logs: %s\nCtrl-C ends the cluster\n", c.Logs())
	<-ctx.Done()
	return nil
}

// run leaves a Ctrl-C to the command, which gets it from the terminal as well.
func run(_ context.Context, bin string, c *cluster.Cluster, args []string) error {
	if err := os.Setenv("PATH", bin+string(os.PathListSeparator)+os.Getenv("PATH")); err != nil {
		return err
	}
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Env = append(os.Environ(), "KUBECONFIG="+c.Kubeconfig())
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	return cmd.Run()
}

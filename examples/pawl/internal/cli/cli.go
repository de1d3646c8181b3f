// Package cli is the command pawl: cobra commands over package app.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericiooptions"
	"k8s.io/klog/v2"
	"k8s.io/klog/v2/textlogger"

	"github.com/gopawl/pawl/rollout/kube/kubetest"
)

// Pawl is the command in one process.
type Pawl struct {
	genericiooptions.IOStreams
	// Args are the command line without the program's name; --record writes them down.
	Args []string
	// Terminal says that Out is one on which progress can be drawn in place, and how wide it
	// is; nil is no.
	Terminal func() (width int, ok bool)
	// Store, if set, is the embedded cluster's, in the place of the state file.
	Store kubetest.Store
	// Identity is who drives, as other processes are told; "" is user@host/pid.
	Identity string

	connection connection
	crowded    bool // several rollouts at once: none is drawn in place
	quiet      bool // Out holds a result for programs: progress is told on ErrOut
	picture    picture
	callers    callers
}

// Main runs the command line of the process, and returns its exit code.
func Main() int {
	ctx, stop := interruptible()
	defer stop()
	silence()
	p := &Pawl{
		IOStreams: genericiooptions.IOStreams{In: os.Stdin, Out: os.Stdout, ErrOut: os.Stderr},
		Args:      os.Args[1:],
		Terminal:  func() (int, bool) { return terminal(os.Stdout) },
	}
	return p.Run(ctx)
}

// silence drops what the client libraries log: it is not for the user, who is told of errors.
func silence() {
	klog.SetLogger(textlogger.NewLogger(textlogger.NewConfig(textlogger.Output(io.Discard))))
}

// Run runs one command line, and returns the exit code: 0 only where all is as asked for, 130 where
// the context was cancelled first, and otherwise 1, except that diff keeps 1 for a difference.
func (p *Pawl) Run(ctx context.Context) int {
	command := p.command()
	command.SetArgs(p.Args)
	command.SetIn(p.In)
	command.SetOut(p.Out)
	command.SetErr(p.ErrOut)
	executed, err := command.ExecuteContextC(ctx)
	if err == nil {
		return 0
	}
	if ctx.Err() == nil || !errors.Is(err, context.Canceled) {
		p.report(err)
	}
	var told *exitError
	switch {
	case ctx.Err() != nil:
		return interrupted(ctx)
	case errors.As(err, &told) && told.code != 0:
		return told.code
	case executed.Name() == "diff":
		return 2
	}
	return 1
}

func (p *Pawl) command() *cobra.Command {
	root := &cobra.Command{
		Use:   "pawl",
		Short: "Roll out new versions of an app, safely",
		Long: `pawl rolls out what a Deployment's manifest asks for, watches it, and takes it back.

It works on a cluster embedded in one file, which needs nothing else, or with
--kubeconfig, --context or --cluster=kube on a real one.

A Deployment of a manifest becomes an app, not a Deployment of the cluster: a ConfigMap
pawl.NAME holds what is wanted and owns the ReplicaSets, and a Lease of that name keeps two
pawls apart. 'pawl delete NAME' deletes all of it.`,
		SilenceUsage: true, SilenceErrors: true,
	}
	p.connection.addFlags(root.PersistentFlags())
	complete(root, "cluster", oneOf("embedded", "kube"))
	root.AddCommand(
		p.runCommand(), p.planCommand(), p.statusCommand(), p.getCommand(),
		p.historyCommand(), p.undoCommand(), p.pauseCommand(), p.resumeCommand(),
		p.scaleCommand(), p.setImageCommand(), p.restartCommand(),
		p.patchCommand(), p.editCommand(), p.replaceCommand(), p.deleteCommand(),
		p.diffCommand(), p.hashCommand(), p.versionCommand(),
	)
	return root
}

// say prints a line for the user that is not part of the result.
func (p *Pawl) say(format string, args ...any) { fmt.Fprintf(p.ErrOut, format+"\n", args...) }

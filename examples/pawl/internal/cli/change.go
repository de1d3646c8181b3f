package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/api/validation"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/gopawl/pawl/examples/pawl/internal/app"
	"github.com/gopawl/pawl/history"
)

// changer makes a command that changes what is wanted of one app, and then rolls it out.
type changer struct {
	use, short, long, example string
	outcome                   app.Outcome // what kubectl prints after the name
	args                      cobra.PositionalArgs
	flags                     func(*cobra.Command)
	// edit changes what is wanted. It may say that there is nothing to do with a [*skipError].
	edit func(ctx context.Context, s *session, args []string, dryRun bool) (*app.Record, error)
	// complete completes the arguments; nil is one name of an app.
	complete completions
	// stays says that nothing is rolled out afterwards.
	stays bool
}

// skipError says that nothing had to be changed, and in which words.
type skipError struct{ outcome app.Outcome }

func (e *skipError) Error() string { return string(e.outcome) }

func (p *Pawl) changeCommand(ch changer) *cobra.Command {
	if ch.complete == nil {
		ch.complete = completeNames(1)
	}
	var out output
	var drive driving
	c := &cobra.Command{Use: ch.use, Short: ch.short, Long: ch.long, Example: ch.example, Args: ch.args}
	c.ValidArgsFunction = p.completing(ch.complete)
	out.addFlags(c)
	if !ch.stays {
		drive.addFlags(c)
	}
	if ch.flags != nil {
		ch.flags(c)
	}
	c.RunE = func(c *cobra.Command, args []string) error {
		if err := errors.Join(out.check(), drive.timeout.check()); err != nil {
			return err
		}
		var err error
		if args[0], err = appName(args[0]); err != nil {
			return err
		}
		return p.on(c.Context(), func(s *session) error { return p.change(c.Context(), s, ch, args, &out, drive) })
	}
	return c
}

// change makes the change, prints it, and rolls it out.
func (p *Pawl) change(ctx context.Context, s *session, ch changer, args []string, out *output, drive driving) error {
	outcome := ch.outcome
	record, err := ch.edit(ctx, s, args, out.dry())
	var skip *skipError
	if errors.As(err, &skip) {
		outcome = skip.outcome
		record, err = s.Load(ctx, args[0])
	}
	if errors.Is(err, errCancelled) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := errors.Join(out.object(p.Out, record.Manifest, outcome), out.end(p.Out)); err != nil {
		return err
	}
	if out.dry() || ch.stays {
		return nil
	}
	p.quiet = out.quiet()
	if record.Spec.Paused {
		return p.followPaused(ctx, s, args[0], drive)
	}
	return p.follow(ctx, s, args[0], drive)
}

// appName takes a name as kubectl writes it: deployment/web, deployment.apps/web or web.
func appName(arg string) (string, error) {
	name := arg
	for _, prefix := range []string{"deployment.apps/", "deployments.apps/", "deployment/", "deployments/", "deploy/"} {
		if after, ok := strings.CutPrefix(arg, prefix); ok {
			name = after
		}
	}
	if wrong := validation.NameIsDNSSubdomain(name, false); len(wrong) > 0 {
		return "", fmt.Errorf("invalid name %q: %s", arg, wrong[0])
	}
	return name, nil
}

func (p *Pawl) undoCommand() *cobra.Command {
	var number int64
	return p.changeCommand(changer{
		use: "undo NAME", short: "Go back to an earlier revision", outcome: "rolled back", args: cobra.ExactArgs(1),
		example: `  pawl undo web
  pawl undo web --to-revision=3`,
		long: "Makes the template of an earlier revision the wanted one, and rolls it out. Its revision becomes the newest.",
		flags: func(c *cobra.Command) {
			c.Flags().Int64Var(&number, "to-revision", 0, "The revision to go back to; 0 is the one before")
			complete(c, "to-revision", p.completing(p.completeRevisions))
		},
		edit: func(ctx context.Context, s *session, args []string, dryRun bool) (*app.Record, error) {
			entry, err := s.lookingAt(args[0]).Undo(ctx, number, dryRun)
			var unchanged *history.UnchangedError
			if errors.As(err, &unchanged) {
				return nil, &skipError{app.Outcome(unchanged.Error())}
			}
			if err != nil {
				return nil, err
			}
			record, err := s.Load(ctx, args[0])
			if err == nil && dryRun {
				p.say("will roll back to revision %d", entry.Number)
			}
			return record, err
		},
	})
}

func (p *Pawl) pauseCommand() *cobra.Command {
	return p.changeCommand(changer{
		use: "pause NAME", short: "Hold a rollout where it is", outcome: "paused", args: cobra.ExactArgs(1), stays: true,
		example: `  pawl pause web`,
		long: `Holds every size where it is. A pawl that is rolling the app out stops before its next step and waits. Only a
change of replicas is carried out in a pause.`,
		edit: func(ctx context.Context, s *session, args []string, dryRun bool) (*app.Record, error) {
			return s.setPaused(ctx, args[0], true, "already paused", dryRun)
		},
	})
}

func (p *Pawl) resumeCommand() *cobra.Command {
	return p.changeCommand(changer{
		use: "resume NAME", short: "Go on with a rollout", outcome: "resumed", args: cobra.ExactArgs(1),
		example: `  pawl resume web`,
		long:    "Ends a pause and goes on with the rollout, as it does after a rollout was stopped or its process was lost.",
		edit: func(ctx context.Context, s *session, args []string, dryRun bool) (*app.Record, error) {
			return s.setPaused(ctx, args[0], false, "already resumed", dryRun)
		},
	})
}

func (s *session) setPaused(ctx context.Context, name string, paused bool, already app.Outcome, dryRun bool) (*app.Record, error) {
	return s.Change(ctx, name, dryRun, func(r *app.Record, wanted *unstructured.Unstructured) error {
		if r.Spec.Paused == paused {
			return &skipError{already}
		}
		if !paused {
			unstructured.RemoveNestedField(wanted.Object, "spec", "paused")
			return nil
		}
		return unstructured.SetNestedField(wanted.Object, true, "spec", "paused")
	})
}

func (p *Pawl) scaleCommand() *cobra.Command {
	var replicas int32
	return p.changeCommand(changer{
		use: "scale NAME --replicas N", short: "Change how many replicas are wanted", outcome: "scaled", args: cobra.ExactArgs(1),
		long: `Changes how many replicas are wanted. In the middle of a rollout the change is shared out among the revisions, in
proportion to their sizes; in a pause too, and nothing else happens then.`,
		example: `  pawl scale web --replicas=5`,
		flags: func(c *cobra.Command) {
			c.Flags().Int32Var(&replicas, "replicas", 0, "How many replicas are wanted")
			_ = c.MarkFlagRequired("replicas")
		},
		edit: func(ctx context.Context, s *session, args []string, dryRun bool) (*app.Record, error) {
			if replicas < 0 {
				return nil, fmt.Errorf("--replicas: invalid value %d: must be 0 or more", replicas)
			}
			return s.Change(ctx, args[0], dryRun, func(_ *app.Record, wanted *unstructured.Unstructured) error {
				return unstructured.SetNestedField(wanted.Object, int64(replicas), "spec", "replicas")
			})
		},
	})
}

func (p *Pawl) setImageCommand() *cobra.Command {
	return p.changeCommand(changer{
		use: "set-image NAME CONTAINER=IMAGE...", short: "Change the images of containers", outcome: "image updated", args: cobra.MinimumNArgs(2),
		example:  `  pawl set-image web web=web:2`,
		long:     "Changes the images of containers by name; * is every container.",
		complete: completeContainers,
		edit: func(ctx context.Context, s *session, args []string, dryRun bool) (*app.Record, error) {
			return s.Change(ctx, args[0], dryRun, func(_ *app.Record, wanted *unstructured.Unstructured) error {
				return setImages(wanted, args[1:])
			})
		},
	})
}

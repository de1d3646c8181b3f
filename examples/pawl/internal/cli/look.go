package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/gopawl/pawl/examples/pawl/internal/app"
	"github.com/gopawl/pawl/examples/pawl/internal/view"
	"github.com/gopawl/pawl/rollout"
	"github.com/gopawl/pawl/rollout/kube"
)

// lookingAt is the driver of an app that reads live and writes nothing.
func (s *session) lookingAt(name string) *app.Driver {
	return &app.Driver{Store: s.Store, Client: &kube.Client{API: s.API}, App: name}
}

// look shows an app as it is now: what is wanted, the state, and what the strategy thinks of it.
func (p *Pawl) look(ctx context.Context, s *session, name string) (*app.Driver, rollout.State, rollout.Plan, error) {
	d := s.lookingAt(name)
	state, err := d.Observe(ctx)
	if err != nil {
		return d, state, rollout.Plan{}, err
	}
	plan, err := d.Plan(state)
	return d, state, plan, err
}

// lookCommand is a command that looks at one app and prints something of it.
func (p *Pawl) lookCommand(use, short string, show func(ctx context.Context, s *session, name string) error) *cobra.Command {
	return &cobra.Command{
		Use: use, Short: short, Args: cobra.ExactArgs(1), ValidArgsFunction: p.completing(completeNames(1)),
		RunE: func(c *cobra.Command, args []string) error {
			name, err := appName(args[0])
			if err != nil {
				return err
			}
			return p.on(c.Context(), func(s *session) error { return show(c.Context(), s, name) })
		},
	}
}

func (p *Pawl) statusCommand() *cobra.Command {
	var watch bool
	var revision int64
	var timeout timeoutFlag
	c := p.lookCommand("status NAME", "Say how far a rollout has come, and what is in its way", func(ctx context.Context, s *session, name string) error {
		if err := timeout.check(); err != nil {
			return err
		}
		if timeout.Duration > 0 {
			var cancel context.CancelFunc
			ctx, cancel = context.WithTimeoutCause(ctx, timeout.Duration, fmt.Errorf("timed out after %v", timeout))
			defer cancel()
		}
		return p.status(ctx, s, name, revision, watch)
	})
	c.Long = `Says what 'kubectl rollout status' says, and below it why replicas are not available. It drives
nothing: that is what run and resume are for.`
	c.Flags().BoolVarP(&watch, "watch", "w", false, "Watch until the rollout is over")
	c.Flags().Int64Var(&revision, "revision", 0, "The revision to speak of; another one is an error")
	complete(c, "revision", p.completing(p.completeRevisions))
	timeout.addFlag(c, "rollout")
	return c
}

// errDeleted has the words of kubectl rollout status.
var errDeleted = errors.New("object has been deleted")

// between is how long a watched status waits between two looks.
const between = 500 * time.Millisecond

// status prints kubectl's line whenever it changes. It never drives: that is what run and resume
// are for.
func (p *Pawl) status(ctx context.Context, s *session, name string, revision int64, watch bool) error {
	said, alone := "", false
	var counts settling
	for {
		d, state, _, err := p.look(ctx, s, name)
		switch {
		case err != nil && ctx.Err() != nil:
			return context.Cause(ctx)
		case said != "" && apierrors.IsNotFound(err):
			return errDeleted
		case err != nil:
			return err
		}
		text, over, err := p.statusText(d, state, revision)
		if err != nil {
			return err
		}
		if text != said && (over || !watch || counts.settled(state)) {
			said = text
			fmt.Fprint(p.Out, text)
		}
		if over {
			return nil
		}
		if driver, err := s.DrivenBy(ctx, name); err == nil && driver == "" && !alone && !state.Paused {
			alone = true
			p.say("nobody is rolling out deployment %q: 'pawl resume %s' goes on", name, name)
		}
		if !watch {
			return nil
		}
		select {
		case <-time.After(between):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// statusText is the line and, below it, the reasons.
func (p *Pawl) statusText(d *app.Driver, state rollout.State, revision int64) (text string, over bool, err error) {
	now := app.Status{Observed: d.Record().Generation, Number: newest(state), Rollout: rollout.Status{Counts: state.Counts()}}
	shown := view.DeploymentOf(d.Record(), now)
	shown.Asked, shown.DeadlineExceeded = revision, d.Record().GivenUp()
	text, over, err = shown.RolloutStatus()
	if err != nil || over {
		return text, over, err
	}
	text += view.Problems(state)
	if state.Paused {
		text += fmt.Sprintf("  paused: 'pawl resume %s' goes on\n", d.App)
	}
	return text, false, nil
}

func newest(state rollout.State) (n int64) {
	for _, r := range state.Revisions {
		n = max(n, r.Number)
	}
	return n
}

func (p *Pawl) historyCommand() *cobra.Command {
	var number int64
	c := p.lookCommand("history NAME", "List the revisions, or show one", func(ctx context.Context, s *session, name string) error {
		d, state, _, err := p.look(ctx, s, name)
		if err != nil {
			return err
		}
		if number == 0 {
			_, err = fmt.Fprint(p.Out, view.History(name, d.History(state).List()))
			return err
		}
		entry, ok := d.History(state).Find(number)
		if !ok {
			return errors.New("unable to find the specified revision")
		}
		template, err := d.Template(ctx, entry.Name)
		if err != nil {
			return err
		}
		text, err := view.Revision(name, number, entry, template)
		if err == nil {
			fmt.Fprint(p.Out, text)
		}
		return err
	})
	c.Flags().Int64Var(&number, "revision", 0, "The revision to show, with its template")
	complete(c, "revision", p.completing(p.completeRevisions))
	return c
}

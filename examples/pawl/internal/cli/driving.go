package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/gopawl/pawl/rollout"
)

// timeoutFlag bounds how long a command waits.
type timeoutFlag struct{ time.Duration }

func (t *timeoutFlag) addFlag(c *cobra.Command, what string) {
	c.Flags().DurationVar(&t.Duration, "timeout", 0, "How long to wait for the "+what+" before giving up; 0 is without a limit of time")
}

func (t timeoutFlag) check() error {
	if t.Duration < 0 {
		return fmt.Errorf("--timeout: invalid value %v: must be 0 or more", t.Duration)
	}
	return nil
}

// driving are the flags about the rollout that a change leads to.
type driving struct {
	timeout timeoutFlag
	wait    bool
	rests   bool // no flag: it ends in a pause that leaves nothing to do
}

func (d *driving) addFlags(c *cobra.Command) {
	d.timeout.addFlag(c, "rollout")
	c.Flags().BoolVar(&d.wait, "wait", true, "Roll out what is wanted, and watch to the end; otherwise only write it down, for a later resume")
}

// follow rolls out what is wanted now, or says who does.
func (p *Pawl) follow(ctx context.Context, s *session, name string, d driving) error {
	if d.wait {
		return p.drive(ctx, s, name, d)
	}
	return p.leave(ctx, s, name)
}

// leave says what becomes of a rollout without this process.
func (p *Pawl) leave(ctx context.Context, s *session, name string) error {
	_, _, plan, err := p.look(ctx, s, name)
	if err != nil || plan.Phase == rollout.Complete {
		return err
	}
	driver, err := s.DrivenBy(ctx, name)
	switch {
	case err != nil:
		return err
	case plan.Phase == rollout.Paused && driver == "":
		p.say("deployment %q is paused: nothing is rolled out until 'pawl resume %s'", name, name)
	case plan.Phase == rollout.Paused:
		p.say("deployment %q is paused: %s, which rolls it out, shares out a resize; all else waits for 'pawl resume %s'", name, driver, name)
	case driver == "":
		p.say("nobody is rolling out deployment %q: 'pawl resume %s' goes on", name, name)
	default:
		p.say("deployment %q is being rolled out by %s, which goes on with this", name, driver)
	}
	return nil
}

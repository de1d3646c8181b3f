package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/gopawl/pawl/examples/pawl/internal/app"
	"github.com/gopawl/pawl/examples/pawl/internal/manifest"
	"github.com/gopawl/pawl/examples/pawl/internal/view"
	"github.com/gopawl/pawl/hashing"
	"github.com/gopawl/pawl/rollout"
	"github.com/gopawl/pawl/rollout/sim"
)

func (p *Pawl) planCommand() *cobra.Command {
	var in files
	var format string
	var startUp, stop time.Duration
	c := &cobra.Command{
		Use:   "plan -f FILENAME",
		Short: "Say what run would do, step by step, and change nothing",
		Long: `Simulates to the end what 'pawl run' would do now, step by step with the reason: how few
replicas are available on the way, how many exist, how many writes it takes and how long, if a
replica takes --start-up to become ready. Nothing is changed.`,
		Args: cobra.NoArgs,
	}
	in.addFlags(c)
	c.Flags().StringVarP(&format, "output", "o", "", `Output format. One of: (json, yaml); a table otherwise.`)
	complete(c, "output", oneOf("json", "yaml"))
	c.Flags().DurationVar(&startUp, "start-up", time.Second, "How long a replica takes to become ready")
	c.Flags().DurationVar(&stop, "stop", 0, "How long a replica takes to end")
	p.picture.addFlag(c)
	c.RunE = func(c *cobra.Command, _ []string) error {
		if format != "" && format != "json" && format != "yaml" {
			return fmt.Errorf(`--output: invalid value %q: must be "json" or "yaml"`, format)
		}
		if startUp < 0 || stop < 0 {
			return fmt.Errorf("--start-up and --stop: must be 0 or more")
		}
		if err := p.picture.check(); err != nil {
			return err
		}
		return in.on(c.Context(), p, func(s *session, objects []manifest.Object) error {
			return p.planAll(c.Context(), s, objects, format, sim.Options{StartUp: sim.After(startUp), Stop: stop})
		})
	}
	return c
}

func (p *Pawl) planAll(ctx context.Context, s *session, objects []manifest.Object, format string, o sim.Options) error {
	if err := p.picture.checkObjects(objects); err != nil {
		return err
	}
	coming := comingNamespaces(objects)
	for _, object := range objects {
		if object.GetKind() != "Deployment" {
			continue
		}
		report, err := s.at(object.GetNamespace()).preview(ctx, object, coming[object.GetNamespace()], o, &p.picture)
		if err != nil {
			return fmt.Errorf("%s: %w", object.Source, err)
		}
		text, err := planText(view.PlanOf(report), format)
		if err != nil {
			return err
		}
		if format == "" {
			fmt.Fprintf(p.Out, "deployment.apps/%s\n", object.GetName())
		}
		fmt.Fprint(p.Out, text)
	}
	return p.savePicture()
}

// comingNamespaces are those that run would make, or finds.
func comingNamespaces(objects []manifest.Object) map[string]bool {
	coming := map[string]bool{}
	for _, object := range objects {
		if object.GetKind() == "Namespace" {
			coming[object.GetName()] = true
		}
	}
	return coming
}

func planText(plan view.Plan, format string) (string, error) {
	switch format {
	case "json":
		text, err := plan.JSON()
		return string(text), err
	case "yaml":
		text, err := plan.YAML()
		return "---\n" + string(text), err
	}
	return plan.Table(), nil
}

// wouldApply is what is wanted after a manifest were applied. The namespace may be coming with it.
func (s *session) wouldApply(ctx context.Context, object manifest.Object, coming bool) (*app.Record, app.Outcome, error) {
	record, outcome, err := s.Apply(ctx, object.Unstructured, true)
	if coming && apierrors.IsNotFound(err) {
		record, err = s.Proposed(object.Unstructured)
		return record, app.Created, err
	}
	return record, outcome, err
}

// preview simulates a rollout of what a manifest asks for, from what is there. The namespace may be
// coming with it.
func (s *session) preview(ctx context.Context, object manifest.Object, coming bool, o sim.Options, draw *picture) (sim.Report, error) {
	record, outcome, err := s.wouldApply(ctx, object, coming)
	if err != nil {
		return sim.Report{}, err
	}
	state, err := s.wouldBe(ctx, record, outcome)
	if err != nil {
		return sim.Report{}, err
	}
	o.Name = func(template string) string { return hashing.Name(record.Name(), hashing.Label(template, 0)) }
	o.MinReady = time.Duration(record.Spec.MinReadySeconds) * time.Second
	return draw.preview(s.Namespace, record, state, o)
}

// wouldBe is the state right after the manifest were applied.
func (s *session) wouldBe(ctx context.Context, record *app.Record, outcome app.Outcome) (rollout.State, error) {
	d := s.lookingAt(record.Name())
	if outcome == app.Created {
		return d.Beginning(record)
	}
	return d.Wanting(ctx, record)
}

package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"github.com/gopawl/pawl/examples/pawl/internal/app"
	"github.com/gopawl/pawl/examples/pawl/internal/manifest"
	"github.com/gopawl/pawl/rollout/kube"
)

func (p *Pawl) runCommand() *cobra.Command {
	var in files
	var out output
	var record bool
	var drive driving
	c := &cobra.Command{
		Use:   "run -f FILENAME",
		Short: "Apply manifests, roll out what they ask for, and watch it to the end",
		Long: `Applies manifests as 'kubectl apply' does, rolls out the Deployments among them and watches to
the end. The exit code is 0 only when all of it is complete.

A template that changes nothing starts nothing. Replicas stay as they are where neither this manifest
nor the one applied before says how many; where only the one before did, they go to 1.`,
		Example: `  pawl run -f app.yaml
  pawl run -f app.yaml --timeline rollout.html
  pawl run -f app.yaml --traffic
  pawl run -f app.yaml --wait=false
  pawl run -f app.yaml --dry-run=server -o yaml`,
		Args: cobra.NoArgs,
	}
	in.addFlags(c)
	out.addFlags(c)
	drive.addFlags(c)
	p.picture.addFlag(c)
	p.callers.addFlag(c)
	c.Flags().BoolVar(&record, "record", false, "Write this command line down as the change-cause of the revision")
	c.RunE = func(c *cobra.Command, _ []string) error {
		if err := errors.Join(out.check(), drive.timeout.check(), p.picture.checkRun(out.dry(), drive.wait),
			p.callers.check(out.dry(), drive.wait, &p.connection)); err != nil {
			return err
		}
		return in.on(c.Context(), p, func(s *session, objects []manifest.Object) error {
			if err := p.picture.checkObjects(objects); err != nil {
				return err
			}
			called, err := p.callers.find(c.Context(), s, objects)
			if err != nil {
				return err
			}
			if record {
				p.recordCause(objects)
			}
			apps, err := p.applyAll(c.Context(), s, objects, &out)
			if err = errors.Join(err, out.end(p.Out)); err != nil || out.dry() {
				return err
			}
			p.quiet = out.quiet()
			return p.called(c.Context(), s, called, func() error { return p.driveAll(c.Context(), s, apps, drive) })
		})
	}
	return c
}

// recordCause makes the command line the change-cause, as kubectl's --record did.
func (p *Pawl) recordCause(objects []manifest.Object) {
	for _, o := range objects {
		annotations := o.GetAnnotations()
		if o.GetKind() != "Deployment" {
			continue
		}
		if annotations == nil {
			annotations = map[string]string{}
		}
		annotations[kube.ChangeCauseKey] = "pawl " + strings.Join(p.Args, " ")
		o.SetAnnotations(annotations)
	}
}

// applyAll applies the objects in their order, and returns the apps among them.
func (p *Pawl) applyAll(ctx context.Context, s *session, objects []manifest.Object, out *output) ([]*app.Record, error) {
	var apps []*app.Record
	for _, o := range objects {
		if o.GetKind() != "Deployment" {
			now, outcome, err := app.ApplyObject(ctx, s.dynamic, o.Unstructured, out.dry())
			if err != nil {
				return nil, fmt.Errorf("%s: %w", o.Source, err)
			}
			if err := out.object(p.Out, now, outcome); err != nil {
				return nil, err
			}
			continue
		}
		record, outcome, err := s.in(o.GetNamespace()).Apply(ctx, o.Unstructured, out.dry())
		if err != nil {
			return nil, fmt.Errorf("%s: %w", o.Source, err)
		}
		if err := out.object(p.Out, record.Manifest, outcome); err != nil {
			return nil, err
		}
		apps = append(apps, record)
	}
	return apps, nil
}

// driveAll rolls out apps, all at once; one that fails does not hold up the others.
func (p *Pawl) driveAll(ctx context.Context, s *session, apps []*app.Record, drive driving) error {
	var group errgroup.Group
	errs := make([]error, len(apps))
	p.crowded = len(apps) > 1
	for _, r := range apps {
		p.picture.expectApp(s.at(r.Manifest.GetNamespace()).Namespace, r.Name())
	}
	for i, r := range apps {
		there := s.at(r.Manifest.GetNamespace())
		follow := p.follow
		if r.Spec.Paused && drive.wait {
			follow = p.refusePaused
		}
		group.Go(func() error {
			errs[i] = p.picture.end(there.Namespace, r.Name(), follow(ctx, there, r.Name(), drive))
			return nil
		})
	}
	_ = group.Wait()
	return failed(append(errs, p.savePicture()))
}

// in is the store of a namespace; "" is the session's.
func (s *session) in(namespace string) app.Store { return s.at(namespace).Store }

func (s *session) at(namespace string) *session {
	there := *s
	if namespace != "" {
		there.Namespace = namespace
	}
	return &there
}

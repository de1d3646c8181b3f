package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/gopawl/pawl/examples/pawl/internal/app"
	"github.com/gopawl/pawl/examples/pawl/internal/manifest"
)

// replaced is the outcome, in kubectl's word.
const replaced app.Outcome = "replaced"

func (p *Pawl) replaceCommand() *cobra.Command {
	var in files
	var out output
	var drive driving
	c := &cobra.Command{
		Use:   "replace -f FILENAME",
		Short: "Make manifests all that is wanted, and roll it out",
		Long: `Puts manifests in the place of what is wanted, and rolls out the Deployments among them. Unlike run,
which merges, replace drops what a manifest does not say: replicas that somebody scaled go to 1 where it
says none. Everything in the manifests must be there already. The revisions stay.`,
		Example: `  pawl replace -f app.yaml
  pawl get web -o yaml | sed 's/web:1/web:2/' | pawl replace -f -`,
		Args: cobra.NoArgs,
	}
	in.addFlags(c)
	out.addFlags(c)
	drive.addFlags(c)
	c.RunE = func(c *cobra.Command, _ []string) error {
		if err := errors.Join(out.check(), drive.timeout.check()); err != nil {
			return err
		}
		return in.on(c.Context(), p, func(s *session, objects []manifest.Object) error {
			apps, err := p.replaceAll(c.Context(), s, objects, &out)
			if err = errors.Join(err, out.end(p.Out)); err != nil || out.dry() {
				return err
			}
			p.quiet = out.quiet()
			return p.driveAll(c.Context(), s, apps, drive)
		})
	}
	return c
}

// replaceAll replaces the objects in their order, and returns the apps among them.
func (p *Pawl) replaceAll(ctx context.Context, s *session, objects []manifest.Object, out *output) ([]*app.Record, error) {
	var apps []*app.Record
	for _, o := range objects {
		now, record, err := s.replace(ctx, o, out.dry())
		if err != nil {
			return nil, fmt.Errorf("error when replacing %q: %w", o.Source, err)
		}
		if err := out.object(p.Out, now, replaced); err != nil {
			return nil, err
		}
		if record != nil {
			apps = append(apps, record)
		}
	}
	return apps, nil
}

// replace replaces one object; the record is nil if it is no app.
func (s *session) replace(ctx context.Context, o manifest.Object, dryRun bool) (*unstructured.Unstructured, *app.Record, error) {
	if o.GetKind() != "Deployment" {
		now, err := app.ReplaceObject(ctx, s.dynamic, o.Unstructured, dryRun)
		return now, nil, err
	}
	record, err := s.in(o.GetNamespace()).Replace(ctx, o.Unstructured, dryRun)
	if err != nil {
		return nil, nil, err
	}
	return record.Manifest, record, nil
}

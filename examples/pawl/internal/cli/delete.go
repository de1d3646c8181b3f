package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/gopawl/pawl/examples/pawl/internal/app"
	"github.com/gopawl/pawl/examples/pawl/internal/manifest"
)

// deleting are the flags of delete.
type deleting struct {
	dryRun
	cascade       string
	ignoreMissing bool
	wait          bool
	timeout       timeoutFlag
	output        string
}

func (p *Pawl) deleteCommand() *cobra.Command {
	var in files
	var how deleting
	c := &cobra.Command{
		Use:   "delete (NAME... | -f FILENAME)",
		Short: "Delete apps with what belongs to them, or leave it running",
		Long: `Deletes apps, or all that manifests hold. The replica sets and pods of an app go after it (--cascade=background),
before it (foreground), or not at all (orphan): those go on running, and a later run of the same manifest
takes them over without a restart.`,
		ValidArgsFunction: p.completing(completeNames(0)),
		Example: `  pawl delete web
  pawl delete -f app.yaml --ignore-not-found
  pawl delete web --cascade=orphan`,
	}
	in.addNames(c)
	how.addFlags(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		policy, err := how.check()
		if err != nil {
			return err
		}
		if len(in.names) > 0 {
			if len(args) > 0 {
				return errors.New("names and --filename cannot be given together")
			}
			return in.on(c.Context(), p, func(s *session, objects []manifest.Object) error {
				slices.Reverse(objects) // what is needed by others goes after them
				return p.deleteAll(c.Context(), s, objects, how, policy)
			})
		}
		objects, err := named(args)
		if err != nil {
			return err
		}
		return p.on(c.Context(), func(s *session) error {
			for _, o := range objects {
				o.SetNamespace(s.Namespace)
			}
			return p.deleteAll(c.Context(), s, objects, how, policy)
		})
	}
	return c
}

func (d *deleting) addFlags(c *cobra.Command) {
	d.dryRun.addFlag(c)
	c.Flags().StringVar(&d.cascade, "cascade", "background", `What becomes of what belongs to it: "background", "foreground" or "orphan"`)
	c.Flags().Lookup("cascade").NoOptDefVal = "background"
	complete(c, "cascade", oneOf("background", "foreground", "orphan"))
	c.Flags().BoolVar(&d.ignoreMissing, "ignore-not-found", false, "Take what is not there for deleted")
	c.Flags().BoolVar(&d.wait, "wait", true, "Wait until it is gone")
	d.timeout.addFlag(c, "deletion")
	c.Flags().StringVarP(&d.output, "output", "o", "", `Output format; "name" or none`)
	complete(c, "output", oneOf("name"))
}

func (d *deleting) check() (metav1.DeletionPropagation, error) {
	policies := map[string]metav1.DeletionPropagation{
		"background": metav1.DeletePropagationBackground, "foreground": metav1.DeletePropagationForeground, "orphan": metav1.DeletePropagationOrphan,
	}
	policy, known := policies[d.cascade]
	switch {
	case !known:
		return "", fmt.Errorf(`invalid cascade value (%s). Must be "background", "foreground", or "orphan"`, d.cascade)
	case d.output != "" && d.output != "name":
		return "", fmt.Errorf("unexpected -o output mode: %v. We only support '-o name'", d.output)
	}
	return policy, errors.Join(d.dryRun.check(), d.timeout.check())
}

// named are apps to be deleted by name, as a manifest would hold them.
func named(args []string) ([]manifest.Object, error) {
	if len(args) == 0 {
		return nil, errors.New("a name or --filename must be given")
	}
	var all []manifest.Object
	for _, arg := range args {
		name, err := appName(arg)
		if err != nil {
			return nil, err
		}
		u := &unstructured.Unstructured{}
		u.SetAPIVersion("apps/v1")
		u.SetKind("Deployment")
		u.SetName(name)
		all = append(all, manifest.Object{Unstructured: u})
	}
	return all, nil
}

// deleteAll asks for all deletions, and then waits for each. One that fails does not hold up the
// others.
func (p *Pawl) deleteAll(ctx context.Context, s *session, objects []manifest.Object, how deleting, policy metav1.DeletionPropagation) error {
	var errs []error
	var asked []underWay
	for _, o := range objects {
		d, err := s.delete(ctx, o, policy, how.dry())
		switch {
		case apierrors.IsNotFound(err) && how.ignoreMissing:
		case err != nil && o.Source.File != "":
			errs = append(errs, fmt.Errorf("error when deleting %q: %w", o.Source, err))
		case err != nil:
			errs = append(errs, err)
		default:
			p.deleted(o, how)
			asked = append(asked, underWay{strings.ToLower(o.GetKind()) + "s/" + o.GetName(), d})
		}
	}
	if how.wait && !how.dry() {
		errs = append(errs, waitAll(ctx, asked, how.timeout)...)
	}
	return failed(errs)
}

// deleted prints kubectl's line.
func (p *Pawl) deleted(o manifest.Object, how deleting) {
	kind := strings.ToLower(o.GroupVersionKind().GroupKind().String())
	if how.output == "name" {
		fmt.Fprintf(p.Out, "%s/%s\n", kind, o.GetName())
		return
	}
	place := ""
	if o.GetNamespace() != "" {
		place = fmt.Sprintf(" from %s namespace", o.GetNamespace())
	}
	fmt.Fprintf(p.Out, "%s %q deleted%s%s\n", kind, o.GetName(), place, how.suffix())
}

// underWay is a deletion that was asked for, of what kubectl calls kinds/name.
type underWay struct {
	name string
	app.Deletion
}

func waitAll(ctx context.Context, asked []underWay, timeout timeoutFlag) (errs []error) {
	if timeout.Duration > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, timeout.Duration)
		defer cancel()
	}
	for _, d := range asked {
		err := d.Wait(ctx)
		if errors.Is(err, context.DeadlineExceeded) {
			err = fmt.Errorf("timed out waiting for the condition on %s", d.name)
		}
		errs = append(errs, err)
	}
	return errs
}

func (s *session) delete(ctx context.Context, o manifest.Object, policy metav1.DeletionPropagation, dryRun bool) (app.Deletion, error) {
	if o.GetKind() != "Deployment" {
		return app.DeleteObject(ctx, s.dynamic, o.Unstructured, policy, dryRun)
	}
	return s.in(o.GetNamespace()).Delete(ctx, o.GetName(), policy, dryRun)
}

package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/client-go/kubernetes/scheme"

	"github.com/gopawl/pawl/examples/pawl/internal/app"
	"github.com/gopawl/pawl/examples/pawl/internal/manifest"
)

// files are the flags that name manifests.
type files struct {
	names     []string
	recursive bool
	validate  string
}

func (f *files) addFlags(c *cobra.Command) {
	c.Flags().StringSliceVarP(&f.names, "filename", "f", nil, "The files or folders with the manifests; - is standard input")
	c.Flags().BoolVarP(&f.recursive, "recursive", "R", false, "Look into folders within folders as well")
	_ = c.MarkFlagRequired("filename")
	c.Flags().StringVar(&f.validate, "validate", "strict", `What to do about fields that are not known: "strict" (or true) refuses them, "warn" says so, "ignore" (or false) does not. They are kept in any case`)
	c.Flags().Lookup("validate").NoOptDefVal = "strict"
}

// on does something with the manifests, placed in the namespace of the cluster. They are read
// before everything else: what cannot be read touches no cluster.
func (f *files) on(ctx context.Context, p *Pawl, do func(*session, []manifest.Object) error) error {
	objects, err := manifest.Load(f.names, p.In, f.recursive)
	if err != nil {
		return err
	}
	if err := f.unknown(p, objects); err != nil {
		return err
	}
	return p.on(ctx, func(s *session) error {
		placed, err := manifest.SetNamespace(objects, s.Namespace, s.enforced)
		if err != nil {
			return err
		}
		return do(s, placed)
	})
}

// unknown deals with fields that are not known: a mistyped replicas would be one.
func (f *files) unknown(p *Pawl, objects []manifest.Object) error {
	var errs []error
	for _, o := range objects {
		for _, w := range o.Warnings {
			switch f.validate {
			case "strict", "true":
				errs = append(errs, fmt.Errorf("%s: %s %q: %s; if you choose to ignore this, turn validation off with --validate=false", o.Source, o.GetKind(), o.GetName(), w))
			case "warn":
				p.say("Warning: %s: %s", o.Source, w)
			case "ignore", "false":
			default:
				return fmt.Errorf(`--validate: invalid value %q: must be "strict" (or "true"), "warn" or "ignore" (or "false")`, f.validate)
			}
		}
	}
	return errors.Join(errs...)
}

// output are the flags that say what is written, and how it is printed.
type output struct {
	dryRun  string
	print   *genericclioptions.PrintFlags
	objects []unstructured.Unstructured // to be printed in a form for programs
}

func (o *output) addFlags(c *cobra.Command) {
	o.print = genericclioptions.NewPrintFlags("").WithTypeSetter(scheme.Scheme)
	o.print.AddFlags(c)
	c.Flags().StringVar(&o.dryRun, "dry-run", "none", `Must be "none", or "client" or "server": say what would be done and write nothing`)
	c.Flags().Lookup("dry-run").NoOptDefVal = "client"
}

func (o *output) dry() bool { return o.dryRun != "none" }

func (o *output) check() error {
	switch o.dryRun {
	case "none", "client", "server":
	default:
		return fmt.Errorf(`--dry-run: invalid value %q: must be "none", "client" or "server"`, o.dryRun)
	}
	_, err := o.print.ToPrinter()
	return err
}

// quiet says that the result is printed in a form for programs, so that nothing else may be.
func (o *output) quiet() bool { return *o.print.OutputFormat != "" }

// object prints one object: "deployment.apps/web configured". In another form it is printed by
// [output.end].
func (o *output) object(w io.Writer, object *unstructured.Unstructured, outcome app.Outcome) error {
	if o.quiet() && *o.print.OutputFormat != "name" {
		o.objects = append(o.objects, *object)
		return nil
	}
	o.print.NamePrintFlags.Operation = string(outcome)
	switch o.dryRun {
	case "client":
		if err := o.print.Complete("%s (dry run)"); err != nil {
			return err
		}
	case "server":
		if err := o.print.Complete("%s (server dry run)"); err != nil {
			return err
		}
	}
	printer, err := o.print.ToPrinter()
	if err != nil {
		return err
	}
	return printer.PrintObj(object, w)
}

// end prints the objects that [output.object] was called with and did not print: several as a List.
func (o *output) end(w io.Writer) error {
	if len(o.objects) == 0 {
		return nil
	}
	printer, err := o.print.ToPrinter()
	if err != nil {
		return err
	}
	if len(o.objects) == 1 {
		return printer.PrintObj(&o.objects[0], w)
	}
	list := &unstructured.UnstructuredList{Items: o.objects}
	list.SetAPIVersion("v1")
	list.SetKind("List")
	return printer.PrintObj(list, w)
}

// timeout is the flag that bounds how long a command waits for a rollout.
func timeoutFlag(c *cobra.Command) *time.Duration {
	return c.Flags().Duration("timeout", 0, "How long to wait for the rollout before giving up; 0 is as long as it makes progress")
}

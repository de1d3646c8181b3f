package cli

import (
	"context"
	"errors"
	"fmt"
	"io"

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
	validate  strictness
}

func (f *files) addFlags(c *cobra.Command) {
	f.addNames(c)
	_ = c.MarkFlagRequired("filename")
	f.validate.addFlag(c)
}

func (f *files) addNames(c *cobra.Command) {
	c.Flags().StringSliceVarP(&f.names, "filename", "f", nil, "The files or folders with the manifests; - is standard input")
	_ = c.MarkFlagFilename("filename", "json", "yaml", "yml")
	c.Flags().BoolVarP(&f.recursive, "recursive", "R", false, "Look into folders within folders as well")
}

// load reads the manifests. Nothing is placed in a namespace yet.
func (f *files) load(p *Pawl) ([]manifest.Object, error) {
	if err := f.validate.check(); err != nil {
		return nil, err
	}
	objects, err := manifest.Load(f.names, p.In, f.recursive)
	if err != nil {
		return nil, err
	}
	var errs []error
	for _, o := range objects {
		object := fmt.Sprintf("%s: %s %q", o.Source, o.GetKind(), o.GetName())
		errs = append(errs, f.validate.unknown(p, object, o.Source.String(), o.Warnings)...)
	}
	return objects, failed(errs)
}

// on does something with the manifests, placed in the namespace of the cluster. They are read
// before everything else: what cannot be read touches no cluster.
func (f *files) on(ctx context.Context, p *Pawl, do func(*session, []manifest.Object) error) error {
	objects, err := f.load(p)
	if err != nil {
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

// output are the flags that say what is written, and how it is printed.
type output struct {
	dryRun
	print   *genericclioptions.PrintFlags
	objects []unstructured.Unstructured // to be printed in a form for programs
}

func (o *output) addFlags(c *cobra.Command) {
	o.print = genericclioptions.NewPrintFlags("").WithTypeSetter(scheme.Scheme)
	o.print.AddFlags(c)
	o.dryRun.addFlag(c)
}

func (o *output) check() error {
	_, err := o.print.ToPrinter()
	return errors.Join(o.dryRun.check(), err)
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
	o.print.NamePrintFlags.Operation = string(outcome) + o.suffix()
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

package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"sigs.k8s.io/yaml"

	"github.com/gopawl/pawl/examples/pawl/internal/app"
	"github.com/gopawl/pawl/examples/pawl/internal/manifest"
)

// errCancelled ends a command that was called off, about which all has been said.
var errCancelled = errors.New("cancelled")

func (p *Pawl) editCommand() *cobra.Command {
	var validate strictness
	return p.changeCommand(changer{
		use: "edit NAME", short: "Change what is wanted in an editor", outcome: "edited", args: cobra.ExactArgs(1),
		long: `Opens what is wanted of an app in the editor that $KUBE_EDITOR or $EDITOR names, or vi, and rolls out what
was saved. What is not valid is opened once more with the reasons; saving nothing changes nothing.`,
		example: `  pawl edit web
  KUBE_EDITOR="code --wait" pawl edit web`,
		flags: func(c *cobra.Command) { validate.addFlag(c) },
		edit: func(ctx context.Context, s *session, args []string, dryRun bool) (*app.Record, error) {
			if err := validate.check(); err != nil {
				return nil, err
			}
			record, err := s.Load(ctx, args[0])
			if err != nil {
				return nil, err
			}
			e := editing{p: p, validate: validate, original: record.Manifest}
			return e.run(func(edited *unstructured.Unstructured) (*app.Record, error) {
				return s.Change(ctx, args[0], dryRun, func(_ *app.Record, wanted *unstructured.Unstructured) error {
					now, err := app.Merged(record.Manifest, edited, wanted)
					if err == nil {
						wanted.Object = now.Object
					}
					return err
				})
			})
		},
	})
}

// editing is one session with the editor: it goes on until what was saved can be had, or the user
// gives up.
type editing struct {
	p        *Pawl
	validate strictness
	original *unstructured.Unstructured
	draft    draft
	reasons  []string // comments: why the file is opened once more
}

// run has the flow and the texts of kubectl edit.
func (e *editing) run(change func(*unstructured.Unstructured) (*app.Record, error)) (*app.Record, error) {
	original, err := yaml.Marshal(e.original.Object)
	if err != nil {
		return nil, err
	}
	text := original
	for {
		edited, err := e.draft.edit(e.p, e.withHeader(text))
		switch {
		case err != nil:
			return nil, e.keep(err)
		case e.reasons != nil && alike(edited, text):
			//lint:ignore ST1005 kubectl's text
			return nil, e.keep(errors.New("Edit cancelled, no valid changes were saved."))
		case alike(edited, original):
			return nil, e.cancel("Edit cancelled, no changes made.")
		case strings.TrimSpace(string(uncommented(edited))) == "":
			return nil, e.cancel("Edit cancelled, saved file was empty.")
		}
		text, e.reasons = uncommented(edited), nil
		object, err := e.parse(edited)
		if err != nil {
			return nil, e.keep(err)
		}
		if e.reasons != nil {
			continue
		}
		record, err := change(object)
		if invalid := (*app.InvalidError)(nil); errors.As(err, &invalid) {
			e.refuse(invalid.Errs)
			continue
		}
		if err != nil {
			return nil, e.failed(err)
		}
		return record, e.draft.drop()
	}
}

const editHeader = `# Please edit the object below. Lines beginning with a '#' will be ignored,
# and an empty file will abort the edit. If an error occurs while saving this file will be
# reopened with the relevant failures.
#
`

func (e *editing) withHeader(text []byte) []byte {
	header := editHeader
	for _, reason := range e.reasons {
		header += "# " + strings.ReplaceAll(reason, "\n", "\n# ") + "\n"
	}
	if e.reasons != nil {
		header += "#\n"
	}
	return append([]byte(header), text...)
}

// parse is the Deployment in the file, unless there are reasons to open it once more.
func (e *editing) parse(edited []byte) (*unstructured.Unstructured, error) {
	objects, err := manifest.Parse("edited file", edited)
	if err != nil {
		e.misread(err)
		return nil, nil
	}
	if len(objects) != 1 || renamed(objects[0].Unstructured, e.original) {
		//lint:ignore ST1005 kubectl's text
		return nil, errors.New("At least one of apiVersion, kind and name was changed")
	}
	err = e.p.accept(e.validate, e.original.DeepCopy(), objects[0].Unstructured)
	if err != nil {
		e.because(strings.Split(err.Error(), "\n")...)
	}
	return objects[0].Unstructured, nil
}

func renamed(a, b *unstructured.Unstructured) bool {
	return a.GroupVersionKind() != b.GroupVersionKind() || a.GetName() != b.GetName() || a.GetNamespace() != b.GetNamespace()
}

// misread keeps why the file is not a valid manifest.
func (e *editing) misread(err error) {
	var all manifest.Errors
	var fields field.ErrorList
	errors.As(err, &all)
	for _, one := range all {
		bad := (*field.Error)(nil)
		if !errors.As(one, &bad) {
			e.reasons = []string{"The edited file had a syntax error: " + err.Error()}
			return
		}
		fields = append(fields, bad)
	}
	e.refuse(fields)
}

func (e *editing) refuse(fields field.ErrorList) {
	var causes []string
	for _, f := range fields {
		causes = append(causes, f.Error())
	}
	e.because(causes...)
}

func (e *editing) because(causes ...string) {
	name := e.original.GetName()
	fmt.Fprintf(e.p.ErrOut, "error: deployments.apps %q is invalid\n", name)
	e.reasons = []string{fmt.Sprintf("deployments.apps %q was not valid:", name)}
	for _, c := range causes {
		e.reasons = append(e.reasons, "* "+c)
	}
}

func (e *editing) cancel(why string) error {
	e.p.say("%s", why)
	if err := e.draft.drop(); err != nil {
		return err
	}
	return errCancelled
}

// keep tells where the changes are when there is no way on.
func (e *editing) keep(err error) error {
	e.draft.kept(e.p.ErrOut)
	return err
}

func (e *editing) failed(err error) error {
	if apierrors.IsNotFound(err) {
		e.p.say("error: deployments.apps %q could not be found on the server", e.original.GetName())
		e.p.say("The edits you made on deleted resources have been saved to %q", e.draft.file)
		return &exitError{error: err}
	}
	e.p.say("error: deployments.apps %q could not be patched: %v", e.original.GetName(), err)
	e.p.say("You can run `pawl replace -f %s` to try this update again.", e.draft.file)
	return &exitError{error: err}
}

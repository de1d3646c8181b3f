package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/gopawl/pawl/examples/pawl/internal/app"
	"github.com/gopawl/pawl/examples/pawl/internal/manifest"
)

// patching are the flags of a patch.
type patching struct {
	text, file, language string
	validate             strictness
}

func (p *Pawl) patchCommand() *cobra.Command {
	var patch patching
	return p.changeCommand(changer{
		use: "patch NAME (-p PATCH | --patch-file FILE)", short: "Change what is wanted by a patch", outcome: "patched", args: cobra.ExactArgs(1),
		long: `Changes what is wanted of an app by a patch of its Deployment's manifest, in JSON or YAML, and rolls it
out. The result is checked as a manifest is.`,
		example: `  pawl patch web -p '{"spec": {"replicas": 5}}'
  pawl patch web -p 'spec: {template: {spec: {containers: [{name: web, image: "web:2"}]}}}'
  pawl patch web --type=json -p '[{"op": "replace", "path": "/spec/template/spec/containers/0/image", "value": "web:2"}]'`,
		flags: func(c *cobra.Command) {
			c.Flags().StringVarP(&patch.text, "patch", "p", "", "The patch")
			c.Flags().StringVar(&patch.file, "patch-file", "", "A file with the patch")
			c.Flags().StringVar(&patch.language, "type", string(app.StrategicPatch), `How the patch is written: "strategic", which merges containers by name, "merge" (RFC 7386) or "json" (RFC 6902)`)
			complete(c, "type", oneOf("strategic", "merge", "json"))
			patch.validate.addFlag(c)
		},
		edit: func(ctx context.Context, s *session, args []string, dryRun bool) (*app.Record, error) {
			return p.patch(ctx, s, args[0], patch, dryRun)
		},
	})
}

func (p *Pawl) patch(ctx context.Context, s *session, name string, flags patching, dryRun bool) (*app.Record, error) {
	language, text, err := flags.read()
	if err != nil {
		return nil, err
	}
	return s.Change(ctx, name, dryRun, func(_ *app.Record, wanted *unstructured.Unstructured) error {
		now, err := app.Patched(wanted, language, text)
		if err != nil {
			return fmt.Errorf("deployment %q: %w", name, err)
		}
		if reflect.DeepEqual(now.Object, wanted.Object) {
			return &skipError{"patched (no change)"}
		}
		return p.accept(flags.validate, wanted, now)
	})
}

// accept makes now what is wanted. Fields that are not known may have been in it before; new ones
// are dealt with as in a manifest.
func (p *Pawl) accept(validate strictness, wanted, now *unstructured.Unstructured) error {
	before := manifest.Unknown(wanted)
	fresh := slices.DeleteFunc(manifest.Unknown(now), func(w string) bool { return slices.Contains(before, w) })
	object := fmt.Sprintf("deployment %q", wanted.GetName())
	if err := failed(validate.unknown(p, object, object, fresh)); err != nil {
		return err
	}
	wanted.Object = now.Object
	return nil
}

// read has the refusals of kubectl.
func (f patching) read() (app.PatchType, []byte, error) {
	language := app.PatchType(strings.ToLower(f.language))
	switch language {
	case app.StrategicPatch, app.MergePatch, app.JSONPatch:
	default:
		return "", nil, fmt.Errorf("--type must be one of [json merge strategic], not %q", f.language)
	}
	switch {
	case f.text != "" && f.file != "":
		return "", nil, errors.New("cannot specify --patch and --patch-file together")
	case f.text == "" && f.file == "":
		return "", nil, errors.New("must specify --patch or --patch-file containing the contents of the patch")
	}
	text := []byte(f.text)
	if f.file != "" {
		var err error
		if text, err = os.ReadFile(f.file); err != nil {
			return "", nil, fmt.Errorf("unable to read patch file: %w", err)
		}
	}
	json, err := yaml.YAMLToJSON(text)
	if err != nil {
		return "", nil, fmt.Errorf("unable to parse %q: %w", text, err)
	}
	return language, json, f.validate.check()
}

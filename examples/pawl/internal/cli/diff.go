package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/spf13/cobra"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/gopawl/pawl/examples/pawl/internal/app"
	"github.com/gopawl/pawl/examples/pawl/internal/manifest"
)

func (p *Pawl) diffCommand() *cobra.Command {
	var in files
	c := &cobra.Command{
		Use:   "diff -f FILENAME",
		Short: "Show what run would change of what is wanted",
		Long: `Shows, as 'diff -u -N' does, what is wanted now and what would be after 'pawl run'. Nothing is changed.
$KUBECTL_EXTERNAL_DIFF names another program to compare with. Values of Secrets are not shown.

The exit code is 0 where nothing would change, 1 where something would, and greater after an error.`,
		Example: `  pawl diff -f app.yaml
  KUBECTL_EXTERNAL_DIFF="colordiff -u -N" pawl diff -f app.yaml`,
		Args: cobra.NoArgs,
	}
	in.addFlags(c)
	c.RunE = func(c *cobra.Command, _ []string) error {
		return in.on(c.Context(), p, func(s *session, objects []manifest.Object) error {
			return p.diff(c.Context(), s, objects)
		})
	}
	return c
}

// diff compares two folders with a file for each object, as kubectl does.
func (p *Pawl) diff(ctx context.Context, s *session, objects []manifest.Object) (err error) {
	live, err := os.MkdirTemp("", "LIVE-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(live)) }()
	merged, err := os.MkdirTemp("", "MERGED-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(merged)) }()
	coming := comingNamespaces(objects)
	for _, o := range objects {
		before, after, err := s.beforeAndAfter(ctx, o, coming)
		if err != nil {
			return fmt.Errorf("%s: %w", o.Source, err)
		}
		if o.GetKind() == "Secret" {
			mask(before, after)
		}
		name := fileName(o)
		if err := errors.Join(write(live, name, before), write(merged, name, after)); err != nil {
			return err
		}
	}
	return p.compare(ctx, live, merged)
}

// beforeAndAfter is an object as it is and as it would be after it were applied; before is nil
// where there is none.
func (s *session) beforeAndAfter(ctx context.Context, o manifest.Object, coming map[string]bool) (before, after *unstructured.Unstructured, err error) {
	there := s.at(o.GetNamespace())
	if o.GetKind() == "Deployment" {
		record, outcome, err := there.wouldApply(ctx, o, coming[o.GetNamespace()])
		if err != nil || outcome == app.Created {
			return nil, manifestOf(record), err
		}
		now, err := there.Load(ctx, o.GetName())
		return manifestOf(now), record.Manifest, err
	}
	if before, err = app.LiveObject(ctx, s.dynamic, o.Unstructured); err != nil {
		return nil, nil, err
	}
	after, _, err = app.ApplyObject(ctx, s.dynamic, o.Unstructured, true)
	if coming[o.GetNamespace()] && apierrors.IsNotFound(err) {
		return nil, o.Unstructured, nil
	}
	return before, after, err
}

func manifestOf(r *app.Record) *unstructured.Unstructured {
	if r == nil {
		return nil
	}
	return r.Manifest
}

// fileName is kubectl's: apps.v1.Deployment.default.web.
func fileName(o manifest.Object) string {
	group, version, found := strings.Cut(manifest.AppsV1(o.Unstructured).GetAPIVersion(), "/")
	if !found {
		group, version = "", group
	}
	return strings.TrimPrefix(strings.Join([]string{group, version, o.GetKind(), o.GetNamespace(), o.GetName()}, "."), ".")
}

// write writes an object to a file in a folder; none to none. What only the server and a later apply
// read is left out.
func write(folder, name string, u *unstructured.Unstructured) error {
	if u == nil {
		return nil
	}
	u = u.DeepCopy()
	u.SetManagedFields(nil)
	u.SetResourceVersion("")
	annotations := u.GetAnnotations()
	if delete(annotations, corev1.LastAppliedConfigAnnotation); len(annotations) == 0 {
		annotations = nil
	}
	u.SetAnnotations(annotations)
	text, err := yaml.Marshal(u.Object)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(folder, name), text, 0o600)
}

// compare runs the program; its exit code 1 says that there is a difference, and becomes ours.
func (p *Pawl) compare(ctx context.Context, live, merged string) error {
	args := comparer(os.Getenv("KUBECTL_EXTERNAL_DIFF"))
	c := exec.CommandContext(ctx, args[0], append(args[1:], live, merged)...)
	c.Stdout, c.Stderr = p.Out, p.ErrOut
	err := c.Run()
	var exit *exec.ExitError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &exit) && exit.ExitCode() == 1:
		return &exitError{err, 1}
	}
	return fmt.Errorf("failed to run %q: %w", args[0], err)
}

var plainArgument = regexp.MustCompile(`^[a-zA-Z0-9-=]+$`)

// comparer is the command line, of which kubectl passes on the plain arguments only.
func comparer(external string) []string {
	words := strings.Fields(external)
	if len(words) == 0 {
		return []string{"diff", "-u", "-N"}
	}
	args := words[:1]
	for _, word := range words[1:] {
		if plainArgument.MatchString(word) {
			args = append(args, word)
		}
	}
	return args
}

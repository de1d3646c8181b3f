package app

import (
	"context"
	"errors"
	"fmt"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/gopawl/pawl/history"
	"github.com/gopawl/pawl/rollout"
)

// Undo makes the template of an earlier revision the wanted one; 0 is the one before. Its errors
// are kubectl's; one of them is [*history.UnchangedError], which is no failure.
func (d *Driver) Undo(ctx context.Context, number int64, dryRun bool) (history.Entry, error) {
	state, err := d.Observe(ctx)
	if err != nil {
		return history.Entry{}, err
	}
	entry, err := d.History(state).To(number)
	if err != nil {
		return entry, d.refusal(err)
	}
	template, err := d.inner.Template(ctx, entry.Name)
	if err != nil {
		return entry, err
	}
	annotations := d.inner.Annotations(entry.Name)
	_, err = d.Store.change(ctx, d.App, dryRun, func(r *Record, wanted *unstructured.Unstructured) error {
		if r.Generation != d.record.Generation {
			return fmt.Errorf("deployment %q was changed meanwhile: %w", d.App, rollout.ErrConflict)
		}
		wanted.SetAnnotations(annotations)
		return unstructured.SetNestedMap(wanted.Object, template, "spec", "template")
	})
	if err != nil {
		return entry, fmt.Errorf("failed restoring revision %d: %w", entry.Number, err)
	}
	return entry, nil
}

// refusal gives a refusal to go back the words of kubectl.
func (d *Driver) refusal(err error) error {
	switch {
	case errors.Is(err, history.ErrPaused):
		return fmt.Errorf("you cannot rollback a paused deployment; resume it first with 'pawl resume %s' and try again", d.App)
	case errors.Is(err, history.ErrNoHistory):
		return fmt.Errorf("%w for deployment %q", err, d.App)
	}
	return err
}

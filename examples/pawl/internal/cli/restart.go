package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/gopawl/pawl/examples/pawl/internal/app"
)

// restartedAt is the annotation of the template by which kubectl makes a template another one.
const restartedAt = "kubectl.kubernetes.io/restartedAt"

func (p *Pawl) restartCommand() *cobra.Command {
	return p.changeCommand(changer{
		use: "restart NAME", short: "Replace every pod by a new one of the same template", outcome: "restarted", args: cobra.ExactArgs(1),
		long: `Rolls out the same template once more, by the strategy of the app: a new revision, that differs in the
annotation ` + restartedAt + ` only.`,
		example: `  pawl restart web`,
		edit: func(ctx context.Context, s *session, args []string, dryRun bool) (*app.Record, error) {
			return s.Change(ctx, args[0], dryRun, restart)
		},
	})
}

// restart has the refusals of kubectl. The time is in UTC, so that the template, and with it the
// name of a replica set, does not depend on where the command runs.
func restart(r *app.Record, wanted *unstructured.Unstructured) error {
	if r.Spec.Paused {
		return fmt.Errorf("deployments.apps %q can't restart paused deployment (run rollout resume first): 'pawl resume %s'", r.Name(), r.Name())
	}
	now := time.Now().UTC().Format(time.RFC3339)
	path := []string{"spec", "template", "metadata", "annotations"}
	annotations, _, err := unstructured.NestedFieldCopy(wanted.Object, path...)
	if err != nil {
		return err
	}
	all, ok := annotations.(map[string]any)
	if !ok { // null is none
		all = map[string]any{}
	}
	if all[restartedAt] == now {
		return fmt.Errorf("failed to create patch for %s: if restart has already been triggered within the past second, please wait before attempting to trigger another", r.Name())
	}
	all[restartedAt] = now
	return unstructured.SetNestedMap(wanted.Object, all, path...)
}

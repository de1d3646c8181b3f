package view

import (
	"fmt"

	"github.com/gopawl/pawl/examples/pawl/internal/app"
)

// Deployment is what `kubectl rollout status` looks at.
type Deployment struct {
	Name string
	// Asked is the revision that the user wants to be told of; 0 is any. Revision is the one
	// that is there.
	Asked, Revision int64
	// Generation counts the changes of what is wanted, Observed is the last one looked at.
	Generation, Observed int64
	// Replicas is how many are wanted; nil where nothing says.
	Replicas *int32
	// Updated carry the wanted template, Total and Available are of any.
	Updated, Total, Available int32
	// DeadlineExceeded says that there was no progress for too long.
	DeadlineExceeded bool
}

// DeploymentOf is an app with the outcome of a look: r.Status, or a later one.
func DeploymentOf(r *app.Record, s app.Status) Deployment {
	replicas := r.Replicas()
	return Deployment{
		Name: r.Name(), Revision: s.Number,
		Generation: r.Generation, Observed: s.Observed, Replicas: &replicas,
		Updated: s.Rollout.Updated, Total: s.Rollout.Total, Available: s.Rollout.Available,
	}
}

// RolloutStatus is kubectl's line, with its end, and whether the rollout is over. Its errors are
// those of kubectl: another revision than the one asked for, and a deadline that has passed.
func (d Deployment) RolloutStatus() (message string, done bool, err error) {
	switch {
	case d.Asked > 0 && d.Asked != d.Revision:
		return "", false, fmt.Errorf("desired revision (%d) is different from the running revision (%d)", d.Asked, d.Revision)
	case d.Generation > d.Observed:
		return "Waiting for deployment spec update to be observed...\n", false, nil
	case d.DeadlineExceeded:
		return "", false, fmt.Errorf("deployment %q exceeded its progress deadline", d.Name)
	case d.Replicas != nil && d.Updated < *d.Replicas:
		return d.waiting("%d out of %d new replicas have been updated", d.Updated, *d.Replicas), false, nil
	case d.Total > d.Updated:
		return d.waiting("%d old replicas are pending termination", d.Total-d.Updated), false, nil
	case d.Available < d.Updated:
		return d.waiting("%d of %d updated replicas are available", d.Available, d.Updated), false, nil
	}
	return fmt.Sprintf("deployment %q successfully rolled out\n", d.Name), true, nil
}

func (d Deployment) waiting(format string, args ...any) string {
	return fmt.Sprintf("Waiting for deployment %q rollout to finish: %s...\n", d.Name, fmt.Sprintf(format, args...))
}

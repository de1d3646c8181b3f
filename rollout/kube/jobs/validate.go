package jobs

import (
	"fmt"

	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/gopawl/pawl/rollout"
)

// Validate returns an [*rollout.InvalidError] for a gate without a client, an owner or a name, and for a
// Job that would be deleted by itself. The rest of the Job is for the API server to judge.
func (g Gate) Validate() error {
	switch o := g.Owner; {
	case g.Client == nil || g.Client.API == nil:
		return &rollout.InvalidError{Path: "client", Value: "<nil>", Allowed: "given, with its API"}
	case o.APIVersion == "" || o.Kind == "" || o.Namespace == "" || o.Name == "" || o.UID == "":
		return &rollout.InvalidError{
			Path: "owner", Value: fmt.Sprintf("%s %s %s/%s %s", o.APIVersion, o.Kind, o.Namespace, o.Name, o.UID),
			Allowed: "given with apiVersion, kind, namespace, name and uid",
		}
	case len(validation.IsDNS1123Label(g.Name)) > 0:
		return &rollout.InvalidError{Path: "name", Value: fmt.Sprintf("%q", g.Name), Allowed: "a DNS label such as smoke"}
	case g.Job.Spec.TTLSecondsAfterFinished != nil:
		return &rollout.InvalidError{
			Path: "job.spec.ttlSecondsAfterFinished", Value: *g.Job.Spec.TTLSecondsAfterFinished,
			Allowed: "unset: the Job is the record that it has run",
		}
	}
	return nil
}

package jobs

import (
	"context"
	"errors"
	"fmt"
	"strings"

	batchv1 "k8s.io/api/batch/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	batchclient "k8s.io/client-go/kubernetes/typed/batch/v1"

	"github.com/gopawl/pawl/rollout"
	"github.com/gopawl/pawl/rollout/kube"
)

// Gate runs a Job once for each template. It is open when the Job is complete, shut when it has
// failed, and pending until then; how often it is asked is [rollout.Engine].Poll.
//
// The Job is the only record of that. It belongs to the owner and goes with it. Who deletes it has
// it run again, which is how a failed one gets another try. A template that is wanted again finds
// its Job as it was, for as long as a revision carries the template: after that, the gate deletes
// a finished Job when it makes the next one.
//
// Errors of the API server are those of [kube.Transient]; a Job of the name that is not this
// gate's is a [*kube.RefusedError].
type Gate struct {
	// Client has the connection, and the prefix and field manager for what is written. Required.
	Client *kube.Client
	// Owner will control the Jobs. Required.
	Owner kube.Owner
	// Name tells the gates of an owner apart: a DNS label. Required.
	Name string
	// Job is what is run. Without activeDeadlineSeconds it may hold the rollout for ever. With
	// ttlSecondsAfterFinished it would run again, so that is refused. Its pods need labels that no
	// Service and no workload selects.
	//
	// Its containers get three variables before their own: PAWL_TEMPLATE, the wanted template's
	// identity; PAWL_REVISION and PAWL_LABEL, name and label of the new revision, "" where it does
	// not exist yet.
	Job batchv1.JobTemplateSpec
}

// Rules are the verbs that a Gate uses, beside what [kube.Rules] says of the owner.
func Rules() []rbacv1.PolicyRule {
	return []rbacv1.PolicyRule{{APIGroups: []string{"batch"}, Resources: []string{"jobs"}, Verbs: []string{"get", "list", "create", "delete"}}}
}

// Check looks at the wanted template's Job, and makes it where there is none.
func (g Gate) Check(ctx context.Context, s rollout.State) (rollout.Verdict, error) {
	if err := g.Validate(); err != nil {
		return rollout.Verdict{}, err
	}
	job, err := g.jobs().Get(ctx, g.nameOf(s.Template), metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err):
		job, err = g.run(ctx, s)
	case err != nil:
		err = attempted(fmt.Sprintf("read job %q", g.nameOf(s.Template)), err)
	}
	if err != nil {
		return rollout.Verdict{}, err
	}
	if !g.owns(job) || job.Annotations[g.key("template")] != s.Template {
		return rollout.Verdict{}, &kube.RefusedError{
			Why: kube.Unknown, Action: fmt.Sprintf("run job %q", job.Name),
			Err: errors.New("there is one of that name which this gate has not made"),
		}
	}
	return verdict(job), nil
}

func verdict(job *batchv1.Job) rollout.Verdict {
	if job.DeletionTimestamp != nil {
		return rollout.Verdict{Message: fmt.Sprintf("job %q is being deleted, and will run again", job.Name)}
	}
	if c, ok := finished(job); ok && c.Type == batchv1.JobComplete {
		return rollout.Verdict{Answer: rollout.Open, Message: fmt.Sprintf("job %q is complete", job.Name)}
	} else if ok {
		return rollout.Verdict{Answer: rollout.Shut, Message: fmt.Sprintf("job %q has failed: %s", job.Name, strings.Trim(c.Reason+": "+c.Message, ": "))}
	}
	if job.Spec.Suspend != nil && *job.Spec.Suspend {
		return rollout.Verdict{Message: fmt.Sprintf("job %q is suspended", job.Name)}
	}
	return rollout.Verdict{Message: fmt.Sprintf("job %q is not complete", job.Name)}
}

// finished returns the condition that a Job has ended with.
func finished(job *batchv1.Job) (batchv1.JobCondition, bool) {
	for _, c := range job.Status.Conditions {
		if c.Status == "True" && (c.Type == batchv1.JobComplete || c.Type == batchv1.JobFailed) {
			return c, true
		}
	}
	return batchv1.JobCondition{}, false
}

func (g Gate) owns(job *batchv1.Job) bool {
	controller := metav1.GetControllerOfNoCopy(job)
	return controller != nil && controller.UID == g.Owner.UID
}

func (g Gate) jobs() batchclient.JobInterface {
	return g.Client.API.BatchV1().Jobs(g.Owner.Namespace)
}

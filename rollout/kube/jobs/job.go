package jobs

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gopawl/pawl/hashing"
	"github.com/gopawl/pawl/rollout"
	"github.com/gopawl/pawl/rollout/kube"
)

// maxName is the longest name of a Job: it is the value of a label of its pods.
const maxName = 63

// nameOf is the name of the Job of a template: owner-gate-label, of which the label alone keeps it
// apart from those of other templates, gates and owners.
func (g Gate) nameOf(template string) string {
	label := hashing.Label(string(g.Owner.UID)+"/"+g.Name+"/"+template, 0)
	start := g.Owner.Name + "-" + g.Name
	if room := maxName - len("-") - len(label); len(start) > room {
		start = strings.TrimRight(start[:room], "-.")
	}
	return start + "-" + label
}

// key is that of a label or an annotation of ours.
func (g Gate) key(name string) string {
	return cmp.Or(g.Client.Prefix, kube.DefaultPrefix) + "/" + name
}

// run makes the Job of the wanted template.
func (g Gate) run(ctx context.Context, s rollout.State) (*batchv1.Job, error) {
	if err := g.tidy(ctx, s); err != nil {
		return nil, err
	}
	job, err := g.jobs().Create(ctx, g.job(s), metav1.CreateOptions{FieldManager: cmp.Or(g.Client.FieldManager, kube.DefaultFieldManager)})
	if err != nil {
		return nil, attempted(fmt.Sprintf("create job %q", g.nameOf(s.Template)), err)
	}
	return job, nil
}

// attempted is an error of the API server. A race that was lost passes too: at the next look it is seen
// who won.
func attempted(action string, err error) error {
	if apierrors.IsAlreadyExists(err) || apierrors.IsConflict(err) {
		err = &rollout.TransientError{Err: err}
	}
	return fmt.Errorf("%s: %w", action, kube.Transient(err))
}

func (g Gate) job(s rollout.State) *batchv1.Job {
	from := g.Job.DeepCopy()
	job := &batchv1.Job{
		ObjectMeta: metav1.ObjectMeta{
			Name: g.nameOf(s.Template), Namespace: g.Owner.Namespace,
			Labels: with(from.Labels, g.key("gate"), g.Name), Annotations: with(from.Annotations, g.key("template"), s.Template),
			OwnerReferences: []metav1.OwnerReference{g.controller()},
		},
		Spec: from.Spec,
	}
	current, _ := s.New()
	env := []corev1.EnvVar{
		{Name: "PAWL_TEMPLATE", Value: s.Template}, {Name: "PAWL_REVISION", Value: current.Name}, {Name: "PAWL_LABEL", Value: current.Label},
	}
	pod := &job.Spec.Template.Spec
	for _, containers := range [][]corev1.Container{pod.InitContainers, pod.Containers} {
		for i := range containers {
			containers[i].Env = slices.Concat(env, containers[i].Env)
		}
	}
	return job
}

func with(set map[string]string, key, value string) map[string]string {
	if set = maps.Clone(set); set == nil {
		set = map[string]string{}
	}
	set[key] = value
	return set
}

func (g Gate) controller() metav1.OwnerReference {
	yes := true
	return metav1.OwnerReference{
		APIVersion: g.Owner.APIVersion, Kind: g.Owner.Kind, Name: g.Owner.Name, UID: g.Owner.UID,
		Controller: &yes, BlockOwnerDeletion: &yes,
	}
}

// tidy deletes what has finished of templates that are out of use: neither wanted nor given up, and
// of no revision.
func (g Gate) tidy(ctx context.Context, s rollout.State) error {
	used := map[string]bool{s.Template: true}
	for _, r := range s.Revisions {
		used[r.Template] = true
	}
	for template := range s.Rejected {
		used[template] = true
	}
	list, err := g.jobs().List(ctx, metav1.ListOptions{LabelSelector: g.key("gate") + "=" + g.Name})
	if err != nil {
		return attempted("list jobs", err)
	}
	for i := range list.Items {
		job := &list.Items[i]
		if _, over := finished(job); !over || !g.owns(job) || used[job.Annotations[g.key("template")]] || job.DeletionTimestamp != nil {
			continue
		}
		pods := metav1.DeletePropagationBackground // the default for Jobs is to leave them
		err := g.jobs().Delete(ctx, job.Name, metav1.DeleteOptions{Preconditions: metav1.NewUIDPreconditions(string(job.UID)), PropagationPolicy: &pods})
		if err != nil && !apierrors.IsNotFound(err) {
			return attempted(fmt.Sprintf("delete job %q", job.Name), err)
		}
	}
	return nil
}

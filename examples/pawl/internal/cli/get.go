package cli

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"

	"github.com/spf13/cobra"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gopawl/pawl/examples/pawl/internal/app"
	"github.com/gopawl/pawl/examples/pawl/internal/view"
	"github.com/gopawl/pawl/rollout"
)

func (p *Pawl) getCommand() *cobra.Command {
	var out output
	c := p.lookCommand("get NAME", "Show an app with its revisions, replica sets and pods", func(ctx context.Context, s *session, name string) error {
		if err := out.check(); err != nil {
			return err
		}
		if out.quiet() {
			record, err := s.Load(ctx, name)
			if err != nil {
				return err
			}
			return errors.Join(out.object(p.Out, record.Manifest, ""), out.end(p.Out))
		}
		d, state, plan, err := p.look(ctx, s, name)
		if err != nil {
			return err
		}
		tree, err := s.tree(ctx, d, state, plan)
		if err == nil {
			fmt.Fprint(p.Out, tree.Tree(p.ink()))
		}
		return err
	})
	out.addFlags(c)
	_ = c.Flags().MarkHidden("dry-run")
	return c
}

// ink is colour where the output is a terminal that has it.
func (p *Pawl) ink() view.Ink {
	if p.Terminal == nil {
		return false
	}
	_, ok := p.Terminal()
	return view.Ink(ok) && view.InkFor(os.Getenv)
}

// tree collects what the tree shows.
func (s *session) tree(ctx context.Context, d *app.Driver, state rollout.State, plan rollout.Plan) (view.App, error) {
	record := d.Record()
	tree := view.App{
		Name: record.Name(), Namespace: s.Namespace, Strategy: string(record.Spec.Strategy), Created: record.Created(),
		State: state, Status: now(record, plan),
		Images: map[string][]string{},
	}
	selector, err := metav1.LabelSelectorAsSelector(record.Spec.Selector)
	if err != nil {
		return tree, err
	}
	pods, err := s.API.CoreV1().Pods(s.Namespace).List(ctx, metav1.ListOptions{LabelSelector: selector.String()})
	if err != nil {
		return tree, err
	}
	for i := range pods.Items {
		if ref := metav1.GetControllerOf(&pods.Items[i]); ref != nil {
			tree.Pods = append(tree.Pods, row(&pods.Items[i], ref.Name))
		}
	}
	maps.Copy(tree.Images, d.Images())
	return tree, nil
}

// now is where a rollout stands: as the strategy sees it, unless it was given up.
func now(r *app.Record, plan rollout.Plan) rollout.Status {
	if r.GivenUp() && plan.Phase == rollout.Progressing {
		return rollout.Status{Phase: rollout.Failed, Message: r.Rollout.Message}
	}
	return rollout.Status{Phase: plan.Phase, Message: plan.Message}
}

func row(pod *corev1.Pod, revision string) view.Pod {
	r := view.Pod{
		Name: pod.Name, Revision: revision, Status: podStatus(pod),
		Containers: len(pod.Spec.Containers), Created: pod.CreationTimestamp.Time,
	}
	for _, c := range pod.Status.ContainerStatuses {
		r.Restarts += c.RestartCount
		if c.Ready {
			r.Ready++
		}
	}
	return r
}

// podStatus is the word in kubectl's column STATUS.
func podStatus(pod *corev1.Pod) string {
	if pod.DeletionTimestamp != nil {
		return "Terminating"
	}
	for _, c := range pod.Status.ContainerStatuses {
		switch {
		case c.State.Waiting != nil && c.State.Waiting.Reason != "":
			return c.State.Waiting.Reason
		case c.State.Terminated != nil && c.State.Terminated.Reason != "":
			return c.State.Terminated.Reason
		}
	}
	if pod.Status.Phase == "" {
		return string(corev1.PodPending)
	}
	return string(pod.Status.Phase)
}

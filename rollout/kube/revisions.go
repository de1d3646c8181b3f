package kube

import (
	"context"
	"fmt"
	"maps"
	"time"

	appsv1 "k8s.io/api/apps/v1"

	"github.com/gopawl/pawl/history"
	"github.com/gopawl/pawl/rollout"
)

// History is the revisions of a state that Observe returned last, with what people want to know of
// them: the change-cause and the numbers they had before.
func (w *Workload) History(s rollout.State) history.History {
	notes := make(map[string]history.Note, len(w.seen))
	for name, rs := range w.seen {
		notes[name] = history.Note{Cause: rs.Annotations[ChangeCauseKey], Past: history.ParsePast(rs.Annotations[RevisionHistoryKey])}
	}
	return history.History{State: s, Notes: notes}
}

// settledAt is when a rollout to a ReplicaSet completed. A stamp that cannot be read says that one
// did, long ago: it must not cost the last revision that worked its place in the history, neither
// this one nor another.
func (w *Workload) settledAt(rs *appsv1.ReplicaSet) time.Time {
	at := stamped(rs, w.keys.settled)
	if _, ok := rs.Annotations[w.keys.settled]; ok && at.IsZero() {
		return time.Unix(0, 0)
	}
	return at
}

// Template reads the template of a revision as the API server stores it, in its JSON form and
// without our label, so that an owner can want it again. Fields that this version does not know
// are in it.
func (w *Workload) Template(ctx context.Context, revision string) (map[string]any, error) {
	raw, err := w.raw(ctx, revision)
	if err != nil {
		return nil, classify(ctx, fmt.Sprintf("read replica set %q", revision), err)
	}
	template, err := templateOf(raw)
	if err != nil {
		return nil, err
	}
	if set := templateLabels(template); set[HashLabel] != "" {
		delete(set, HashLabel)
		setLabels(template, set)
	}
	return template, nil
}

// Images are those of each revision's containers, by the revision's name, as of the last Observe.
func (w *Workload) Images() map[string][]string {
	images := make(map[string][]string, len(w.seen))
	for name, rs := range w.seen {
		for _, c := range rs.Spec.Template.Spec.Containers {
			images[name] = append(images[name], c.Image)
		}
	}
	return images
}

// Annotations are those that a rollback gives the owner (Kubernetes:
// setDeploymentAnnotationsTo): the revision's, and of the owner's own those that never went to a
// revision.
func (w *Workload) Annotations(revision string) map[string]string {
	merged := map[string]string{}
	if rs, ok := w.seen[revision]; ok {
		maps.Copy(merged, rs.Annotations)
		maps.DeleteFunc(merged, func(k, _ string) bool { return w.keys.notCopied(k) })
	}
	for k, v := range w.target.Annotations {
		if w.keys.notCopied(k) {
			merged[k] = v
		}
	}
	return merged
}

package kube_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/gopawl/pawl/history"
	"github.com/gopawl/pawl/rollout"
	"github.com/gopawl/pawl/rollout/kube"
)

// The files testdata/*_random.json are answers of the Deployment controller of Kubernetes
// v1.36.3: what it deletes, and where a rollback leads. No case differs from ours; the tests of
// the differences, none of which the answers happen to touch, are in history_test.go.

func load[T any](t *testing.T, file string) []T {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", file))
	if err != nil {
		t.Fatal(err)
	}
	var content struct{ Cases []T }
	if err := json.Unmarshal(data, &content); err != nil {
		t.Fatal(err)
	}
	if len(content.Cases) == 0 {
		t.Fatalf("%s has no cases", file)
	}
	t.Logf("%s: %d cases", file, len(content.Cases))
	return content.Cases
}

type cleanupCase struct {
	OldRSs               []cleanupSet
	RevisionHistoryLimit *int32
	DeletedInOrder       []string
}

type cleanupSet struct {
	Name                           string
	Annotations                    map[string]string
	CreationTimestamp              metav1.Time
	DeletionTimestampSet           bool
	SpecReplicas, StatusReplicas   int32
	Generation, ObservedGeneration int64
}

// From annotations and counts to the deletions that are planned.
func TestCleanUpIsThatOfKubernetes(t *testing.T) {
	for i, c := range load[cleanupCase](t, "cleanup_random.json") {
		e := still(t)
		target := e.target("web:new", 0)
		cache := e.cached(c, e.workload(&kube.Client{API: e.api}, target).Identity())
		client := &kube.Client{API: e.api, Cache: cache}
		e.observed(client, target) // the first look is live
		limit := int32(math.MaxInt32)
		if c.RevisionHistoryLimit != nil {
			limit = *c.RevisionHistoryLimit
		}
		_, plan, err := (&rollout.Engine{}).Plan(t.Context(), e.workload(client, target), history.Keep(complete, limit))
		e.check(err)
		deleted := []string{}
		for _, step := range plan.Steps {
			deleted = append(deleted, rollout.RevisionOf(step.Action))
		}
		if !slices.Equal(deleted, c.DeletedInOrder) {
			t.Errorf("case %d: deletes %q, Kubernetes %q", i, deleted, c.DeletedInOrder)
		}
	}
}

// complete is when the Deployment controller cleans up.
var complete = rollout.StrategyFunc(func(rollout.State) (rollout.Plan, error) {
	return rollout.Plan{Phase: rollout.Complete}, nil
})

// cached is a cache of the old ReplicaSets of a case with their pods, and of a new one.
func (e *env) cached(c cleanupCase, identity string) fixed {
	current := e.listed(cleanupSet{Name: "current", Annotations: map[string]string{
		kube.RevisionKey: "9", kube.DefaultPrefix + "/template": identity, kube.DefaultPrefix + "/settled": time.Now().Format(time.RFC3339Nano),
	}})
	cache := fixed{sets: []*appsv1.ReplicaSet{current}}
	for _, s := range c.OldRSs {
		rs := e.listed(s)
		cache.sets = append(cache.sets, rs)
		cache.pods = append(cache.pods, podsOf(rs, false)...)
	}
	return cache
}

// listed is a ReplicaSet of the owner's as a list has it.
func (e *env) listed(s cleanupSet) *appsv1.ReplicaSet {
	rs := &appsv1.ReplicaSet{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: "default", Name: s.Name, UID: types.UID(s.Name), ResourceVersion: "1000", Generation: s.Generation,
			Labels: map[string]string{"app": "web"}, Annotations: s.Annotations, CreationTimestamp: s.CreationTimestamp,
		},
		Spec:   appsv1.ReplicaSetSpec{Replicas: &s.SpecReplicas},
		Status: appsv1.ReplicaSetStatus{Replicas: s.StatusReplicas, ObservedGeneration: s.ObservedGeneration},
	}
	e.owned(rs)
	if s.DeletionTimestampSet {
		rs.DeletionTimestamp = &metav1.Time{Time: time.Now()}
	}
	return rs
}

type rollbackCase struct {
	Input struct {
		DeploymentAnnotations map[string]string
		DeploymentImage       string
		ReplicaSets           []struct {
			Name, Image string
			Annotations map[string]string
		}
	}
	Expected rollbackAnswer
}

// rollbackAnswer is what the owner has after a request to go back, and what is said about it.
type rollbackAnswer struct {
	DeploymentAnnotations, DeploymentTemplateLabels map[string]string
	DeploymentImage                                 string
	Events                                          []string
}

const rollbackTo = "deprecated.deployment.rollback.to"

// From the annotations of ReplicaSets to what the owner has after going back.
func TestRollbackIsThatOfKubernetes(t *testing.T) {
	for i, c := range load[rollbackCase](t, "rollback_random.json") {
		e := still(t)
		target := e.target(c.Input.DeploymentImage, 0)
		target.Selector.MatchLabels = map[string]string{"foo": "bar"}
		target.Template = labelled(c.Input.DeploymentImage)
		target.Annotations = maps.Clone(c.Input.DeploymentAnnotations)
		delete(target.Annotations, rollbackTo) // whoever carries out a request takes it away
		for _, rs := range c.Input.ReplicaSets {
			e.make(rs.Name, rs.Image, func(made *appsv1.ReplicaSet) {
				e.owned(made)
				made.Annotations, made.Spec.Template = rs.Annotations, labelled(rs.Image)
				made.Spec.Template.Labels[kube.HashLabel] = rs.Name
				made.Labels, made.Spec.Selector.MatchLabels = made.Spec.Template.Labels, made.Spec.Template.Labels
			})
		}
		number, err := strconv.ParseInt(c.Input.DeploymentAnnotations[rollbackTo], 10, 64)
		e.check(err)
		if d := cmp.Diff(c.Expected, e.rollBack(target, number)); d != "" {
			t.Errorf("case %d, -Kubernetes +ours:\n%s", i, d)
		}
	}
}

func labelled(image string) corev1.PodTemplateSpec {
	made := template(image)
	made.Labels = map[string]string{"foo": "bar"}
	return made
}

// rollBack goes back to a revision, and says so as the Deployment controller does.
func (e *env) rollBack(target kube.Target, number int64) rollbackAnswer {
	e.Helper()
	w, s := e.observed(&kube.Client{API: e.api}, target)
	entry, err := w.History(s).To(number)
	var missing *history.NotFoundError
	var unchanged *history.UnchangedError
	event := fmt.Sprintf("Normal DeploymentRollback Rolled back deployment \"foo\" to revision %d", entry.Number)
	switch {
	case errors.Is(err, history.ErrNoHistory):
		event = "Warning DeploymentRollbackRevisionNotFound Unable to find last revision."
	case errors.As(err, &missing):
		event = "Warning DeploymentRollbackRevisionNotFound Unable to find the revision to rollback to."
	case errors.As(err, &unchanged):
		event = "Warning DeploymentRollbackTemplateUnchanged The rollback revision contains the same template as current deployment \"foo\""
	default:
		e.check(err)
		target.Annotations = w.Annotations(entry.Name)
		if target.Template, err = w.Template(e.Context(), entry.Name); err != nil {
			e.Fatal(err)
		}
	}
	var now corev1.PodTemplateSpec
	data, err := json.Marshal(target.Template)
	e.check(err)
	e.check(json.Unmarshal(data, &now))
	return rollbackAnswer{target.Annotations, now.Labels, now.Spec.Containers[0].Image, []string{event}}
}

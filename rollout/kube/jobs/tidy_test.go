package jobs_test

import (
	"bytes"
	"errors"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/google/go-cmp/cmp"

	"github.com/gopawl/pawl/internal/faults"
	"github.com/gopawl/pawl/rollout"
)

func TestOnlyJobsOutOfUseAreDeleted(t *testing.T) {
	e := start(t)
	old := func(gate, template string, conditions ...batchv1.JobCondition) {
		t.Helper()
		s := wanted(template)
		for known := range e.all() {
			s.Revisions = append(s.Revisions, rollout.Revision{Name: known, Template: known})
		}
		e.ask(e.gate(gate), s, rollout.Pending)
		e.end(e.all()[template], conditions...)
	}
	failed := batchv1.JobCondition{Type: batchv1.JobFailed, Status: corev1.ConditionTrue}
	old("smoke", "gone", complete)
	old("smoke", "gone and failed", failed)
	old("smoke", "running")
	old("smoke", "kept by a revision", complete)
	old("smoke", "given up", failed)
	old("another", "of another gate", complete)
	stranger := batchv1.Job{
		ObjectMeta: metav1.ObjectMeta{
			Name: "stranger", Labels: map[string]string{"gopawl.github.io/gate": "smoke"},
			Annotations: map[string]string{"gopawl.github.io/template": "of a stranger"},
		},
		Spec: smoke().Spec,
	}
	_, err := e.api.BatchV1().Jobs("default").Create(t.Context(), &stranger, metav1.CreateOptions{})
	e.check(err)
	e.end(e.all()["of a stranger"], complete)

	s := wanted("new")
	s.Revisions = []rollout.Revision{{Name: "web-1", Template: "kept by a revision"}}
	s.Rejected = map[string]rollout.Rejection{"given up": {}}
	e.ask(e.gate("smoke"), s, rollout.Pending)
	want := []string{"given up", "kept by a revision", "new", "of a stranger", "of another gate", "running"}
	if diff := cmp.Diff(want, slices.Sorted(maps.Keys(e.all()))); diff != "" {
		t.Error(diff)
	}
}

// Between the look and the delete, somebody has the Job run again: that one stays.
func TestOnlyTheJobThatWasSeenIsDeleted(t *testing.T) {
	e := start(t)
	e.ask(e.gate("smoke"), wanted("v1"), rollout.Pending)
	seen := e.all()["v1"]
	e.end(seen, complete)
	g, _ := e.through(func(_ int, c faults.Call) faults.Fault {
		if c.Verb == "delete" {
			e.check(e.api.BatchV1().Jobs("default").Delete(t.Context(), seen.Name, metav1.DeleteOptions{}))
			e.ask(e.gate("smoke"), wanted("v1"), rollout.Pending)
		}
		return nil
	})
	_, err := g.Check(t.Context(), wanted("v2"))
	var transient *rollout.TransientError
	if again := e.all()["v1"]; !errors.As(err, &transient) || again.UID == "" || again.UID == seen.UID {
		t.Errorf("%v, %s", err, again.UID)
	}
	e.ask(g, wanted("v2"), rollout.Pending)
}

// An API server leaves the pods of a Job that is deleted without a word on them.
func TestPodsGoWithAJobOutOfUse(t *testing.T) {
	e := start(t)
	e.ask(e.gate("smoke"), wanted("v1"), rollout.Pending)
	e.end(e.all()["v1"], complete)
	asked := ""
	g, _ := e.through(func(_ int, c faults.Call) faults.Fault {
		if c.Verb != "delete" {
			return nil
		}
		return func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
			body, err := io.ReadAll(r.Body)
			asked, r.Body = string(body), io.NopCloser(bytes.NewReader(body))
			e.check(err)
			return next.RoundTrip(r)
		}
	})
	e.ask(g, wanted("v2"), rollout.Pending)
	if !strings.Contains(asked, `"propagationPolicy":"Background"`) {
		t.Error(asked)
	}
}

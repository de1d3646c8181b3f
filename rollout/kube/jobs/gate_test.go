package jobs_test

import (
	"errors"
	"fmt"
	"maps"
	"strings"
	"testing"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/google/go-cmp/cmp"

	"github.com/gopawl/pawl/rollout"
	"github.com/gopawl/pawl/rollout/kube"
	"github.com/gopawl/pawl/rollout/kube/jobs"
)

func TestJobIsRunOnceForATemplate(t *testing.T) {
	e := start(t)
	for range 3 {
		e.ask(e.gate("smoke"), wanted("v1"), rollout.Pending) // made anew each time, as in a controller
	}
	first := e.all()["v1"]
	e.end(first, complete)
	for range 2 {
		e.ask(e.gate("smoke"), wanted("v1"), rollout.Open)
	}
	e.ask(e.gate("smoke"), wanted("v2"), rollout.Pending)
	if all := e.all(); len(all) != 1 || all["v2"].Name == first.Name {
		t.Errorf("%v", all)
	}
}

func TestJobIsTheOwners(t *testing.T) {
	e := start(t)
	g := e.gate("smoke")
	s := wanted("v2")
	s.Revisions = []rollout.Revision{{Name: "web-1", Template: "v1", Label: "one"}, {Name: "web-2", Template: "v2", Label: "two"}}
	e.ask(g, s, rollout.Pending)
	job := e.all()["v2"]
	yes := true
	want := metav1.ObjectMeta{
		Namespace: "default", Labels: map[string]string{"team": "a", "gopawl.github.io/gate": "smoke"},
		Annotations: map[string]string{"gopawl.github.io/template": "v2"},
		OwnerReferences: []metav1.OwnerReference{{
			APIVersion: "v1", Kind: "ConfigMap", Name: "web", UID: e.owner.UID, Controller: &yes, BlockOwnerDeletion: &yes,
		}},
	}
	have := metav1.ObjectMeta{Namespace: job.Namespace, Labels: job.Labels, Annotations: job.Annotations, OwnerReferences: job.OwnerReferences}
	if diff := cmp.Diff(want, have); diff != "" {
		t.Error(diff)
	}
	if !strings.HasPrefix(job.Name, "web-smoke-") {
		t.Error(job.Name)
	}
	if managers := job.ManagedFields; len(managers) > 0 && managers[0].Manager != kube.DefaultFieldManager {
		t.Error(managers)
	}
	pawl := []corev1.EnvVar{{Name: "PAWL_TEMPLATE", Value: "v2"}, {Name: "PAWL_REVISION", Value: "web-2"}, {Name: "PAWL_LABEL", Value: "two"}}
	pod := job.Spec.Template.Spec
	if diff := cmp.Diff(pawl, pod.InitContainers[0].Env); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(append(pawl, corev1.EnvVar{Name: "URL", Value: "http://$(PAWL_LABEL)"}), pod.Containers[0].Env); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(smoke(), g.Job); diff != "" {
		t.Errorf("the gate changed its own template: %s", diff)
	}
}

func TestPrefixIsTheClients(t *testing.T) {
	e := start(t)
	g := e.gate("smoke")
	g.Client.Prefix = "example.com"
	e.ask(g, wanted("v1"), rollout.Pending)
	e.ask(g, wanted("v1"), rollout.Pending)
	for _, job := range e.all() {
		if job.Labels["example.com/gate"] != "smoke" || job.Annotations["example.com/template"] != "v1" {
			t.Errorf("%v %v", job.Labels, job.Annotations)
		}
	}
}

func TestVerdictIsTheJobs(t *testing.T) {
	e := start(t)
	e.ask(e.gate("smoke"), wanted("v1"), rollout.Pending)
	for name, c := range map[string]struct {
		condition batchv1.JobCondition
		want      rollout.Answer
		said      string
	}{
		"none":         {batchv1.JobCondition{}, rollout.Pending, "job %q is not complete"},
		"complete":     {complete, rollout.Open, "job %q is complete"},
		"not any more": {batchv1.JobCondition{Type: batchv1.JobComplete, Status: corev1.ConditionFalse}, rollout.Pending, "job %q is not complete"},
		"about to":     {batchv1.JobCondition{Type: batchv1.JobSuccessCriteriaMet, Status: corev1.ConditionTrue}, rollout.Pending, "job %q is not complete"},
		"failing":      {batchv1.JobCondition{Type: batchv1.JobFailureTarget, Status: corev1.ConditionTrue}, rollout.Pending, "job %q is not complete"},
		"failed": {batchv1.JobCondition{
			Type: batchv1.JobFailed, Status: corev1.ConditionTrue, Reason: "BackoffLimitExceeded", Message: "Job has reached the specified backoff limit",
		}, rollout.Shut, "job %q has failed: BackoffLimitExceeded: Job has reached the specified backoff limit"},
		"failed, no word": {batchv1.JobCondition{Type: batchv1.JobFailed, Status: corev1.ConditionTrue, Reason: "Oh"}, rollout.Shut, "job %q has failed: Oh"},
	} {
		job := e.all()["v1"]
		e.end(job, c.condition)
		if v := e.ask(e.gate("smoke"), wanted("v1"), c.want); v.Message != fmt.Sprintf(c.said, job.Name) || v.Retry != 0 {
			t.Errorf("%s: %+v", name, v)
		}
	}
}

func TestSuspendedJobIsWaitedFor(t *testing.T) {
	e := start(t)
	g, yes := e.gate("smoke"), true
	g.Job.Spec.Suspend = &yes
	if v := e.ask(g, wanted("v1"), rollout.Pending); !strings.HasSuffix(v.Message, "is suspended") {
		t.Errorf("%+v", v)
	}
}

func TestDeletedJobRunsAgain(t *testing.T) {
	e := start(t)
	g := e.gate("smoke")
	e.ask(g, wanted("v1"), rollout.Pending)
	job := e.all()["v1"]
	job.Finalizers = []string{"example.com/hold"}
	held, err := e.api.BatchV1().Jobs("default").Update(t.Context(), &job, metav1.UpdateOptions{})
	e.check(err)
	e.end(*held, complete)
	e.check(e.api.BatchV1().Jobs("default").Delete(t.Context(), job.Name, metav1.DeleteOptions{}))
	if v := e.ask(g, wanted("v1"), rollout.Pending); !strings.HasSuffix(v.Message, "is being deleted, and will run again") {
		t.Errorf("%+v", v)
	}
	_, err = e.api.BatchV1().Jobs("default").Patch(t.Context(), job.Name, types.MergePatchType, []byte(`{"metadata":{"finalizers":null}}`), metav1.PatchOptions{})
	e.check(err)
	e.ask(g, wanted("v1"), rollout.Pending)
	if again := e.all()["v1"]; again.UID == job.UID || again.Name != job.Name {
		t.Errorf("%s %s, after %s", again.Name, again.UID, job.UID)
	}
}

// Neither templates nor gates nor owners share a Job, however long their names are.
func TestNamesAreShortAndUnique(t *testing.T) {
	e := start(t)
	long := strings.Repeat("a-very.long.name-", 12) + "end"
	for _, owner := range []string{"web-x", "web-a", long} {
		e.owner = e.newOwner(owner)
		for _, gate := range []string{"b", "a-b", strings.Repeat("g", 63)} {
			e.ask(e.gate(gate), wanted("v1"), rollout.Pending)
			e.ask(e.gate(gate), wanted("v2"), rollout.Pending)
		}
	}
	list, err := e.api.BatchV1().Jobs("default").List(t.Context(), metav1.ListOptions{})
	e.check(err)
	for _, job := range list.Items {
		if len(job.Name) > 63 {
			t.Errorf("%s has %d characters", job.Name, len(job.Name))
		}
	}
	if len(list.Items) != 18 {
		t.Errorf("%d Jobs, want 18", len(list.Items))
	}
}

func TestOwnerOfTheSameNameHasJobsOfItsOwn(t *testing.T) {
	e := start(t)
	e.ask(e.gate("smoke"), wanted("v1"), rollout.Pending)
	e.end(e.all()["v1"], complete)
	e.check(e.api.CoreV1().ConfigMaps("default").Delete(t.Context(), "web", metav1.DeleteOptions{}))
	e.owner = e.newOwner("web")
	e.ask(e.gate("smoke"), wanted("v1"), rollout.Pending)
}

func TestJobOfSomebodyElseIsRefused(t *testing.T) {
	for name, change := range map[string]func(*batchv1.Job){
		"no owner":         func(j *batchv1.Job) { j.OwnerReferences = nil },
		"not controller":   func(j *batchv1.Job) { j.OwnerReferences[0].Controller = nil },
		"another owner":    func(j *batchv1.Job) { j.OwnerReferences[0].UID = "another" },
		"another template": func(j *batchv1.Job) { j.Annotations["gopawl.github.io/template"] = "v1" },
		"no template":      func(j *batchv1.Job) { j.Annotations = nil },
	} {
		e := start(t)
		e.ask(e.gate("smoke"), wanted("v2"), rollout.Pending)
		job := e.all()["v2"]
		e.end(job, complete)
		ours, err := e.api.BatchV1().Jobs("default").Get(t.Context(), job.Name, metav1.GetOptions{})
		e.check(err)
		change(ours)
		theirs, err := e.api.BatchV1().Jobs("default").Update(t.Context(), ours, metav1.UpdateOptions{})
		e.check(err)
		v, err := e.gate("smoke").Check(t.Context(), wanted("v2"))
		var refused *kube.RefusedError
		if !errors.As(err, &refused) || v.Answer != rollout.Pending || !strings.Contains(err.Error(), job.Name) {
			t.Errorf("%s: %+v, %v", name, v, err)
		}
		for _, after := range e.all() {
			if after.ResourceVersion != theirs.ResourceVersion {
				t.Errorf("%s: it was changed", name)
			}
		}
	}
}

func TestGateThatCannotRun(t *testing.T) {
	e := start(t)
	ttl := int32(60)
	for path, spoil := range map[string]func(*jobs.Gate){
		"client":                           func(g *jobs.Gate) { g.Client = nil },
		"client,API":                       func(g *jobs.Gate) { g.Client = &kube.Client{} },
		"owner":                            func(g *jobs.Gate) { g.Owner = kube.Owner{} },
		"owner,uid":                        func(g *jobs.Gate) { g.Owner.UID = "" },
		"owner,kind":                       func(g *jobs.Gate) { g.Owner.Kind = "" },
		"name":                             func(g *jobs.Gate) { g.Name = "" },
		"name,case":                        func(g *jobs.Gate) { g.Name = "Smoke" },
		"job.spec.ttlSecondsAfterFinished": func(g *jobs.Gate) { g.Job.Spec.TTLSecondsAfterFinished = &ttl },
	} {
		g := e.gate("smoke")
		spoil(&g)
		path, _, _ := strings.Cut(path, ",")
		_, err := g.Check(t.Context(), wanted("v1"))
		for _, err := range []error{g.Validate(), err} {
			var invalid *rollout.InvalidError
			if !errors.As(err, &invalid) || invalid.Path != path {
				t.Errorf("%s: %v", path, err)
			}
		}
	}
	if all := e.all(); len(all) > 0 {
		t.Errorf("Jobs were made: %v", maps.Keys(all))
	}
}

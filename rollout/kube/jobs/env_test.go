package jobs_test

import (
	"testing"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/gopawl/pawl/rollout"
	"github.com/gopawl/pawl/rollout/kube"
	"github.com/gopawl/pawl/rollout/kube/jobs"
	"github.com/gopawl/pawl/rollout/kube/kubetest"
)

// env is a cluster with an owner in it. It has Jobs but nobody who runs them.
type env struct {
	*testing.T
	config *rest.Config
	api    kubernetes.Interface
	owner  *corev1.ConfigMap
}

func start(t *testing.T) *env {
	t.Helper()
	c, err := kubetest.New(withJobs)
	if err != nil {
		t.Fatal(err)
	}
	return in(t, c)
}

func in(t *testing.T, c *kubetest.Cluster) *env {
	t.Helper()
	e := &env{T: t, config: c.Config(), api: kubernetes.NewForConfigOrDie(c.Config())}
	e.owner = e.newOwner("web")
	return e
}

var withJobs = kubetest.Options{Resources: []kubetest.Resource{{Group: "batch", Version: "v1", Kind: "Job", Plural: "jobs", Status: true}}}

func (e *env) check(err error) {
	e.Helper()
	if err != nil {
		e.Fatal(err)
	}
}

func (e *env) newOwner(name string) *corev1.ConfigMap {
	e.Helper()
	cm, err := e.api.CoreV1().ConfigMaps("default").Create(e.Context(), &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: name}}, metav1.CreateOptions{})
	e.check(err)
	return cm
}

// gate is one of the owner's.
func (e *env) gate(name string) jobs.Gate {
	return jobs.Gate{
		Client: &kube.Client{API: e.api},
		Owner:  kube.OwnerOf(e.owner, corev1.SchemeGroupVersion.WithKind("ConfigMap")),
		Name:   name, Job: smoke(),
	}
}

func smoke() batchv1.JobTemplateSpec {
	return batchv1.JobTemplateSpec{
		ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{"team": "a"}},
		Spec: batchv1.JobSpec{Template: corev1.PodTemplateSpec{Spec: corev1.PodSpec{
			RestartPolicy:  corev1.RestartPolicyNever,
			InitContainers: []corev1.Container{{Name: "wait", Image: "busybox"}},
			Containers:     []corev1.Container{{Name: "smoke", Image: "curl", Env: []corev1.EnvVar{{Name: "URL", Value: "http://$(PAWL_LABEL)"}}}},
		}}},
	}
}

func wanted(template string) rollout.State { return rollout.State{Template: template, Replicas: 1} }

// ask expects an answer.
func (e *env) ask(g rollout.Gate, s rollout.State, want rollout.Answer) rollout.Verdict {
	e.Helper()
	v, err := g.Check(e.Context(), s)
	if err != nil || v.Answer != want {
		e.Fatalf("%+v, %v, want %v", v, err, want)
	}
	return v
}

// all are the Jobs there are, by the template they are stamped with.
func (e *env) all() map[string]batchv1.Job {
	e.Helper()
	list, err := e.api.BatchV1().Jobs("").List(e.Context(), metav1.ListOptions{})
	e.check(err)
	found := map[string]batchv1.Job{}
	for _, job := range list.Items {
		found[job.Annotations["gopawl.github.io/template"]] = job
	}
	if len(found) != len(list.Items) {
		e.Fatalf("%d Jobs of %d templates", len(list.Items), len(found))
	}
	return found
}

// end says in a Job's status how it has ended.
func (e *env) end(job batchv1.Job, conditions ...batchv1.JobCondition) {
	e.Helper()
	job.Status.Conditions = conditions
	_, err := e.api.BatchV1().Jobs(job.Namespace).UpdateStatus(e.Context(), &job, metav1.UpdateOptions{})
	e.check(err)
}

var complete = batchv1.JobCondition{Type: batchv1.JobComplete, Status: corev1.ConditionTrue}

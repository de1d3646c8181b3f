package kube_test

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gopawl/pawl/internal/faults"
	"github.com/gopawl/pawl/rollout/kube"
	"github.com/gopawl/pawl/rollout/kube/kubetest"
)

func count(calls []faults.Call, verb string) (n int) {
	for _, c := range calls {
		if c.Verb == verb {
			n++
		}
	}
	return n
}

// The API server fills in defaults, so that the stored template never equals the wanted one.
// Kubernetes' own code makes a further ReplicaSet at every second look then, for ever.
func TestTemplateWithoutDefaultsIsRecognized(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := start(t, kubetest.Options{})
		api, calls := e.through(nil)
		c := &kube.Client{API: api, Cache: e.informers()}
		e.run(c, e.target("web:1", 2))
		if e.only().Spec.Template.Spec.SchedulerName == "" {
			t.Fatal("the template is not defaulted: this test shows nothing")
		}
		time.Sleep(time.Second)
		calls.Take()
		for range 50 {
			e.reconcile(c, e.target("web:1", 2))
		}
		e.only()
		if got := calls.Take(); len(got) != 0 {
			t.Errorf("calls: %v", got)
		}
	})
}

// full is the template as the API server stores it.
func (e *env) full(name string) corev1.PodTemplateSpec {
	tmpl := *e.set(name).Spec.Template.DeepCopy()
	delete(tmpl.Labels, kube.HashLabel)
	return tmpl
}

func TestTemplateThatComesBackWithDefaultsIsTheSame(t *testing.T) {
	eachCache(t, func(e *env, c *kube.Client) {
		e.run(c, e.target("web:1", 2))
		first := e.only()
		e.run(c, e.target("web:2", 2))
		back := e.target("", 2)
		back.Template = e.full(first.Name)
		e.run(c, back)
		sets := e.sets()
		if len(sets) != 2 || sets[1].UID != first.UID || sets[1].Annotations[kube.RevisionKey] != "3" {
			e.Errorf("%d ReplicaSets, the newest is %s", len(sets), sets[len(sets)-1].Name)
		}
		if got := sets[1].Annotations[kube.DefaultPrefix+"/template"]; got != e.workload(c, back).Identity() {
			e.Errorf("stamp %q", got)
		}
	})
}

func TestOldestOfEqualTemplatesIsStamped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := start(t, kubetest.Options{})
		e.make("web-z", "web:1", nil)
		time.Sleep(time.Minute)
		e.make("web-a", "web:1", nil)
		e.make("web-0", "web:0", nil)
		c := &kube.Client{API: e.api}
		e.run(c, e.target("web:1", 2))
		if len(e.sets()) != 3 || *e.set("web-z").Spec.Replicas != 2 || *e.set("web-a").Spec.Replicas != 0 {
			t.Errorf("sizes %v", e.liveSizes())
		}
		if e.set("web-z").Annotations[kube.DefaultPrefix+"/template"] != e.workload(c, e.target("web:1", 2)).Identity() {
			t.Error("not stamped")
		}
	})
}

func TestAnswerIsRemembered(t *testing.T) {
	e := still(t)
	api, calls := e.through(nil)
	c := &kube.Client{API: api}
	e.make("web-a", "web:1", e.owned)
	target := e.target("web:2", 2)
	target.Paused = true // so that nothing is created
	for range 10 {
		e.reconcile(c, target)
	}
	if n := count(calls.Take(), "dry-run"); n != 1 {
		t.Errorf("%d dry runs", n)
	}
	e.make("web-b", "web:2", e.owned)
	for range 10 {
		if _, s := e.observed(c, target); s.Revisions[1].Template != s.Template {
			t.Errorf("not found: %+v", s.Revisions)
		}
	}
	if n := count(calls.Take(), "dry-run"); n != 1 {
		t.Errorf("%d dry runs for another set", n)
	}
}

// Exactly equal, never a subset: a field that was removed makes another template.
func TestRemovedFieldIsAnotherTemplate(t *testing.T) {
	for name, more := range map[string]func(*corev1.PodTemplateSpec){
		"env":        func(p *corev1.PodTemplateSpec) { p.Spec.Containers[0].Env = []corev1.EnvVar{{Name: "A", Value: "1"}} },
		"annotation": func(p *corev1.PodTemplateSpec) { p.Annotations = map[string]string{"a": "b"} },
		"label":      func(p *corev1.PodTemplateSpec) { p.Labels["x"] = "y" },
		"node":       func(p *corev1.PodTemplateSpec) { p.Spec.NodeName = "n" },
	} {
		t.Run(name, func(t *testing.T) {
			e := still(t)
			e.make("web-a", "web:1", func(rs *appsv1.ReplicaSet) { e.owned(rs); more(&rs.Spec.Template) })
			if _, s := e.observed(&kube.Client{API: e.api}, e.target("web:1", 2)); s.Revisions[0].Template == s.Template {
				t.Error("taken for the wanted one")
			}
		})
	}
}

func TestRefusedDryRunIsNoMatch(t *testing.T) {
	for _, code := range []int{http.StatusBadRequest, http.StatusForbidden, http.StatusUnprocessableEntity, http.StatusNotFound} {
		e := still(t)
		api, _ := e.through(func(_ int, c faults.Call) faults.Fault {
			if c.Verb == "dry-run" {
				return faults.Answer(code, http.StatusText(code), "no")
			}
			return nil
		})
		e.make("web-a", "web:1", e.owned)
		if _, s := e.observed(&kube.Client{API: api}, e.target("web:1", 2)); s.Revisions[0].Template == s.Template {
			t.Errorf("%d: taken for the wanted one", code)
		}
	}
}

// A cache may show a ReplicaSet that is gone while templates are compared.
func TestComparisonPassesOverWhatIsGone(t *testing.T) {
	e := still(t)
	a := e.make("web-a", "web:1", e.owned)
	c := &kube.Client{API: e.api, Cache: fixed{sets: []*appsv1.ReplicaSet{a}}}
	target := e.target("web:1", 2)
	e.observed(c, e.target("web:2", 2))
	e.check(e.api.AppsV1().ReplicaSets("default").Delete(t.Context(), "web-a", metav1.DeleteOptions{}))
	a.OwnerReferences = nil // an orphan, of which the fence knows nothing
	a.UID = "unknown"
	if _, s := e.observed(c, target); len(s.Revisions) != 1 || s.Revisions[0].Template == s.Template {
		t.Errorf("observed %+v", s.Revisions)
	}
}

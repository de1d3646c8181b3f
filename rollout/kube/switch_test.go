package kube_test

import (
	"errors"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/record"

	"github.com/gopawl/pawl/internal/faults"
	"github.com/gopawl/pawl/rollout"
	"github.com/gopawl/pawl/rollout/kube"
)

// serving makes a ReplicaSet of ours, and returns the identity of its template.
func (e *env) serving(name, identity string) string {
	e.Helper()
	e.make(name, "web:1", func(rs *appsv1.ReplicaSet) {
		e.owned(rs)
		*rs.Spec.Replicas = 2
		rs.Annotations = map[string]string{kube.DefaultPrefix + "/template": identity}
	})
	return identity
}

func TestSwitchIsOneWrite(t *testing.T) {
	for name, annotations := range map[string]map[string]string{"with annotations": {"theirs": "x"}, "without": nil} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				e := still(t)
				one, two := e.serving("web-1", "h1-one"), e.serving("web-2", "h1-two")
				e.service(map[string]string{"app": "web"}, func(svc *corev1.Service) { svc.Annotations = annotations })
				api, calls := e.through(nil)
				recorder := record.NewFakeRecorder(10)
				w, _ := e.observed(&kube.Client{API: api, Events: recorder}, e.routed("web:3", "", 2))
				calls.Take()
				e.check(w.Apply(t.Context(), rollout.Switch{Route: "web", To: one}))
				time.Sleep(1500 * time.Millisecond)
				e.check(w.Apply(t.Context(), rollout.Switch{Route: "web", To: two})) // on top of the first
				patch := faults.Call{Verb: "patch", Resource: "services", Name: "web"}
				if d := cmp.Diff([]faults.Call{patch, patch}, calls.Take()); d != "" {
					t.Errorf("calls, -want +got:\n%s", d)
				}
				svc := e.theService()
				if d := cmp.Diff(map[string]string{"app": "web", kube.HashLabel: "web-2"}, svc.Spec.Selector); d != "" {
					t.Errorf("selector, -want +got:\n%s", d)
				}
				if got, want := svc.Annotations[switchedKey], "web-2 "+time.Now().UTC().Format(time.RFC3339Nano); got != want {
					t.Errorf("stamp %q, want %q", got, want)
				}
				if svc.Annotations["theirs"] != annotations["theirs"] {
					t.Errorf("annotations %v", svc.Annotations)
				}
				for _, want := range []string{"from '' to 'web-1'", "from 'web-1' to 'web-2'"} {
					if got := <-recorder.Events; got != "Normal SwitchService Switched selector for service 'web' "+want {
						t.Errorf("event %q", got)
					}
				}
			})
		})
	}
}

// A switch is planned on what was observed, and somebody is faster.
func TestStaleSwitchChangesNothing(t *testing.T) {
	for name, meddle := range map[string]func(*env){
		"switched": func(e *env) {
			e.editService(func(svc *corev1.Service) { svc.Spec.Selector[kube.HashLabel] = "web-9" })
		},
		"annotated": func(e *env) {
			e.editService(func(svc *corev1.Service) { svc.Annotations = map[string]string{"theirs": "x"} })
		},
		"made anew": func(e *env) {
			e.check(e.api.CoreV1().Services("default").Delete(e.Context(), "web", metav1.DeleteOptions{}))
			e.service(map[string]string{"app": "web"}, nil)
		},
		"gone": func(e *env) {
			e.check(e.api.CoreV1().Services("default").Delete(e.Context(), "web", metav1.DeleteOptions{}))
		},
	} {
		t.Run(name, func(t *testing.T) {
			e := still(t)
			one := e.serving("web-1", "h1-one")
			e.service(map[string]string{"app": "web"}, nil)
			w, _ := e.observed(&kube.Client{API: e.api}, e.routed("web:2", "", 2))
			meddle(e)
			services := func() []corev1.Service {
				list, err := e.api.CoreV1().Services("default").List(t.Context(), metav1.ListOptions{})
				e.check(err)
				return list.Items
			}
			before := services()
			e.wantConflict(w.Apply(t.Context(), rollout.Switch{Route: "web", To: one}))
			if d := cmp.Diff(before, services()); d != "" {
				t.Errorf("changed:\n%s", d)
			}
		})
	}
}

func TestSwitchThatCannotBe(t *testing.T) {
	for name, c := range map[string]struct {
		action   rollout.Switch
		conflict bool
		path     string
	}{
		"template that is not there": {rollout.Switch{Route: "web", To: "h1-other"}, true, ""},
		"unknown route":              {rollout.Switch{Route: "shop", To: "h1-one"}, false, "route"},
		"no template":                {rollout.Switch{Route: "web"}, false, "to"},
		"pods without the labels":    {rollout.Switch{Route: "web", To: "h1-bare"}, false, "routes[web].service"},
	} {
		t.Run(name, func(t *testing.T) {
			e := still(t)
			e.serving("web-1", "h1-one")
			e.make("web-bare", "web:0", func(rs *appsv1.ReplicaSet) {
				e.owned(rs)
				rs.Annotations = map[string]string{kube.DefaultPrefix + "/template": "h1-bare"}
			})
			e.service(map[string]string{"app": "web", "tier": "front"}, nil)
			target := e.routed("web:2", "", 2)
			tmpl := template("web:2")
			tmpl.Labels["tier"] = "front"
			target.Template = tmpl
			before := e.theService()
			w, _ := e.observed(&kube.Client{API: e.api}, target)
			err := w.Apply(t.Context(), c.action)
			var invalid *rollout.InvalidError
			if errors.Is(err, rollout.ErrConflict) != c.conflict || !c.conflict && (!errors.As(err, &invalid) || invalid.Path != c.path) {
				t.Errorf("got %v", err)
			}
			if d := cmp.Diff(before, e.theService()); d != "" {
				t.Errorf("changed:\n%s", d)
			}
		})
	}
}

func TestSwitchBeforeTheFirstLookIsAConflict(t *testing.T) {
	e := still(t)
	e.wantConflict(e.workload(&kube.Client{API: e.api}, e.routed("web:1", "", 1)).Apply(t.Context(), rollout.Switch{Route: "web", To: "h1-one"}))
}

// The API server answers 422 to a test that fails and to a result that is not valid alike.
func TestInvalidServiceIsNotAConflict(t *testing.T) {
	e := still(t)
	one := e.serving("web-1", "h1-one")
	e.service(map[string]string{"app": "web"}, nil)
	api, _ := e.through(func(_ int, c faults.Call) faults.Fault {
		if c.Verb == "patch" && c.Resource == "services" {
			return faults.Answer(http.StatusUnprocessableEntity, "Invalid", "a policy says no")
		}
		return nil
	})
	w, _ := e.observed(&kube.Client{API: api}, e.routed("web:2", "", 2))
	err := w.Apply(t.Context(), rollout.Switch{Route: "web", To: one})
	var refused *kube.RefusedError
	if !errors.As(err, &refused) || refused.Why != kube.Invalid || errors.Is(err, rollout.ErrConflict) {
		t.Errorf("got %v", err)
	}
}

// Of two ReplicaSets of one template it is the one with replicas, and then the newest.
func TestSwitchIsToWhatHasReplicas(t *testing.T) {
	for name, c := range map[string]struct {
		first, second int32
		want          string
	}{
		"the first":  {1, 0, "web-1"},
		"the second": {0, 1, "web-2"},
		"both":       {1, 1, "web-2"},
		"neither":    {0, 0, "web-2"},
	} {
		t.Run(name, func(t *testing.T) {
			e := still(t)
			for which, size := range map[string]int32{"1": c.first, "2": c.second} {
				e.make("web-"+which, "web:1", func(rs *appsv1.ReplicaSet) {
					e.owned(rs)
					*rs.Spec.Replicas = size
					rs.Annotations = map[string]string{kube.DefaultPrefix + "/template": "h1-twins", kube.RevisionKey: which}
				})
			}
			e.service(map[string]string{"app": "web"}, nil)
			w, _ := e.observed(&kube.Client{API: e.api}, e.routed("web:2", "", 2))
			e.check(w.Apply(t.Context(), rollout.Switch{Route: "web", To: "h1-twins"}))
			if got := e.theService().Spec.Selector[kube.HashLabel]; got != c.want {
				t.Errorf("switched to %s, want %s", got, c.want)
			}
		})
	}
}

// What the API server does not answer may pass, wherever it is asked.
func TestUnansweredCallsOfRoutesAreTransient(t *testing.T) {
	for _, call := range []faults.Call{
		{Verb: "get", Resource: "services"}, {Verb: "list", Resource: "endpointslices"}, {Verb: "patch", Resource: "services"},
	} {
		e := still(t)
		one := e.serving("web-1", "h1-one")
		e.service(map[string]string{"app": "web"}, nil)
		api, _ := e.through(func(_ int, c faults.Call) faults.Fault {
			if c.Verb == call.Verb && c.Resource == call.Resource {
				return faults.Unsent(errBroken)
			}
			return nil
		})
		w := e.workload(&kube.Client{API: api}, e.routed("web:2", "", 2))
		_, err := w.Observe(t.Context())
		if err == nil {
			err = w.Apply(t.Context(), rollout.Switch{Route: "web", To: one})
		}
		var transient *rollout.TransientError
		if !errors.As(err, &transient) {
			t.Errorf("%v: got %v", call, err)
		}
	}
}

func TestUnansweredLookLeavesTheSwitchOpen(t *testing.T) {
	e := still(t)
	one := e.serving("web-1", "h1-one")
	e.service(map[string]string{"app": "web"}, nil)
	broken := false
	api, _ := e.through(func(_ int, c faults.Call) faults.Fault {
		if broken && c.Verb == "get" {
			return faults.Unsent(errBroken)
		}
		return nil
	})
	w, _ := e.observed(&kube.Client{API: api}, e.routed("web:2", "", 2))
	e.editService(func(svc *corev1.Service) { svc.Spec.Selector["x"] = "y" })
	broken = true
	err := w.Apply(t.Context(), rollout.Switch{Route: "web", To: one})
	var transient *rollout.TransientError
	if !errors.As(err, &transient) {
		t.Errorf("got %v", err)
	}
}

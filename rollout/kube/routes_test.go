package kube_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gopawl/pawl/rollout"
	"github.com/gopawl/pawl/rollout/kube"
	"github.com/gopawl/pawl/rollout/kube/kubetest"
)

const switchedKey = kube.DefaultPrefix + "/switched"

// service makes a Service of the tutorials.
func (e *env) service(selector map[string]string, change func(*corev1.Service)) *corev1.Service {
	e.Helper()
	svc := &corev1.Service{ObjectMeta: metav1.ObjectMeta{Name: "web"}, Spec: corev1.ServiceSpec{Selector: selector, Ports: []corev1.ServicePort{{Port: 80}}}}
	if change != nil {
		change(svc)
	}
	svc, err := e.api.CoreV1().Services("default").Create(e.Context(), svc, metav1.CreateOptions{})
	e.check(err)
	return svc
}

func (e *env) theService() *corev1.Service {
	e.Helper()
	svc, err := e.api.CoreV1().Services("default").Get(e.Context(), "web", metav1.GetOptions{})
	e.check(err)
	return svc
}

// editService changes the Service as somebody else would.
func (e *env) editService(change func(*corev1.Service)) {
	e.Helper()
	svc := e.theService()
	change(svc)
	_, err := e.api.CoreV1().Services("default").Update(e.Context(), svc, metav1.UpdateOptions{})
	e.check(err)
}

// routed is a target with a route; version is the value of the label by which it follows, "" is by the
// hash.
func (e *env) routed(image, version string, replicas int32) kube.Target {
	target := e.target(image, replicas)
	target.Routes = []kube.Route{{Service: "web"}}
	if version != "" {
		tmpl := template(image)
		tmpl.Labels["version"] = version
		target.Template, target.Routes[0].Key = tmpl, "version"
	}
	return target
}

func (e *env) route(c *kube.Client, t kube.Target) rollout.Route {
	e.Helper()
	_, s := e.observed(c, t)
	if len(s.Routes) != 1 {
		e.Fatalf("routes %+v", s.Routes)
	}
	return s.Routes[0]
}

func (e *env) wantRoute(c *kube.Client, t kube.Target, want rollout.Route) {
	e.Helper()
	want.Name = "web"
	if d := cmp.Diff(want, e.route(c, t)); d != "" {
		e.Errorf("-want +got:\n%s", d)
	}
}

// The whole of a switch by either key: pinned to the first revision before there is a second one,
// then switched, while the cache of pods is live or not.
func TestRouteFollowsARevision(t *testing.T) {
	for _, key := range []string{"", "version"} {
		version := func(v string) string {
			if key == "" {
				return ""
			}
			return v
		}
		t.Run("by "+key, func(t *testing.T) {
			eachCache(t, func(e *env, c *kube.Client) {
				e.service(map[string]string{"app": "web"}, nil)
				one, two := e.routed("web:1", version("v1"), 3), e.routed("web:2", version("v2"), 3)
				e.run(c, one)
				time.Sleep(time.Second)
				e.wantRoute(c, two, rollout.Route{Stale: 3})

				w, s := e.observed(c, one)
				e.check(w.Apply(e.Context(), rollout.Switch{Route: "web", To: s.Template}))
				pinned := rollout.Route{To: s.Template, Since: time.Now().UTC(), Serving: 3}
				time.Sleep(time.Second)
				e.wantRoute(c, two, pinned)

				w, s = e.observed(c, two)
				e.check(w.Apply(e.Context(), rollout.Create{Template: s.Template, Replicas: 3}))
				time.Sleep(10 * time.Second)
				e.wantRoute(c, two, pinned) // none of the new pods

				w, s = e.observed(c, two)
				e.check(w.Apply(e.Context(), rollout.Switch{Route: "web", To: s.Template}))
				at := time.Now().UTC()
				if got := e.route(c, two); got.To != s.Template || !got.Since.Equal(at) {
					e.Errorf("does not see its own write: %+v", got)
				}
				time.Sleep(time.Second)
				e.wantRoute(c, two, rollout.Route{To: s.Template, Since: at, Serving: 3})
			})
		})
	}
}

// The stamp dates the value that it names, and no other.
func TestSinceIsOfTheSelectorsPresentValue(t *testing.T) {
	at := time.Date(2025, 3, 1, 12, 0, 0, 5, time.UTC)
	stamp := func(value string) map[string]string {
		return map[string]string{switchedKey: value + " " + at.Format(time.RFC3339Nano)}
	}
	for name, c := range map[string]struct {
		value       string
		annotations map[string]string
		want        rollout.Route
	}{
		"never switched":       {"web-1", nil, rollout.Route{To: "uid:web-1"}},
		"switched by us":       {"web-1", stamp("web-1"), rollout.Route{To: "uid:web-1", Since: at}},
		"and by somebody else": {"web-1", stamp("web-2"), rollout.Route{To: "uid:web-1"}},
		"to nothing known":     {"web-9", stamp("web-9"), rollout.Route{To: "web-9", Since: at}},
		"unpinned since":       {"", stamp(""), rollout.Route{}},
		"hostile":              {"web-1", map[string]string{switchedKey: "web-1 yesterday"}, rollout.Route{To: "uid:web-1"}},
		"empty":                {"web-1", map[string]string{switchedKey: ""}, rollout.Route{To: "uid:web-1"}},
	} {
		t.Run(name, func(t *testing.T) {
			e := still(t)
			// Its template is not known, since somebody else made it; its uid stands in.
			rs := e.make("web-1", "web:1", func(rs *appsv1.ReplicaSet) { e.owned(rs); *rs.Spec.Replicas = 1 })
			if c.want.To == "uid:web-1" {
				c.want.To = "uid:" + string(rs.UID)
			}
			selector := map[string]string{"app": "web"}
			if c.value != "" {
				selector[kube.HashLabel] = c.value
			}
			e.service(selector, func(svc *corev1.Service) { svc.Annotations = c.annotations })
			e.wantRoute(&kube.Client{API: e.api}, e.routed("web:2", "", 1), c.want)
		})
	}
}

// Of two revisions with one value, of which only one has replicas, it is that one; of two empty ones
// the newest.
func TestRouteIsOfWhatHasReplicas(t *testing.T) {
	for name, c := range map[string]struct {
		first, second int32
		want          string
	}{
		"the first":  {1, 0, "h1-first"},
		"the second": {0, 1, "h1-second"},
		"neither":    {0, 0, "h1-second"},
	} {
		t.Run(name, func(t *testing.T) {
			e := still(t)
			for i, size := range []int32{c.first, c.second} {
				which, number := []string{"first", "second"}[i], []string{"1", "2"}[i]
				e.make("web-"+which, "web:"+which, func(rs *appsv1.ReplicaSet) {
					e.owned(rs)
					*rs.Spec.Replicas = size
					rs.Spec.Template.Labels["version"] = "v1"
					rs.Annotations = map[string]string{kube.DefaultPrefix + "/template": "h1-" + which, kube.RevisionKey: number}
				})
			}
			e.service(map[string]string{"app": "web", "version": "v1"}, nil)
			c2 := &kube.Client{API: e.api}
			e.wantRoute(c2, e.routed("web:2", "v2", 1), rollout.Route{To: c.want})
			w, _ := e.observed(c2, e.routed("web:2", "v2", 1))
			e.check(w.Apply(t.Context(), rollout.Switch{Route: "web", To: c.want}))
		})
	}
}

func TestWithoutRoutesNoServiceIsRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := start(t, kubetest.Options{})
		api, calls := e.through(nil)
		e.run(&kube.Client{API: api}, e.target("web:1", 2))
		for _, call := range calls.Take() {
			if call.Resource == "services" || call.Resource == "endpointslices" {
				t.Errorf("%v", call)
			}
		}
	})
}

// An empty ReplicaSet of somebody else's is nobody's to point at: its template stays unknown, as a
// history counts on.
func TestStandInIsOfWhatHasReplicas(t *testing.T) {
	e := still(t)
	for name, size := range map[string]int32{"web-0": 0, "web-1": 1} {
		e.make(name, "web:"+name, func(rs *appsv1.ReplicaSet) { e.owned(rs); *rs.Spec.Replicas = size })
	}
	e.service(map[string]string{"app": "web"}, nil)
	c := &kube.Client{API: e.api}
	for name, c := range map[string]struct {
		state rollout.State
		want  string
	}{
		"with routes": {second(e.observed(c, e.routed("web:2", "", 1))), "uid:" + string(e.set("web-1").UID)},
		"without":     {second(e.observed(c, e.target("web:2", 1))), ""},
	} {
		if empty, sized := c.state.Revisions[0].Template, c.state.Revisions[1].Template; empty != "" || sized != c.want {
			t.Errorf("%s: %q and %q, want none and %q", name, empty, sized, c.want)
		}
	}
}

func second[A, B any](_ A, b B) B { return b }

package kube_test

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gopawl/pawl/internal/faults"
	"github.com/gopawl/pawl/rollout"
	"github.com/gopawl/pawl/rollout/kube"
	"github.com/gopawl/pawl/rollout/kube/kubetest"
)

func TestServiceThatCannotBeARouteIsNamed(t *testing.T) {
	external := func(svc *corev1.Service) {
		svc.Spec.Type, svc.Spec.ExternalName, svc.Spec.Ports = corev1.ServiceTypeExternalName, "example.com", nil
	}
	for name, c := range map[string]struct {
		selector map[string]string
		change   func(*corev1.Service)
		value    string
	}{
		"no selector":         {nil, nil, "without a selector"},
		"external":            {map[string]string{"app": "web"}, external, "of type ExternalName"},
		"another application": {map[string]string{"app": "shop"}, nil, "with selector app=shop"},
		"more than there is":  {map[string]string{"app": "web", "tier": "front"}, nil, "with selector app=web,tier=front"},
	} {
		t.Run(name, func(t *testing.T) {
			e := still(t)
			e.make("orphan", "web:1", nil)
			e.service(c.selector, c.change)
			api, calls := e.through(nil)
			_, err := (&rollout.Engine{}).Reconcile(t.Context(), e.workload(&kube.Client{API: api}, e.routed("web:2", "", 1)), rolling)
			var invalid *rollout.InvalidError
			if !errors.As(err, &invalid) || invalid.Path != "routes[web].service" || invalid.Value != c.value {
				t.Errorf("got %v", err)
			}
			e.wantNoWrites(calls.Take())
		})
	}
}

func (e *env) wantNoWrites(calls []faults.Call) {
	e.Helper()
	for _, call := range calls {
		if call.Writes() {
			e.Errorf("%v", call)
		}
	}
}

// Where two templates have the same value, new pods would get traffic as they start.
func TestKeyThatTellsNothingApartIsNamed(t *testing.T) {
	for name, c := range map[string]struct{ key, first, second, wanted string }{
		"old and wanted":     {"version", "v1", "v2", "v1"},
		"old and old":        {"version", "v1", "v1", "v2"},
		"an old one without": {"version", "v1", "", "v2"},
		"one of all":         {"app", "v1", "v2", "v3"},
		"no hash":            {"", "v1", "v2", "v3"},
	} {
		t.Run(name, func(t *testing.T) {
			e := still(t)
			for i, v := range []string{c.first, c.second} {
				which := []string{"one", "two"}[i]
				e.make("web-"+which, "web:"+which, func(rs *appsv1.ReplicaSet) {
					e.owned(rs)
					*rs.Spec.Replicas = 1
					rs.Spec.Template.Labels["version"] = v
					if v == "" || name == "no hash" {
						rs.Spec.Selector.MatchLabels = map[string]string{"app": "web"}
						delete(rs.Spec.Template.Labels, "version")
						delete(rs.Spec.Template.Labels, kube.HashLabel)
					}
				})
			}
			e.service(map[string]string{"app": "web"}, nil)
			target := e.routed("web:3", c.wanted, 1)
			target.Routes[0].Key = c.key
			api, calls := e.through(nil)
			_, err := (&rollout.Engine{}).Reconcile(t.Context(), e.workload(&kube.Client{API: api}, target), rolling)
			var invalid *rollout.InvalidError
			if !errors.As(err, &invalid) || invalid.Path != "routes[web].key" || !strings.Contains(invalid.Allowed, "web-") {
				t.Errorf("got %v", err)
			}
			e.wantNoWrites(calls.Take())
		})
	}
}

func TestServiceThatIsMissing(t *testing.T) {
	missing := func(t *testing.T, err error) {
		t.Helper()
		var refused *kube.RefusedError
		if !errors.As(err, &refused) || refused.Why != kube.NoService || !strings.Contains(err.Error(), `"web"`) || errors.Is(err, rollout.ErrConflict) {
			t.Errorf("got %v", err)
		}
	}
	t.Run("at the beginning", func(t *testing.T) {
		e := still(t)
		e.make("orphan", "web:1", nil)
		api, calls := e.through(nil)
		_, err := (&rollout.Engine{}).Run(t.Context(), e.workload(&kube.Client{API: api}, e.routed("web:1", "", 1)), rolling)
		missing(t, err)
		e.wantNoWrites(calls.Take())
	})
	for name, back := range map[string]bool{"in the middle": true, "and not coming back": false} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				e := start(t, kubetest.Options{})
				svc := e.service(map[string]string{"app": "web"}, nil)
				go func() {
					time.Sleep(2500 * time.Millisecond)
					_ = e.api.CoreV1().Services("default").Delete(t.Context(), "web", metav1.DeleteOptions{})
					time.Sleep(4 * time.Second)
					if svc.ResourceVersion, svc.UID, svc.Spec.ClusterIP = "", "", ""; back {
						svc.Spec.ClusterIPs = nil
						_, _ = e.api.CoreV1().Services("default").Create(t.Context(), svc, metav1.CreateOptions{})
					}
				}()
				target := e.routed("web:1", "", 3)
				target.MinReadySeconds = 30 // longer than a missing Service is doubted for
				_, err := (&rollout.Engine{Poll: time.Second}).Run(t.Context(), e.workload(&kube.Client{API: e.api}, target), rolling)
				if back {
					e.check(err)
				} else {
					missing(t, err)
				}
			})
		})
	}
}

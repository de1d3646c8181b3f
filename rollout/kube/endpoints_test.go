package kube_test

import (
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/gopawl/pawl/rollout/kube"
)

func TestEndpointsAreCountedByWhatTheyServe(t *testing.T) {
	yes, no := true, false
	with := func(ready, serving, terminating *bool) discoveryv1.EndpointConditions {
		return discoveryv1.EndpointConditions{Ready: ready, Serving: serving, Terminating: terminating}
	}
	ours, theirs := types.UID("p"), types.UID("other")
	of := func(uid types.UID, c discoveryv1.EndpointConditions, address string) discoveryv1.Endpoint {
		return discoveryv1.Endpoint{Addresses: []string{address}, Conditions: c, TargetRef: &corev1.ObjectReference{Kind: "Pod", UID: uid}}
	}
	up := with(&yes, &yes, &no)
	for name, c := range map[string]struct {
		v4, v6         []discoveryv1.Endpoint
		deleted        bool
		serving, stale int32
	}{
		"none":                       {},
		"ready":                      {v4: []discoveryv1.Endpoint{of(ours, up, "10.0.0.1")}, serving: 1},
		"nothing said is ready":      {v4: []discoveryv1.Endpoint{of(ours, with(nil, nil, nil), "10.0.0.1")}, serving: 1},
		"not ready":                  {v4: []discoveryv1.Endpoint{of(ours, with(&no, &no, &no), "10.0.0.1")}},
		"terminating":                {v4: []discoveryv1.Endpoint{of(ours, with(&no, &yes, &yes), "10.0.0.1")}, stale: 1},
		"deleted, not told yet":      {v4: []discoveryv1.Endpoint{of(ours, up, "10.0.0.1")}, deleted: true, stale: 1},
		"terminating and over":       {v4: []discoveryv1.Endpoint{of(ours, with(&no, &no, &yes), "10.0.0.1")}},
		"published before it can":    {v4: []discoveryv1.Endpoint{of(ours, with(&yes, &no, &no), "10.0.0.1")}, stale: 1},
		"another's":                  {v4: []discoveryv1.Endpoint{of(ours, up, "10.0.0.1"), of(theirs, up, "10.0.0.2")}, serving: 1, stale: 1},
		"of no pod":                  {v4: []discoveryv1.Endpoint{{Addresses: []string{"10.0.0.9"}, Conditions: up}, {Addresses: []string{"10.0.0.8"}, Conditions: up}}, stale: 2},
		"two addresses":              {v4: []discoveryv1.Endpoint{of(ours, up, "10.0.0.1")}, v6: []discoveryv1.Endpoint{of(ours, up, "fd00::1")}, serving: 1},
		"two addresses, one behind":  {v4: []discoveryv1.Endpoint{of(ours, up, "10.0.0.1")}, v6: []discoveryv1.Endpoint{of(ours, with(&no, &yes, &yes), "fd00::1")}, stale: 1},
		"two addresses, the other":   {v4: []discoveryv1.Endpoint{of(ours, with(&no, &yes, &yes), "10.0.0.1")}, v6: []discoveryv1.Endpoint{of(ours, up, "fd00::1")}, stale: 1},
		"two of another's addresses": {v4: []discoveryv1.Endpoint{of(theirs, up, "10.0.0.1")}, v6: []discoveryv1.Endpoint{of(theirs, up, "fd00::1")}, stale: 1},
	} {
		t.Run(name, func(t *testing.T) {
			e := still(t)
			cache := e.ofOne(func(rs *appsv1.ReplicaSet) { *rs.Spec.Replicas = 1 }, func(p *corev1.Pod) {
				if p.UID = ours; c.deleted {
					p.DeletionTimestamp = &metav1.Time{Time: time.Now()}
				}
			})
			e.slices(c.v4, c.v6)
			e.service(map[string]string{"app": "web", kube.HashLabel: "web-1"}, nil)
			client := &kube.Client{API: e.api, Cache: cache}
			e.observed(client, e.routed("web:2", "", 1)) // the first look is live
			got := e.route(client, e.routed("web:2", "", 1))
			if got.Serving != c.serving || got.Stale != c.stale {
				t.Errorf("%d serve, %d stale; want %d and %d", got.Serving, got.Stale, c.serving, c.stale)
			}
		})
	}
}

// slices makes the EndpointSlices of the Service, and one of another's.
func (e *env) slices(v4, v6 []discoveryv1.Endpoint) {
	e.Helper()
	for name, s := range map[string]discoveryv1.EndpointSlice{
		"web-4": {AddressType: discoveryv1.AddressTypeIPv4, Endpoints: v4},
		"web-6": {AddressType: discoveryv1.AddressTypeIPv6, Endpoints: v6},
		"db":    {AddressType: discoveryv1.AddressTypeIPv4, Endpoints: []discoveryv1.Endpoint{{Addresses: []string{"10.0.1.1"}}}},
	} {
		s.Name, s.Labels = name, map[string]string{discoveryv1.LabelServiceName: strings.TrimRight(name, "-46")}
		_, err := e.api.DiscoveryV1().EndpointSlices("default").Create(e.Context(), &s, metav1.CreateOptions{})
		e.check(err)
	}
}

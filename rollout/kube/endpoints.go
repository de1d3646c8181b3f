package kube

import (
	"context"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"

	"github.com/gopawl/pawl/rollout"
)

// endpoints counts what is behind a route.
func (w *Workload) endpoints(ctx context.Context, route *rollout.Route, revisions []rollout.Revision, pods []*corev1.Pod) error {
	list, err := w.client.API.DiscoveryV1().EndpointSlices(w.target.Owner.Namespace).List(ctx, metav1.ListOptions{
		LabelSelector: labels.Set{discoveryv1.LabelServiceName: route.Name}.String(),
	})
	if err != nil {
		return classify(ctx, fmt.Sprintf("list endpoint slices of service %q", route.Name), err)
	}
	route.Serving, route.Stale = countEndpoints(list.Items, w.podsOf(route.To, revisions, pods))
	return nil
}

// podsOf are the uids of a template's pods that are to stay.
func (w *Workload) podsOf(template string, revisions []rollout.Revision, pods []*corev1.Pod) map[types.UID]bool {
	sets := map[types.UID]bool{}
	for _, r := range revisions {
		if r.Template == template {
			sets[w.seen[r.Name].UID] = true
		}
	}
	found := map[types.UID]bool{}
	for _, pod := range pods {
		if ref := metav1.GetControllerOf(pod); ref != nil && sets[ref.UID] && pod.DeletionTimestamp == nil {
			found[pod.UID] = true
		}
	}
	return found
}

// countEndpoints counts those that get traffic: serving are the ready ones of some pods, stale all
// others. A pod with several addresses is one, and stale if one of them is.
func countEndpoints(slices []discoveryv1.EndpointSlice, of map[types.UID]bool) (serving, stale int32) {
	good := map[string]bool{}
	for _, slice := range slices {
		for _, e := range slice.Endpoints {
			ready, up, leaving := is(e.Conditions.Ready, true), is(e.Conditions.Serving, true), is(e.Conditions.Terminating, false)
			if !ready && !up {
				continue
			}
			who, ours := strings.Join(e.Addresses, ","), false
			if e.TargetRef != nil && e.TargetRef.UID != "" {
				who, ours = string(e.TargetRef.UID), of[e.TargetRef.UID]
			}
			before, known := good[who]
			good[who] = ready && up && !leaving && ours && (before || !known)
		}
	}
	for _, g := range good {
		if g {
			serving++
		} else {
			stale++
		}
	}
	return serving, stale
}

// is is a condition of an endpoint, or what nil means (discovery.k8s.io/v1 EndpointConditions).
func is(condition *bool, otherwise bool) bool {
	if condition == nil {
		return otherwise
	}
	return *condition
}

package kube

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/gopawl/pawl/rollout"
)

// Route is a Service whose selector follows one revision.
type Route struct {
	// Service is its name, in the owner's namespace. A State has the route by it.
	Service string
	// Key is the key of the selector that tells revisions apart; "" is [HashLabel]. Any other, such as
	// version, is a label of the pod template, with a value of its own in every template.
	Key string
}

func (r Route) key() string { return cmp.Or(r.Key, HashLabel) }

func (r Route) invalid(field string, value any, allowed string) error {
	return &rollout.InvalidError{Path: fmt.Sprintf("routes[%s].%s", r.Service, field), Value: value, Allowed: allowed}
}

// checkRoutes says what is wrong with routes whatever the cluster has.
func checkRoutes(routes []Route, template map[string]any) error {
	seen := map[string]bool{}
	for _, r := range routes {
		if r.Service == "" || seen[r.Service] {
			return &rollout.InvalidError{Path: "routes.service", Value: fmt.Sprintf("%q", r.Service), Allowed: "given and unique"}
		}
		seen[r.Service] = true
		if wrong := validation.IsQualifiedName(r.key()); len(wrong) > 0 {
			return r.invalid("key", fmt.Sprintf("%q", r.Key), "the key of a label: "+strings.Join(wrong, "; "))
		}
		if r.key() != HashLabel && templateLabels(template)[r.key()] == "" {
			return r.invalid("key", r.key(), "a label of the template, with a value of its own in every template")
		}
	}
	return nil
}

// services reads the Services of the routes, by name, and makes sure that they can be routes.
func (w *Workload) services(ctx context.Context) (map[string]*corev1.Service, error) {
	found := make(map[string]*corev1.Service, len(w.target.Routes))
	for _, r := range w.target.Routes {
		svc, err := w.client.API.CoreV1().Services(w.target.Owner.Namespace).Get(ctx, r.Service, metav1.GetOptions{})
		action := fmt.Sprintf("read service %q", r.Service)
		switch {
		case apierrors.IsNotFound(err):
			return nil, &RefusedError{NoService, action, err}
		case err != nil:
			return nil, classify(ctx, action, err)
		}
		if err := w.checkService(r, svc); err != nil {
			return nil, err
		}
		found[r.Service] = svc
	}
	return found, nil
}

// checkService makes sure that a Service selects the pods of the wanted template, but for its key.
func (w *Workload) checkService(r Route, svc *corev1.Service) error {
	if svc.Spec.Type == corev1.ServiceTypeExternalName {
		return r.invalid("service", "of type ExternalName", "one with a selector")
	}
	if len(svc.Spec.Selector) == 0 {
		return r.invalid("service", "without a selector", "one with a selector")
	}
	rest, have := maps.Clone(svc.Spec.Selector), templateLabels(w.template)
	delete(rest, r.key())
	if !labels.SelectorFromSet(rest).Matches(labels.Set(have)) {
		return r.invalid("service", fmt.Sprintf("with selector %s", labels.Set(svc.Spec.Selector)), fmt.Sprintf("one that selects the template's labels %s", labels.Set(have)))
	}
	return nil
}

// observeRoutes returns the routes as they are, with their endpoints. The revisions are by number.
func (w *Workload) observeRoutes(ctx context.Context, revisions []rollout.Revision, pods []*corev1.Pod) ([]rollout.Route, error) {
	if len(w.target.Routes) == 0 {
		return nil, nil
	}
	services, err := w.services(ctx)
	if err != nil {
		return nil, err
	}
	routes := make([]rollout.Route, len(w.target.Routes))
	for i, r := range w.target.Routes {
		if err := w.toldApart(r, revisions); err != nil {
			return nil, err
		}
		route := w.route(r, services[r.Service], revisions)
		if err := w.endpoints(ctx, &route, revisions, pods); err != nil {
			return nil, err
		}
		routes[i] = route
	}
	w.routes = services
	return routes, nil
}

// value is what a revision's pods have under a key.
func (w *Workload) value(revision, key string) string {
	return w.seen[revision].Spec.Template.Labels[key]
}

func populated(r rollout.Revision) bool { return r.Replicas > 0 || r.Actual > 0 }

// toldApart makes sure that the value of a key is of one template alone, as far as there are pods or
// soon will be: else new pods would get traffic as they start.
func (w *Workload) toldApart(r Route, revisions []rollout.Revision) error {
	templates := map[string]string{} // by value
	if r.key() != HashLabel {
		templates[templateLabels(w.template)[r.key()]] = w.identity
	}
	for _, revision := range revisions {
		if !populated(revision) {
			continue
		}
		value := w.value(revision.Name, r.key())
		other, taken := templates[value]
		if value == "" || taken && other != revision.Template {
			return r.invalid("key", r.key(), fmt.Sprintf("a label with a value of its own in every template; that of replica set %q is %q, which tells it from no other", revision.Name, value))
		}
		templates[value] = revision.Template
	}
	return nil
}

// route is a Service as a State shows it, without endpoints. Of several revisions with the value that
// it selects, it is the one with replicas that counts, and then the newest.
func (w *Workload) route(r Route, svc *corev1.Service, revisions []rollout.Revision) rollout.Route {
	value := svc.Spec.Selector[r.key()]
	route := rollout.Route{Name: r.Service, To: value}
	if value == "" {
		return route
	}
	var found rollout.Revision
	for _, revision := range revisions {
		if w.value(revision.Name, r.key()) == value && (populated(revision) || !populated(found)) {
			found = revision
		}
	}
	route.To = cmp.Or(found.Template, value)
	if switched, at, ok := strings.Cut(svc.Annotations[w.keys.switched], " "); ok && switched == value {
		route.Since, _ = time.Parse(time.RFC3339Nano, at) // what cannot be read is no time
	}
	return route
}

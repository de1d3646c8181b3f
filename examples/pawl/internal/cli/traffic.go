package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"

	"github.com/gopawl/pawl/examples/pawl/internal/manifest"
	"github.com/gopawl/pawl/examples/pawl/internal/traffic"
	"github.com/gopawl/pawl/rollout/kube"
)

// callers is the flag by which requests are sent to a Service during a rollout. The zero value sends
// none.
type callers struct{ service string }

// onlyService is the value of the flag without one. No Service has this name.
const onlyService = "*"

// longestRest is how long the last pods may take to end while requests are still sent.
const longestRest = 10 * time.Second

func (f *callers) addFlag(c *cobra.Command) {
	c.Flags().StringVar(&f.service, "traffic", "", "Let the pods of the embedded cluster serve, send requests to this Service until the rollout is over, and count the answers. Without a name it is the only one that selects the pods")
	c.Flags().Lookup("traffic").NoOptDefVal = onlyService
}

func (f *callers) wanted() bool { return f.service != "" }

// check refuses what has no traffic.
func (f *callers) check(dryRun, wait bool, connection *connection) error {
	switch real, _ := connection.real(); { // connecting says what is wrong with it
	case !f.wanted():
		return nil
	case real:
		return errors.New("--traffic: only the pods of the embedded cluster are made to serve; those of a real one do so by themselves")
	case dryRun:
		return errors.New("--traffic and --dry-run: nothing is rolled out in a dry run")
	case !wait:
		return errors.New("--traffic and --wait=false: nobody would wait for the answers")
	}
	return nil
}

// stop is how long pods of the embedded cluster take to end.
func (f *callers) stop() time.Duration {
	if f.wanted() {
		return traffic.Drain
	}
	return 0
}

// find is the Service that requests are sent to: one of the manifests, or one that is there.
func (f *callers) find(ctx context.Context, s *session, objects []manifest.Object) (types.NamespacedName, error) {
	none := types.NamespacedName{}
	if !f.wanted() {
		return none, nil
	}
	if !slices.ContainsFunc(objects, func(o manifest.Object) bool { return o.GetKind() == "Deployment" }) {
		return none, errors.New("--traffic: there is no Deployment among the manifests, so nothing is rolled out")
	}
	found, err := f.candidates(ctx, s, objects)
	switch {
	case err != nil:
		return none, err
	case len(found) > 1:
		return none, fmt.Errorf("--traffic: several Services are meant, %s: choose one with --traffic=NAME", strings.Join(names(found), " and "))
	case len(found) == 1:
		return found[0], nil
	case f.service == onlyService:
		return none, errors.New("--traffic: no Service selects the pods, among the manifests or in the cluster")
	}
	return none, fmt.Errorf("--traffic: there is no Service %q, among the manifests or in the cluster", f.service)
}

// candidates are the Services that the flag may mean.
func (f *callers) candidates(ctx context.Context, s *session, objects []manifest.Object) ([]types.NamespacedName, error) {
	var found []types.NamespacedName
	for _, o := range objects {
		if o.GetKind() != "Deployment" {
			continue
		}
		services, err := s.services(ctx, o.GetNamespace(), objects)
		if err != nil {
			return nil, err
		}
		for _, svc := range services {
			name := types.NamespacedName{Namespace: svc.Namespace, Name: svc.Name}
			if (svc.Name == f.service || f.service == onlyService && leadsTo(svc, o)) && !slices.Contains(found, name) {
				found = append(found, name)
			}
		}
	}
	return found, nil
}

func names(services []types.NamespacedName) []string {
	var all []string
	for _, s := range services {
		all = append(all, s.String())
	}
	slices.Sort(all)
	return all
}

// services are those that a namespace has once the manifests are applied.
func (s *session) services(ctx context.Context, namespace string, objects []manifest.Object) ([]corev1.Service, error) {
	list, err := s.API.CoreV1().Services(namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, err
	}
	all := list.Items
	for _, o := range objects {
		if o.GetKind() != "Service" || o.GetNamespace() != namespace {
			continue
		}
		var svc corev1.Service
		if err := runtime.DefaultUnstructuredConverter.FromUnstructured(o.Object, &svc); err != nil {
			return nil, fmt.Errorf("%s: %w", o.Source, err)
		}
		all = slices.DeleteFunc(all, func(before corev1.Service) bool { return before.Name == svc.Name })
		all = append(all, svc)
	}
	return all, nil
}

// leadsTo says whether a Service selects the pods of a Deployment, of one revision or of all.
func leadsTo(svc corev1.Service, deployment manifest.Object) bool {
	selector := svc.Spec.Selector
	delete(selector, kube.HashLabel)
	of, _, _ := unstructured.NestedStringMap(deployment.Object, "spec", "template", "metadata", "labels")
	return len(selector) > 0 && svc.Spec.Type != corev1.ServiceTypeExternalName && labels.SelectorFromSet(selector).Matches(labels.Set(of))
}

// called does something while requests are sent to a Service, and says what became of them. No Service
// is none. Requests begin when somebody serves and end with the last pod that is on its way out.
func (p *Pawl) called(ctx context.Context, s *session, service types.NamespacedName, do func() error) error {
	if service.Name == "" {
		return do()
	}
	network, err := traffic.Open(ctx, s.API, service.Namespace, service.Name)
	if err != nil {
		return fmt.Errorf("--traffic: %w", err)
	}
	p.say("traffic: service %s is served at http://%s", service.Name, network.Address())
	calling, hangUp := context.WithCancel(context.WithoutCancel(ctx))
	outcome := make(chan traffic.Tally, 1)
	go func() { outcome <- network.Call(calling) }()
	err = do()
	resting, cancel := context.WithTimeout(ctx, longestRest)
	network.Rest(resting)
	cancel()
	hangUp()
	out := p.Out
	if p.quiet {
		out = p.ErrOut
	}
	fmt.Fprintf(out, "traffic: service %s: %v", service.Name, <-outcome)
	if lost := network.Close(); lost != nil {
		return errors.Join(err, lost)
	}
	return err
}

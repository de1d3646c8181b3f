package node

import (
	"context"
	"fmt"
	"slices"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"sigs.k8s.io/yaml"

	"github.com/gopawl/pawl/rollout"
	"github.com/gopawl/pawl/rollout/kube"
	"github.com/gopawl/pawl/strategies"
	"github.com/gopawl/pawl/test/cluster/suite"
)

const patience = 90 * time.Second // with one rollout, on a busy machine

// side is one of those who roll out.
type side interface {
	// to rolls a version out, and returns when its pods are all there is but for pods on their way out.
	to(template corev1.PodTemplateSpec)
}

// bounds are what a rolling update may do.
type bounds struct{ surge, unavailable string }

func (b bounds) String() string { return "surge " + b.surge + ", unavailable " + b.unavailable }

func (b bounds) amounts(f *suite.Fixture) strategies.Rolling {
	f.Helper()
	surge, err := rollout.ParseAmount(b.surge)
	if err != nil {
		f.Fatal(err)
	}
	unavailable, err := rollout.ParseAmount(b.unavailable)
	if err != nil {
		f.Fatal(err)
	}
	return strategies.Rolling{MaxSurge: surge, MaxUnavailable: unavailable}
}

// engine is Pawl's, in this process.
type engine struct {
	*suite.Fixture
	client   *kube.Client
	target   kube.Target
	strategy rollout.Strategy
}

func newEngine(f *suite.Fixture, s rollout.Strategy) engine {
	return engine{f, f.Informed(), kube.Target{
		Owner:    f.Owner(name),
		Selector: &metav1.LabelSelector{MatchLabels: labels},
		Replicas: replicas,
	}, s}
}

func (e engine) to(template corev1.PodTemplateSpec) {
	e.Helper()
	if status, err := e.run(template, patience); err != nil {
		e.Fatalf("rollout to %s: %v; %+v", template.Spec.Containers[0].Image, err, status)
	}
}

func (e engine) run(template corev1.PodTemplateSpec, within time.Duration) (rollout.Status, error) {
	e.Helper()
	ctx, cancel := context.WithTimeout(e.Context(), within)
	defer cancel()
	e.target.Template = template
	return new(rollout.Engine).Run(ctx, e.Workload(e.client, e.target), e.strategy)
}

// native is the Deployment controller.
type native struct {
	*suite.Fixture
	strategy appsv1.DeploymentStrategy
}

func (n native) to(template corev1.PodTemplateSpec) {
	n.Helper()
	api := n.Client.AppsV1().Deployments(n.Namespace)
	want := deployment(template, n.strategy)
	n.Eventually(10*time.Second, func(ctx context.Context) error { // the controller writes as well
		now, err := api.Get(ctx, name, metav1.GetOptions{})
		if err != nil {
			_, err = api.Create(ctx, want, metav1.CreateOptions{})
			return err
		}
		now.Spec = want.Spec
		_, err = api.Update(ctx, now, metav1.UpdateOptions{})
		return err
	})
	n.Eventually(patience, func(ctx context.Context) error {
		now, err := api.Get(ctx, name, metav1.GetOptions{})
		if err != nil {
			return err
		}
		s := now.Status
		if s.ObservedGeneration < now.Generation || s.UpdatedReplicas < replicas || s.Replicas > s.UpdatedReplicas || s.AvailableReplicas < replicas {
			return fmt.Errorf("deployment: %+v", s)
		}
		return nil
	})
}

func deployment(template corev1.PodTemplateSpec, strategy appsv1.DeploymentStrategy) *appsv1.Deployment {
	n := int32(replicas)
	return &appsv1.Deployment{
		TypeMeta:   metav1.TypeMeta{APIVersion: "apps/v1", Kind: "Deployment"},
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: appsv1.DeploymentSpec{
			Replicas: &n,
			Selector: &metav1.LabelSelector{MatchLabels: labels},
			Strategy: strategy,
			Template: template,
		},
	}
}

func (b bounds) deploymentStrategy() appsv1.DeploymentStrategy {
	surge, unavailable := intstr.Parse(b.surge), intstr.Parse(b.unavailable)
	return appsv1.DeploymentStrategy{
		Type:          appsv1.RollingUpdateDeploymentStrategyType,
		RollingUpdate: &appsv1.RollingUpdateDeployment{MaxSurge: &surge, MaxUnavailable: &unavailable},
	}
}

// command is the program pawl, with a manifest.
type command struct {
	suite.Command
	strategy appsv1.DeploymentStrategy
}

func newCommand(f *suite.Fixture, s appsv1.DeploymentStrategy) command {
	f.Helper()
	return command{f.Command(nil, slices.Concat(kube.Rules(), suite.CommandRules)...), s}
}

func (c command) to(template corev1.PodTemplateSpec) {
	c.Helper()
	c.Does("run", "-f", c.manifest(template), "--timeout", patience.String())
}

// manifest is the path of one for the template.
func (c command) manifest(template corev1.PodTemplateSpec) string {
	c.Helper()
	d := deployment(template, c.strategy)
	data, err := yaml.Marshal(map[string]any{"apiVersion": d.APIVersion, "kind": d.Kind, "metadata": map[string]string{"name": name}, "spec": d.Spec})
	if err != nil {
		c.Fatal(err)
	}
	return c.File("web.yaml", string(data))
}

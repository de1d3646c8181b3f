package beside

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gopawl/pawl/test/cluster/suite"
)

// deployment is the side of the real Deployment controller.
type deployment struct {
	*suite.Fixture
	now *appsv1.Deployment
}

func (d *deployment) asks(w wanted) {
	d.Helper()
	api := d.Client.AppsV1().Deployments(d.Namespace)
	d.Eventually(10*time.Second, func(ctx context.Context) (err error) { // the controller writes as well
		now, err := api.Get(ctx, "web", metav1.GetOptions{})
		if apierrors.IsNotFound(err) {
			d.now, err = api.Create(ctx, w.deployment(nil), metav1.CreateOptions{})
			return err
		}
		if err == nil {
			d.now, err = api.Update(ctx, w.deployment(now), metav1.UpdateOptions{})
		}
		return err
	})
}

// deployment is what is wanted as a Deployment, an older version of it where there is one.
func (w wanted) deployment(old *appsv1.Deployment) *appsv1.Deployment {
	d := &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Name: "web"}}
	if old != nil {
		d = old.DeepCopy()
	}
	const revision = "deployment.kubernetes.io/revision" // the controller's
	number, ok := d.Annotations[revision]
	d.Annotations = map[string]string{}
	for k, v := range w.annotations {
		d.Annotations[k] = v
	}
	if ok {
		d.Annotations[revision] = number
	}
	d.Spec.Replicas, d.Spec.Paused, d.Spec.Template = &w.replicas, w.paused, w.template
	d.Spec.MinReadySeconds = w.minReadySeconds
	d.Spec.Selector = &metav1.LabelSelector{MatchLabels: map[string]string{"app": "web"}}
	d.Spec.Strategy = appsv1.DeploymentStrategy{Type: appsv1.RecreateDeploymentStrategyType}
	if !w.recreate {
		d.Spec.Strategy = appsv1.DeploymentStrategy{RollingUpdate: &appsv1.RollingUpdateDeployment{
			MaxSurge: amount(w.surge), MaxUnavailable: amount(w.unavailable),
		}}
	}
	return d
}

func (d *deployment) completes() {
	d.Helper()
	api := d.Client.AppsV1().Deployments(d.Namespace)
	d.Eventually(patience, func(ctx context.Context) error {
		now, err := api.Get(ctx, "web", metav1.GetOptions{})
		if err != nil {
			return err
		}
		want, s := *now.Spec.Replicas, now.Status
		if s.ObservedGeneration < now.Generation || s.UpdatedReplicas != want || s.Replicas != want || s.AvailableReplicas != want {
			return fmt.Errorf("the deployment is not complete: %+v", s)
		}
		d.now = now
		return nil
	})
}

func (d *deployment) undoes() {
	d.Helper()
	d.Kubectl(nil).Does("rollout", "undo", "deployment/web")
}

// outcome is the conditions, in the order of their names.
func (d *deployment) outcome() string {
	d.Helper()
	var all []string
	for _, c := range d.live().Status.Conditions {
		all = append(all, fmt.Sprintf("%s=%s %s: %s", c.Type, c.Status, c.Reason, c.Message))
	}
	slices.Sort(all)
	return strings.Join(all, "; ")
}

func (d *deployment) terminating() int32 {
	d.Helper()
	if n := d.live().Status.TerminatingReplicas; n != nil {
		return *n
	}
	return 0
}

func (d *deployment) live() *appsv1.Deployment {
	d.Helper()
	now, err := d.Client.AppsV1().Deployments(d.Namespace).Get(d.Context(), "web", metav1.GetOptions{})
	if err != nil {
		d.Fatal(err)
	}
	return now
}

func (d *deployment) owner() string { return string(d.now.UID) }

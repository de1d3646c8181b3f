package minicontroller

import (
	"context"
	"fmt"
	"testing"
	"time"

	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"github.com/gopawl/pawl/rollout/kube"
)

// Kubernetes' own autoscaler resizes a Mini through /scale in the middle of a rollout, up and down. There
// are no metrics, so it acts where the replicas are not within its minimum and maximum.
func TestAutoscaledMidway(t *testing.T) {
	t.Parallel()
	c := start(t)
	c.apply(manifest("web", "web:1", 4))
	c.completes("web")
	c.autoscale(4, 4)

	o := c.Observer()
	c.patch("web", image("web:2", "5s"))
	c.Eventually(30*time.Second, c.midway)
	c.limits(8, 8)
	c.Eventually(30*time.Second, c.sharedOut(8, 2))
	c.completes("web")
	c.runs("web:2", 8)
	c.within(o.Bounds(), 4, 9)

	o = c.Observer()
	c.patch("web", image("web:3", "5s"))
	c.Eventually(30*time.Second, c.midway)
	c.limits(3, 3)
	c.Eventually(30*time.Second, c.sharedOut(3, 1))
	c.completes("web")
	c.runs("web:3", 3)
	c.within(o.Bounds(), 3, 9)

	hpa, err := c.Client.AutoscalingV2().HorizontalPodAutoscalers(c.Namespace).Get(t.Context(), "web", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%+v", hpa.Status)
	if hpa.Status.LastScaleTime == nil || hpa.Status.CurrentReplicas != 3 {
		t.Errorf("the autoscaler's status: %+v", hpa.Status)
	}
}

// autoscale puts the Mini web under an autoscaler.
func (c *controller) autoscale(least, most int32) {
	c.Helper()
	percent := int32(80)
	_, err := c.Client.AutoscalingV2().HorizontalPodAutoscalers(c.Namespace).Create(c.Context(), &autoscalingv2.HorizontalPodAutoscaler{
		ObjectMeta: metav1.ObjectMeta{Name: "web"},
		Spec: autoscalingv2.HorizontalPodAutoscalerSpec{
			ScaleTargetRef: autoscalingv2.CrossVersionObjectReference{APIVersion: minis.GroupVersion().String(), Kind: "Mini", Name: "web"},
			MinReplicas:    &least, MaxReplicas: most,
			Metrics: []autoscalingv2.MetricSpec{{Type: autoscalingv2.ResourceMetricSourceType, Resource: &autoscalingv2.ResourceMetricSource{
				Name: corev1.ResourceCPU, Target: autoscalingv2.MetricTarget{Type: autoscalingv2.UtilizationMetricType, AverageUtilization: &percent},
			}}},
		},
	}, metav1.CreateOptions{})
	if err != nil {
		c.Fatal(err)
	}
}

// limits are new ones for the autoscaler.
func (c *controller) limits(least, most int32) {
	c.Helper()
	patch := fmt.Appendf(nil, `{"spec":{"minReplicas":%d,"maxReplicas":%d}}`, least, most)
	if _, err := c.Client.AutoscalingV2().HorizontalPodAutoscalers(c.Namespace).Patch(c.Context(), "web", types.MergePatchType, patch, metav1.PatchOptions{}); err != nil {
		c.Fatal(err)
	}
}

// sharedOut looks for sizes that were all worked out from so many replicas, of at least so many versions.
func (c *controller) sharedOut(replicas int64, versions int) func(context.Context) error {
	return func(ctx context.Context) error {
		mini, err := c.minis.Get(ctx, "web", metav1.GetOptions{})
		if err != nil {
			return err
		}
		if wanted, _, _ := unstructured.NestedInt64(mini.Object, "spec", "replicas"); wanted != replicas {
			return fmt.Errorf("%d replicas are wanted, not yet %d", wanted, replicas)
		}
		running := 0
		for _, rs := range c.Sets() {
			if *rs.Spec.Replicas == 0 {
				continue
			}
			if running++; rs.Annotations[kube.DesiredKey] != fmt.Sprint(replicas) {
				return fmt.Errorf("%s has %d replicas, worked out from %s", rs.Name, *rs.Spec.Replicas, rs.Annotations[kube.DesiredKey])
			}
		}
		if running < versions {
			c.Fatalf("sizes when the change to %d was shared out: %v; want %d versions", replicas, c.Sizes(), versions)
		}
		c.Logf("%d replicas, shared out: %v", replicas, c.Sizes())
		return nil
	}
}

package e2e

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/gopawl/pawl/rollout/kube"
	"github.com/gopawl/pawl/test/cluster/suite"
)

func TestForbiddenIsRefused(t *testing.T) {
	f := suite.New(t)
	target := f.Target("web", "web:1", 1)
	config, err := suite.Cluster().ConfigFor("carol", "readers")
	if err != nil {
		t.Fatal(err)
	}
	carol := &kube.Client{API: suite.NewClient(t, config)}
	_, err = f.Reconcile(carol, target)
	refused(t, err, kube.Forbidden)

	f.Grant("readers", rbacv1.PolicyRule{APIGroups: []string{"", "apps"}, Resources: []string{"pods", "replicasets"}, Verbs: []string{"get", "list", "watch"}})
	f.Eventually(10*time.Second, func(ctx context.Context) error {
		_, err := f.Workload(carol, target).Observe(ctx)
		return err
	})
	_, err = f.Reconcile(carol, target)
	refused(t, err, kube.Forbidden)
	t.Log(err)

	f.Roll(&kube.Client{API: f.Client}, target) // what she may not change either
	target.Replicas = 2
	_, err = f.Reconcile(carol, target)
	refused(t, err, kube.Forbidden)
	if rs := f.Only(); *rs.Spec.Replicas != 1 {
		t.Errorf("%d replicas, want 1", *rs.Spec.Replicas)
	}
}

func TestQuotaIsRefused(t *testing.T) {
	f := suite.New(t)
	const counted = "count/replicasets.apps"
	quotas := f.Client.CoreV1().ResourceQuotas(f.Namespace)
	_, err := quotas.Create(t.Context(), &corev1.ResourceQuota{
		ObjectMeta: metav1.ObjectMeta{Name: "one"},
		Spec:       corev1.ResourceQuotaSpec{Hard: corev1.ResourceList{counted: resource.MustParse("1")}},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	f.Eventually(30*time.Second, func(ctx context.Context) error { // until then nothing at all is admitted
		q, err := quotas.Get(ctx, "one", metav1.GetOptions{})
		if _, known := q.Status.Used[counted]; err == nil && !known {
			err = errors.New("the quota has not been counted yet")
		}
		return err
	})
	client := &kube.Client{API: f.Client}
	target := f.Target("web", "web:1", 1)
	f.Roll(client, target)
	_, err = f.Reconcile(client, suite.WithImage(target, "web:2"))
	refused(t, err, kube.QuotaExceeded)
	t.Log(err)

	target.Replicas = 2 // what there is may still change
	f.Roll(client, target)
}

// A namespace that is being deleted, and that a finalizer keeps from going, takes nothing new.
func TestTerminatingNamespaceIsRefused(t *testing.T) {
	f := suite.New(t)
	namespaces := f.Client.CoreV1().Namespaces()
	made, err := namespaces.Create(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: f.Namespace + "-"}}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	f.Namespace = made.Name
	target := f.Target("web", "web:1", 1)
	configMaps := f.Client.CoreV1().ConfigMaps(f.Namespace)
	finalizers := func(list string) {
		patch := fmt.Appendf(nil, `{"metadata":{"finalizers":%s}}`, list)
		if _, err := configMaps.Patch(context.WithoutCancel(t.Context()), "web", types.MergePatchType, patch, metav1.PatchOptions{}); err != nil {
			t.Error(err)
		}
	}
	finalizers(`["example.com/held"]`)
	t.Cleanup(func() { finalizers("null") })
	if err := namespaces.Delete(t.Context(), f.Namespace, metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	f.Eventually(10*time.Second, func(ctx context.Context) error { // admission goes by a cache
		_, err := configMaps.Create(ctx, &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "new"}}, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
		if !apierrors.HasStatusCause(err, corev1.NamespaceTerminatingCause) {
			return fmt.Errorf("not terminating yet: %w", err)
		}
		return nil
	})

	_, err = f.Reconcile(&kube.Client{API: f.Client}, target)
	refused(t, err, kube.NamespaceTerminating)
	t.Log(err)
}

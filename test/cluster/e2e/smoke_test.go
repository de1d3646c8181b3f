package e2e

import (
	"context"
	"fmt"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gopawl/pawl/test/cluster/suite"
)

func TestReplicaSetBecomesReadyAndDeleteCascades(t *testing.T) {
	f := suite.New(t)
	f.Create(suite.ReplicaSet("web", "web:1", 3))
	f.Eventually(30*time.Second, f.PodsReady("app=web", 3, 3))
	f.Eventually(10*time.Second, func(ctx context.Context) error {
		rs, err := f.Client.AppsV1().ReplicaSets(f.Namespace).Get(ctx, "web", metav1.GetOptions{})
		if err == nil && rs.Status.AvailableReplicas != 3 {
			err = fmt.Errorf("%d of 3 available", rs.Status.AvailableReplicas)
		}
		return err
	})

	background := metav1.DeletePropagationBackground
	err := f.Client.AppsV1().ReplicaSets(f.Namespace).Delete(t.Context(), "web", metav1.DeleteOptions{PropagationPolicy: &background})
	if err != nil {
		t.Fatal(err)
	}
	f.Eventually(30*time.Second, func(ctx context.Context) error {
		pods, err := f.Pods(ctx, "app=web")
		if err == nil && len(pods) > 0 {
			err = fmt.Errorf("%d pods are left", len(pods))
		}
		return err
	})
}

func TestPodsFailAsAsked(t *testing.T) {
	for _, test := range []struct {
		name, image, fail string
		phase             corev1.PodPhase
		reason            string
	}{
		{"bad tag", "web:bad-1", "", corev1.PodPending, "ImagePullBackOff"},
		{"image", "web:1", "image", corev1.PodPending, "ImagePullBackOff"},
		{"crash", "web:1", "crash", corev1.PodRunning, "CrashLoopBackOff"},
		{"probe", "web:1", "probe", corev1.PodRunning, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := suite.New(t)
			rs := suite.ReplicaSet("web", test.image, 1)
			if test.fail != "" {
				rs.Spec.Template.Annotations["sim/fail"] = test.fail
			}
			f.Create(rs)
			f.Eventually(30*time.Second, func(ctx context.Context) error {
				return f.OnlyPod(ctx, func(pod *corev1.Pod) bool {
					return pod.Status.Phase == test.phase && suite.WaitingReason(pod) == test.reason &&
						len(pod.Status.ContainerStatuses) == 1 && !suite.PodReady(pod)
				})
			})
		})
	}
}

func TestLivePodFailsAndHeals(t *testing.T) {
	f := suite.New(t)
	f.Create(suite.ReplicaSet("web", "web:1", 1))
	f.Eventually(30*time.Second, f.PodsReady("app=web", 1, 1))
	pods, err := f.Pods(t.Context(), "app=web")
	if err != nil {
		t.Fatal(err)
	}
	for _, fail := range []string{`"probe"`, `"crash"`} {
		f.Annotate(pods[0].Name, "sim/fail", fail)
		f.Eventually(10*time.Second, f.PodsReady("app=web", 1, 0))
		f.Annotate(pods[0].Name, "sim/fail", "null")
		f.Eventually(10*time.Second, f.PodsReady("app=web", 1, 1))
	}
}

func TestRBACIsOn(t *testing.T) {
	f := suite.New(t)
	config, err := suite.Cluster().ConfigFor("alice", "developers")
	if err != nil {
		t.Fatal(err)
	}
	alice := suite.NewClient(t, config)
	list := func(ctx context.Context) error {
		_, err := alice.CoreV1().Pods(f.Namespace).List(ctx, metav1.ListOptions{})
		return err
	}
	if err := list(t.Context()); !apierrors.IsForbidden(err) {
		t.Fatalf("a user without a role lists pods: got %v, want Forbidden", err)
	}

	f.Grant("developers", rbacv1.PolicyRule{APIGroups: []string{""}, Resources: []string{"pods"}, Verbs: []string{"list"}})
	f.Eventually(10*time.Second, list)
	err = alice.CoreV1().Pods(f.Namespace).Delete(t.Context(), "any", metav1.DeleteOptions{})
	if !apierrors.IsForbidden(err) {
		t.Fatalf("a user who may list deletes: got %v, want Forbidden", err)
	}
}

func TestDelaysAreKept(t *testing.T) {
	f := suite.New(t)
	const delay = time.Second
	rs := suite.ReplicaSet("web", "web:1", 1)
	for _, key := range []string{"sim/start-delay", "sim/ready-delay", "sim/stop-delay"} {
		rs.Spec.Template.Annotations[key] = delay.String()
	}
	begin := time.Now()
	notBefore := func(what string, d time.Duration, look func(context.Context) error) {
		t.Helper()
		f.Eventually(30*time.Second, look)
		if got := time.Since(begin); got < d {
			t.Errorf("%s after %v, want not before %v", what, got, d)
		}
	}

	f.Create(rs)
	var name string
	notBefore("Running", delay, func(ctx context.Context) error {
		return f.OnlyPod(ctx, func(pod *corev1.Pod) bool {
			name = pod.Name
			return pod.Status.Phase == corev1.PodRunning
		})
	})
	notBefore("Ready", 2*delay, f.PodsReady("app=web", 1, 1))

	begin = time.Now()
	if err := f.Client.CoreV1().Pods(f.Namespace).Delete(t.Context(), name, metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	notBefore("gone", delay, func(ctx context.Context) error {
		_, err := f.Client.CoreV1().Pods(f.Namespace).Get(ctx, name, metav1.GetOptions{})
		switch {
		case apierrors.IsNotFound(err):
			return nil
		case err == nil:
			return fmt.Errorf("pod %s is still there", name)
		}
		return err
	})
}

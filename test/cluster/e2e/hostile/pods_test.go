package hostile

import (
	"context"
	"testing"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gopawl/pawl/test/cluster/suite"
)

// The new version gets no pods, or no node for them. The rollout waits at its first replica, says why
// in the words of who refused, and goes on by itself when the cause is gone. The old version serves.
func TestPodsAreNotLetIn(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		cause cause
		v2    []string // changes of the new version's manifest
		says  []string
	}{
		"quota of pods": {
			cause: quota(corev1.ResourcePods, "3"),
			says:  []string{"FailedCreate: pods ", "exceeded quota: little, requested: pods=1, used: pods=3, limited: pods=3"},
		},
		"quota of cpu that the pods do not mention": {
			cause: quota(corev1.ResourceRequestsCPU, "8"),
			says:  []string{"FailedCreate: pods ", "failed quota: little: must specify requests.cpu for: httpd"},
		},
		"more than the range allows": {
			cause: limits(corev1.LimitRangeItem{Max: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("1")}}),
			v2:    container("resources: {limits: {cpu: 2}}"),
			says:  []string{"FailedCreate: pods ", "maximum cpu usage per Container is 1, but limit is 2"},
		},
		"policy": {
			cause: policy(admissionv1.Create, "", "pods", "!object.spec.containers.exists(c, c.image == '"+newer+"')", tryPod),
			says:  []string{"FailedCreate: pods ", "denied request: not on a Friday"},
		},
		"pod security": {
			cause: security("restricted"),
			v2:    container("securityContext: {privileged: true}"),
			says:  []string{"FailedCreate: pods ", `violates PodSecurity "restricted:latest": privileged (container "httpd" must not set securityContext.privileged=true)`},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := begin(t)
			gone := c.cause(s.Fixture)
			s.waitsAndGoesOn(gone, c.v2, c.says)
		})
	}
	t.Run("no node", func(t *testing.T) {
		t.Parallel()
		s := begin(t)
		s.waitsAndGoesOn(room(s.Fixture), pod("nodeSelector: {disk.example.com/"+s.Namespace+": ssd}"),
			[]string{"Unschedulable: 0/", "node(s) didn't match Pod's node affinity/selector"})
	})
}

func (s scene) waitsAndGoesOn(gone func(), v2, says []string) {
	s.Helper()
	o := s.Observer()
	wait := s.Start("run", "-f", s.Edited("httpd.v2.yaml", v2...))
	s.says(append(says, "out of 3 new replicas have been updated")...)
	s.serves(older, 3)
	if n := s.ready(newer); n != 0 {
		s.Errorf("%d pods of the new version, want none", n)
	}
	gone()
	out, code := wait()
	s.Prints(out, done)
	if code != 0 {
		s.Errorf("exit code %d", code)
	}
	within(o)
	s.over()
}

// trialPod makes a pod of the new version, as a dry run.
func trialPod(ctx context.Context, f *suite.Fixture) (*corev1.Pod, error) {
	template := suite.ReplicaSet("trial", newer, 1).Spec.Template
	return f.Client.CoreV1().Pods(f.Namespace).Create(ctx, &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "trial"}, Spec: template.Spec},
		metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
}

func tryPod(ctx context.Context, f *suite.Fixture) error {
	_, err := trialPod(ctx, f)
	return err
}

package hostile

import (
	"context"
	"errors"
	"testing"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gopawl/pawl/rollout"
	"github.com/gopawl/pawl/rollout/kube"
	"github.com/gopawl/pawl/test/cluster/suite"
)

// Pods differ from their template, and ReplicaSets from what Pawl asked for. That is nobody's other
// version: it stays one ReplicaSet for each template, there and back.
func TestWhatAdmissionChangesIsNoOtherTemplate(t *testing.T) {
	t.Parallel()
	const sidecar = `[JSONPatch{op: "add", path: "/spec/containers/-", value: Object.spec.containers{name: "mesh", image: "mesh:1"}}]`
	const policyOfPull = `[JSONPatch{op: "add", path: "/spec/template/spec/containers/0/imagePullPolicy", value: "Always"},
		JSONPatch{op: "add", path: "/spec/template/metadata/annotations", value: {"example.com/mutated": "yes"}}]`
	for name, c := range map[string]struct {
		cause   cause
		changed func(*suite.Fixture) bool
	}{
		"defaults of a range": {
			limits(corev1.LimitRangeItem{DefaultRequest: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("100m")}}),
			func(f *suite.Fixture) bool {
				return !f.PodsNow()[0].Spec.Containers[0].Resources.Requests.Cpu().IsZero()
			},
		},
		"a sidecar": {
			mutation("", "pods", sidecar, func(ctx context.Context, f *suite.Fixture) (bool, error) {
				pod, err := trialPod(ctx, f)
				return len(pod.Spec.Containers) == 2, err
			}),
			func(f *suite.Fixture) bool { return len(f.PodsNow()[0].Spec.Containers) == 2 },
		},
		"another template": {
			mutation("apps", "replicasets", policyOfPull, func(ctx context.Context, f *suite.Fixture) (bool, error) {
				rs, err := trialSet(ctx, f)
				return len(rs.Spec.Template.Annotations) > 0, err
			}),
			func(f *suite.Fixture) bool {
				return f.Sets()[0].Spec.Template.Annotations["example.com/mutated"] == "yes"
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, wire := suite.New(t), &suite.Wire{}
			client, target := least(f, wire), f.Target("web", "web:1", 3)
			gone := c.cause(f)
			second := suite.WithImage(target, "web:2")
			for _, wanted := range []kube.Target{target, second, target, second} {
				f.Roll(client, wanted)
				f.Eventually(waiting, f.PodsReady("", 3, 3))
				if !c.changed(f) {
					t.Fatal("nothing was changed, so nothing is shown")
				}
			}
			writes := len(wire.Writes())
			for range 10 {
				client := &kube.Client{API: client.API} // a process that starts anew
				if status, err := f.Reconcile(client, second); err != nil || status.Phase != rollout.Complete {
					t.Errorf("%+v: %v", status, err)
				}
			}
			if n := len(f.Sets()); n != 2 || len(wire.Writes()) != writes {
				t.Errorf("%d replica sets, want 2; written at rest: %v", n, wire.Writes()[writes:])
			}
			gone()
		})
	}
}

// mutation changes what is made in the namespace. changes says of such an object, made as a dry run,
// whether it was changed.
func mutation(group, kind, expression string, changes func(context.Context, *suite.Fixture) (bool, error)) cause {
	return func(f *suite.Fixture) func() {
		f.Helper()
		api, bindings := f.Client.AdmissionregistrationV1().MutatingAdmissionPolicies(), f.Client.AdmissionregistrationV1().MutatingAdmissionPolicyBindings()
		meta := metav1.ObjectMeta{Name: f.Namespace}
		_, err := api.Create(f.Context(), &admissionv1.MutatingAdmissionPolicy{
			ObjectMeta: meta,
			Spec: admissionv1.MutatingAdmissionPolicySpec{
				MatchConstraints:   matching(admissionv1.Create, group, kind),
				ReinvocationPolicy: admissionv1.NeverReinvocationPolicy,
				Mutations:          []admissionv1.Mutation{{PatchType: admissionv1.PatchTypeJSONPatch, JSONPatch: &admissionv1.JSONPatch{Expression: expression}}},
			},
		}, metav1.CreateOptions{})
		if apierrors.IsNotFound(err) {
			f.Skip("this API server does not serve MutatingAdmissionPolicies")
		}
		must(f, err)
		_, err = bindings.Create(f.Context(), &admissionv1.MutatingAdmissionPolicyBinding{
			ObjectMeta: meta,
			Spec:       admissionv1.MutatingAdmissionPolicyBindingSpec{PolicyName: f.Namespace, MatchResources: here(f)},
		}, metav1.CreateOptions{})
		must(f, err)
		f.Eventually(waiting, func(ctx context.Context) error {
			changed, err := changes(ctx, f)
			if err == nil && !changed {
				err = errors.New("the policy is not known yet")
			}
			return err
		})
		return func() {
			must(f, errors.Join(bindings.Delete(f.Context(), f.Namespace, metav1.DeleteOptions{}), api.Delete(f.Context(), f.Namespace, metav1.DeleteOptions{})))
		}
	}
}

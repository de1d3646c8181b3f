package hostile

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/gopawl/pawl/test/cluster/suite"
)

// A cause puts something in the way, and returns how it is taken away again. When cause returns, the
// API server knows of it.
type cause func(f *suite.Fixture) (gone func())

// quota allows so much and no more.
func quota(name corev1.ResourceName, hard string) cause {
	return func(f *suite.Fixture) func() {
		f.Helper()
		api := f.Client.CoreV1().ResourceQuotas(f.Namespace)
		made := &corev1.ResourceQuota{
			ObjectMeta: metav1.ObjectMeta{Name: "little"},
			Spec:       corev1.ResourceQuotaSpec{Hard: corev1.ResourceList{name: resource.MustParse(hard)}},
		}
		if _, err := api.Create(f.Context(), made, metav1.CreateOptions{}); err != nil {
			f.Fatal(err)
		}
		f.Eventually(30*time.Second, func(ctx context.Context) error { // until then nothing at all is admitted
			q, err := api.Get(ctx, made.Name, metav1.GetOptions{})
			if _, counted := q.Status.Used[name]; err == nil && !counted {
				err = errors.New("the quota has not been counted yet")
			}
			return err
		})
		return func() { must(f, api.Delete(f.Context(), made.Name, metav1.DeleteOptions{})) }
	}
}

func limits(item corev1.LimitRangeItem) cause {
	return func(f *suite.Fixture) func() {
		f.Helper()
		item.Type = corev1.LimitTypeContainer
		api := f.Client.CoreV1().LimitRanges(f.Namespace)
		made := &corev1.LimitRange{ObjectMeta: metav1.ObjectMeta{Name: "range"}, Spec: corev1.LimitRangeSpec{Limits: []corev1.LimitRangeItem{item}}}
		if _, err := api.Create(f.Context(), made, metav1.CreateOptions{}); err != nil {
			f.Fatal(err)
		}
		return func() { must(f, api.Delete(f.Context(), made.Name, metav1.DeleteOptions{})) }
	}
}

// security holds the namespace's pods to a Pod Security standard.
func security(level string) cause {
	return func(f *suite.Fixture) func() {
		f.Helper()
		label := func(value string) {
			patch := fmt.Appendf(nil, `{"metadata":{"labels":{"pod-security.kubernetes.io/enforce":%s}}}`, value)
			_, err := f.Client.CoreV1().Namespaces().Patch(f.Context(), f.Namespace, types.MergePatchType, patch, metav1.PatchOptions{})
			must(f, err)
		}
		label(`"` + level + `"`)
		return func() { label("null") }
	}
}

// room has none on any node for pods that ask for the label, until one gets it.
func room(f *suite.Fixture) (gone func()) {
	label := func(value string) {
		patch := fmt.Appendf(nil, `{"metadata":{"labels":{"disk.example.com/%s":%s}}}`, f.Namespace, value)
		_, err := f.Client.CoreV1().Nodes().Patch(context.WithoutCancel(f.Context()), "fake0", types.MergePatchType, patch, metav1.PatchOptions{})
		must(f, err)
	}
	f.Cleanup(func() { label("null") })
	return func() { label(`"ssd"`) }
}

// policy refuses what an expression does not hold for, in the namespace. trial is such a request, as
// a dry run: admission goes by a cache.
func policy(operation admissionv1.OperationType, group, kind, expression string, trial func(context.Context, *suite.Fixture) error) cause {
	return func(f *suite.Fixture) func() {
		f.Helper()
		const says = "not on a Friday"
		api, bindings := f.Client.AdmissionregistrationV1().ValidatingAdmissionPolicies(), f.Client.AdmissionregistrationV1().ValidatingAdmissionPolicyBindings()
		meta := metav1.ObjectMeta{Name: f.Namespace}
		_, err := api.Create(f.Context(), &admissionv1.ValidatingAdmissionPolicy{
			ObjectMeta: meta,
			Spec: admissionv1.ValidatingAdmissionPolicySpec{
				MatchConstraints: matching(operation, group, kind),
				Validations:      []admissionv1.Validation{{Expression: expression, Message: says}},
			},
		}, metav1.CreateOptions{})
		must(f, err)
		_, err = bindings.Create(f.Context(), &admissionv1.ValidatingAdmissionPolicyBinding{
			ObjectMeta: meta,
			Spec: admissionv1.ValidatingAdmissionPolicyBindingSpec{
				PolicyName: f.Namespace, ValidationActions: []admissionv1.ValidationAction{admissionv1.Deny},
				MatchResources: here(f),
			},
		}, metav1.CreateOptions{})
		must(f, err)
		gone := func() {
			ctx := context.WithoutCancel(f.Context())
			must(f, errors.Join(bindings.Delete(ctx, f.Namespace, metav1.DeleteOptions{}), api.Delete(ctx, f.Namespace, metav1.DeleteOptions{})))
		}
		refuses := func(yes bool) func(context.Context) error {
			return func(ctx context.Context) error {
				err := trial(ctx, f)
				if refused := err != nil && strings.Contains(err.Error(), says); refused != yes {
					return fmt.Errorf("refuses: %v, want %v (%w)", refused, yes, err)
				}
				return nil
			}
		}
		f.Eventually(20*time.Second, refuses(true))
		return func() {
			gone()
			f.Eventually(20*time.Second, refuses(false))
		}
	}
}

func matching(operation admissionv1.OperationType, group, kind string) *admissionv1.MatchResources {
	return &admissionv1.MatchResources{ResourceRules: []admissionv1.NamedRuleWithOperations{{RuleWithOperations: admissionv1.RuleWithOperations{
		Operations: []admissionv1.OperationType{operation},
		Rule:       admissionv1.Rule{APIGroups: []string{group}, APIVersions: []string{"v1"}, Resources: []string{kind}},
	}}}}
}

// here is the namespace alone.
func here(f *suite.Fixture) *admissionv1.MatchResources {
	return &admissionv1.MatchResources{NamespaceSelector: &metav1.LabelSelector{MatchLabels: map[string]string{corev1.LabelMetadataName: f.Namespace}}}
}

func must(f *suite.Fixture, err error) {
	f.Helper()
	if err != nil {
		f.Fatal(err)
	}
}

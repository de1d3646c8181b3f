package suite

import (
	"context"
	"fmt"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
)

// Fixture is what a test of its own namespace needs.
type Fixture struct {
	*testing.T
	Config    *rest.Config // the administrator's
	Client    kubernetes.Interface
	Namespace string
}

// New makes the fixture of a test, with a namespace that goes when the test ends.
func New(t *testing.T) *Fixture {
	t.Helper()
	f := &Fixture{T: t, Config: shared.Config(), Namespace: shared.Namespace(t)}
	f.Client = NewClient(t, f.Config)
	return f
}

// NewClient returns the client of a configuration.
func NewClient(t *testing.T, config *rest.Config) kubernetes.Interface {
	t.Helper()
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// Eventually calls look until it returns nil, and fails the test with its last error
// when that takes longer than within. look's context ends then, too.
func (f *Fixture) Eventually(within time.Duration, look func(context.Context) error) {
	f.Helper()
	ctx, cancel := context.WithTimeout(f.Context(), within)
	defer cancel()
	var last error // of the looks that were not cut short
	for {
		err := look(ctx)
		if err == nil {
			return
		}
		if ctx.Err() == nil || last == nil {
			last = err
		}
		select {
		case <-ctx.Done():
			f.Fatalf("not within %v: %v", within, last)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// Pods returns the pods of the namespace that the label selector selects, "" all.
func (f *Fixture) Pods(ctx context.Context, selector string) ([]corev1.Pod, error) {
	list, err := f.Client.CoreV1().Pods(f.Namespace).List(ctx, metav1.ListOptions{LabelSelector: selector})
	if err != nil {
		return nil, err
	}
	return list.Items, nil
}

// PodsReady looks for so many pods, and so many of them ready.
func (f *Fixture) PodsReady(selector string, total, ready int) func(context.Context) error {
	return func(ctx context.Context) error {
		pods, err := f.Pods(ctx, selector)
		if err != nil {
			return err
		}
		n := 0
		for i := range pods {
			if PodReady(&pods[i]) {
				n++
			}
		}
		if len(pods) != total || n != ready {
			return fmt.Errorf("%d pods, %d ready; want %d, %d", len(pods), n, total, ready)
		}
		return nil
	}
}

// OnlyPod looks at the namespace's one pod.
func (f *Fixture) OnlyPod(ctx context.Context, ok func(*corev1.Pod) bool) error {
	pods, err := f.Pods(ctx, "")
	if err != nil {
		return err
	}
	if len(pods) != 1 {
		return fmt.Errorf("%d pods, want 1", len(pods))
	}
	if !ok(&pods[0]) {
		return fmt.Errorf("pod is not as wanted: %+v", pods[0].Status)
	}
	return nil
}

// Annotate sets an annotation of a pod to a JSON value; null takes it away.
func (f *Fixture) Annotate(pod, key, value string) {
	f.Helper()
	patch := fmt.Appendf(nil, `{"metadata":{"annotations":{%q:%s}}}`, key, value)
	_, err := f.Client.CoreV1().Pods(f.Namespace).Patch(f.Context(), pod, types.MergePatchType, patch, metav1.PatchOptions{})
	if err != nil {
		f.Fatal(err)
	}
}

// Grant lets the members of a group do in the namespace what the rules say.
func (f *Fixture) Grant(group string, rules ...rbacv1.PolicyRule) {
	f.Helper()
	rbac := f.Client.RbacV1()
	meta := metav1.ObjectMeta{Name: group}
	if _, err := rbac.Roles(f.Namespace).Create(f.Context(), &rbacv1.Role{ObjectMeta: meta, Rules: rules}, metav1.CreateOptions{}); err != nil {
		f.Fatal(err)
	}
	binding := &rbacv1.RoleBinding{
		ObjectMeta: meta,
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: group},
		Subjects:   []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.GroupKind, Name: group}},
	}
	if _, err := rbac.RoleBindings(f.Namespace).Create(f.Context(), binding, metav1.CreateOptions{}); err != nil {
		f.Fatal(err)
	}
}

// Create creates the ReplicaSet in the namespace.
func (f *Fixture) Create(rs *appsv1.ReplicaSet) *appsv1.ReplicaSet {
	f.Helper()
	made, err := f.Client.AppsV1().ReplicaSets(f.Namespace).Create(f.Context(), rs, metav1.CreateOptions{})
	if err != nil {
		f.Fatal(err)
	}
	return made
}

// ReplicaSet returns a ReplicaSet of one container, whose pods have the label app=name.
// Annotations of its pod template direct the simulation; see stages.yaml.
func ReplicaSet(name, image string, replicas int32) *appsv1.ReplicaSet {
	labels := map[string]string{"app": name}
	return &appsv1.ReplicaSet{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: appsv1.ReplicaSetSpec{
			Replicas: &replicas,
			Selector: &metav1.LabelSelector{MatchLabels: labels},
			Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: labels, Annotations: map[string]string{}},
				Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "main", Image: image}}},
			},
		},
	}
}

// PodReady reports whether the pod is ready, as a Service sees it.
func PodReady(pod *corev1.Pod) bool {
	for _, c := range pod.Status.Conditions {
		if c.Type == corev1.PodReady {
			return c.Status == corev1.ConditionTrue
		}
	}
	return false
}

// WaitingReason is why the pod's first container waits, "" if it does not.
func WaitingReason(pod *corev1.Pod) string {
	for _, c := range pod.Status.ContainerStatuses {
		if c.State.Waiting != nil {
			return c.State.Waiting.Reason
		}
	}
	return ""
}

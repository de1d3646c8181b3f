package suite

import (
	"context"
	"errors"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/informers"

	"github.com/gopawl/pawl/rollout"
	"github.com/gopawl/pawl/rollout/kube"
	"github.com/gopawl/pawl/strategies"
)

// Owner makes a ConfigMap, which is as good an owner of ReplicaSets as any.
func (f *Fixture) Owner(name string) kube.Owner {
	f.Helper()
	api := f.Client.CoreV1().ConfigMaps(f.Namespace)
	made, err := api.Create(f.Context(), &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: name}}, metav1.CreateOptions{})
	if err != nil {
		f.Fatal(err)
	}
	owner := kube.OwnerOf(made, corev1.SchemeGroupVersion.WithKind("ConfigMap"))
	owner.Live = func(ctx context.Context) (metav1.Object, error) { return api.Get(ctx, name, metav1.GetOptions{}) }
	return owner
}

// Target wants what ReplicaSet makes. Its template is as a user writes it, without defaults.
func (f *Fixture) Target(name, image string, replicas int32) kube.Target {
	f.Helper()
	return kube.Target{
		Owner:    f.Owner(name),
		Selector: &metav1.LabelSelector{MatchLabels: map[string]string{"app": name}},
		Template: ReplicaSet(name, image, replicas).Spec.Template,
		Replicas: replicas,
	}
}

// WithImage returns the target with another template.
func WithImage(t kube.Target, image string) kube.Target {
	t.Template = ReplicaSet(t.Owner.Name, image, 0).Spec.Template
	return t
}

// Over returns an administrator's client of Pawl over a wire.
func (f *Fixture) Over(w *Wire) *kube.Client {
	f.Helper()
	return &kube.Client{API: NewClient(f.T, w.Over(f.Config))}
}

// Informed returns a client of Pawl that reads through informers, as a controller does.
func (f *Fixture) Informed() *kube.Client {
	f.Helper()
	factory := informers.NewSharedInformerFactoryWithOptions(f.Client, 0, informers.WithNamespace(f.Namespace))
	client := &kube.Client{API: f.Client, Cache: kube.NewInformers(factory)}
	factory.Start(f.Context().Done())
	factory.WaitForCacheSync(f.Context().Done())
	return client
}

// Workload returns the target as the engine takes it.
func (f *Fixture) Workload(c *kube.Client, t kube.Target) *kube.Workload {
	f.Helper()
	w, err := c.Workload(t)
	if err != nil {
		f.Fatal(err)
	}
	return w
}

// Observe looks once, and does nothing.
func (f *Fixture) Observe(w *kube.Workload) rollout.State {
	f.Helper()
	state, err := w.Observe(f.Context())
	if err != nil {
		f.Fatal(err)
	}
	return state
}

// Roll rolls the target out, to the end.
func (f *Fixture) Roll(c *kube.Client, t kube.Target) {
	f.Helper()
	ctx, cancel := context.WithTimeout(f.Context(), 30*time.Second)
	defer cancel()
	engine := rollout.Engine{Poll: 100 * time.Millisecond}
	if status, err := engine.Run(ctx, f.Workload(c, t), strategies.Rolling{}); err != nil {
		f.Fatalf("rollout: %v; %+v", err, status)
	}
}

// Reconcile looks once, and returns the error of the step that failed as well.
func (f *Fixture) Reconcile(c *kube.Client, t kube.Target) (rollout.Status, error) {
	f.Helper()
	var stepErr error
	engine := rollout.Engine{Trace: rollout.Trace{Applied: func(_ rollout.Step, err error) { stepErr = err }}}
	status, err := engine.Reconcile(f.Context(), f.Workload(c, t), strategies.Rolling{})
	return status, errors.Join(err, stepErr)
}

// Sets returns the ReplicaSets of the namespace, by name.
func (f *Fixture) Sets() []appsv1.ReplicaSet {
	f.Helper()
	list, err := f.Client.AppsV1().ReplicaSets(f.Namespace).List(f.Context(), metav1.ListOptions{})
	if err != nil {
		f.Fatal(err)
	}
	return list.Items
}

func (f *Fixture) Get(name string) *appsv1.ReplicaSet {
	f.Helper()
	rs, err := f.Client.AppsV1().ReplicaSets(f.Namespace).Get(f.Context(), name, metav1.GetOptions{})
	if err != nil {
		f.Fatal(err)
	}
	return rs
}

// Only returns the namespace's one ReplicaSet.
func (f *Fixture) Only() *appsv1.ReplicaSet {
	f.Helper()
	sets := f.Sets()
	if len(sets) != 1 {
		f.Fatalf("%d replica sets, want 1", len(sets))
	}
	return &sets[0]
}

// Update changes a ReplicaSet as another client does, of which nobody here knows.
func (f *Fixture) Update(name string, edit func(*appsv1.ReplicaSet)) *appsv1.ReplicaSet {
	f.Helper()
	var now *appsv1.ReplicaSet
	f.Eventually(10*time.Second, func(ctx context.Context) (err error) { // the controller writes as well
		rs := f.Get(name)
		edit(rs)
		now, err = f.Client.AppsV1().ReplicaSets(f.Namespace).Update(ctx, rs, metav1.UpdateOptions{FieldManager: "another"})
		return err
	})
	return now
}

// Remove deletes a ReplicaSet, its pods after it, as another client does.
func (f *Fixture) Remove(name string) {
	f.Helper()
	background := metav1.DeletePropagationBackground
	err := f.Client.AppsV1().ReplicaSets(f.Namespace).Delete(f.Context(), name, metav1.DeleteOptions{PropagationPolicy: &background})
	if err != nil {
		f.Fatal(err)
	}
}

// Settled returns a ReplicaSet of which the controller has nothing more to say.
func (f *Fixture) Settled(name string) *appsv1.ReplicaSet {
	f.Helper()
	var rs *appsv1.ReplicaSet
	f.Eventually(30*time.Second, func(context.Context) error {
		rs = f.Get(name)
		if s := rs.Status; s.ObservedGeneration < rs.Generation || s.AvailableReplicas != *rs.Spec.Replicas || s.Replicas != *rs.Spec.Replicas {
			return errors.New("the replica set is not as wanted yet")
		}
		return nil
	})
	return rs
}

// PodsNow returns the pods of the namespace.
func (f *Fixture) PodsNow() []*corev1.Pod {
	f.Helper()
	pods, err := f.Pods(f.Context(), "")
	if err != nil {
		f.Fatal(err)
	}
	all := make([]*corev1.Pod, len(pods))
	for i := range pods {
		all[i] = &pods[i]
	}
	return all
}

// PodUIDs are those of the namespace's pods, by name.
func (f *Fixture) PodUIDs() map[string]types.UID {
	f.Helper()
	uids := map[string]types.UID{}
	for _, pod := range f.PodsNow() {
		uids[pod.Name] = pod.UID
	}
	return uids
}

// Sizes are those of the namespace's ReplicaSets, by name.
func (f *Fixture) Sizes() map[string]int32 {
	f.Helper()
	sizes := map[string]int32{}
	for _, rs := range f.Sets() {
		sizes[rs.Name] = *rs.Spec.Replicas
	}
	return sizes
}

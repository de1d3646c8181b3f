package e2e

import (
	"context"
	"errors"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/informers"

	"github.com/gopawl/pawl/rollout"
	"github.com/gopawl/pawl/rollout/kube"
	"github.com/gopawl/pawl/strategies"
)

// owner makes a ConfigMap, which is as good an owner of ReplicaSets as any.
func (f *fixture) owner(name string) kube.Owner {
	f.Helper()
	api := f.client.CoreV1().ConfigMaps(f.namespace)
	made, err := api.Create(f.Context(), &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: name}}, metav1.CreateOptions{})
	if err != nil {
		f.Fatal(err)
	}
	owner := kube.OwnerOf(made, corev1.SchemeGroupVersion.WithKind("ConfigMap"))
	owner.Live = func(ctx context.Context) (metav1.Object, error) { return api.Get(ctx, name, metav1.GetOptions{}) }
	return owner
}

// target wants what replicaSet makes. Its template is as a user writes it, without defaults.
func (f *fixture) target(name, image string, replicas int32) kube.Target {
	f.Helper()
	return kube.Target{
		Owner:    f.owner(name),
		Selector: &metav1.LabelSelector{MatchLabels: map[string]string{"app": name}},
		Template: replicaSet(name, image, replicas).Spec.Template,
		Replicas: replicas,
	}
}

// withImage returns the target with another template.
func withImage(t kube.Target, image string) kube.Target {
	t.Template = replicaSet(t.Owner.Name, image, 0).Spec.Template
	return t
}

// over returns an administrator's client of Pawl over a wire.
func (f *fixture) over(w *wire) *kube.Client {
	f.Helper()
	return &kube.Client{API: newClient(f.T, w.over(f.config))}
}

// informed returns a client of Pawl that reads through informers, as a controller does.
func (f *fixture) informed() *kube.Client {
	f.Helper()
	factory := informers.NewSharedInformerFactoryWithOptions(f.client, 0, informers.WithNamespace(f.namespace))
	client := &kube.Client{API: f.client, Cache: kube.NewInformers(factory)}
	factory.Start(f.Context().Done())
	factory.WaitForCacheSync(f.Context().Done())
	return client
}

func (f *fixture) workload(c *kube.Client, t kube.Target) *kube.Workload {
	f.Helper()
	w, err := c.Workload(t)
	if err != nil {
		f.Fatal(err)
	}
	return w
}

func (f *fixture) observe(w *kube.Workload) rollout.State {
	f.Helper()
	state, err := w.Observe(f.Context())
	if err != nil {
		f.Fatal(err)
	}
	return state
}

// roll rolls the target out, to the end.
func (f *fixture) roll(c *kube.Client, t kube.Target) {
	f.Helper()
	ctx, cancel := context.WithTimeout(f.Context(), 30*time.Second)
	defer cancel()
	engine := rollout.Engine{Poll: 100 * time.Millisecond}
	if status, err := engine.Run(ctx, f.workload(c, t), strategies.Rolling{}); err != nil {
		f.Fatalf("rollout: %v; %+v", err, status)
	}
}

// reconcile looks once, and returns the error of the step that failed as well.
func (f *fixture) reconcile(c *kube.Client, t kube.Target) (rollout.Status, error) {
	f.Helper()
	var stepErr error
	engine := rollout.Engine{Trace: rollout.Trace{Applied: func(_ rollout.Step, err error) { stepErr = err }}}
	status, err := engine.Reconcile(f.Context(), f.workload(c, t), strategies.Rolling{})
	return status, errors.Join(err, stepErr)
}

// sets returns the ReplicaSets of the namespace, by name.
func (f *fixture) sets() []appsv1.ReplicaSet {
	f.Helper()
	list, err := f.client.AppsV1().ReplicaSets(f.namespace).List(f.Context(), metav1.ListOptions{})
	if err != nil {
		f.Fatal(err)
	}
	return list.Items
}

func (f *fixture) get(name string) *appsv1.ReplicaSet {
	f.Helper()
	rs, err := f.client.AppsV1().ReplicaSets(f.namespace).Get(f.Context(), name, metav1.GetOptions{})
	if err != nil {
		f.Fatal(err)
	}
	return rs
}

// only returns the namespace's one ReplicaSet.
func (f *fixture) only() *appsv1.ReplicaSet {
	f.Helper()
	sets := f.sets()
	if len(sets) != 1 {
		f.Fatalf("%d replica sets, want 1", len(sets))
	}
	return &sets[0]
}

// update changes a ReplicaSet as another client does, of which nobody here knows.
func (f *fixture) update(name string, edit func(*appsv1.ReplicaSet)) *appsv1.ReplicaSet {
	f.Helper()
	var now *appsv1.ReplicaSet
	f.eventually(10*time.Second, func(ctx context.Context) (err error) { // the controller writes as well
		rs := f.get(name)
		edit(rs)
		now, err = f.client.AppsV1().ReplicaSets(f.namespace).Update(ctx, rs, metav1.UpdateOptions{FieldManager: "another"})
		return err
	})
	return now
}

// remove deletes a ReplicaSet, its pods after it, as another client does.
func (f *fixture) remove(name string) {
	f.Helper()
	background := metav1.DeletePropagationBackground
	err := f.client.AppsV1().ReplicaSets(f.namespace).Delete(f.Context(), name, metav1.DeleteOptions{PropagationPolicy: &background})
	if err != nil {
		f.Fatal(err)
	}
}

// settled returns a ReplicaSet of which the controller has nothing more to say.
func (f *fixture) settled(name string) *appsv1.ReplicaSet {
	f.Helper()
	var rs *appsv1.ReplicaSet
	f.eventually(30*time.Second, func(context.Context) error {
		rs = f.get(name)
		if s := rs.Status; s.ObservedGeneration < rs.Generation || s.AvailableReplicas != *rs.Spec.Replicas || s.Replicas != *rs.Spec.Replicas {
			return errors.New("the replica set is not as wanted yet")
		}
		return nil
	})
	return rs
}

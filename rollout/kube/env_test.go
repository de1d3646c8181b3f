package kube_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/gopawl/pawl/internal/faults"
	"github.com/gopawl/pawl/rollout"
	"github.com/gopawl/pawl/rollout/kube"
	"github.com/gopawl/pawl/rollout/kube/kubetest"
	"github.com/gopawl/pawl/strategies"
)

// env is a cluster with an owner in it.
type env struct {
	*testing.T
	config *rest.Config
	api    kubernetes.Interface
	owner  *corev1.ConfigMap
}

func start(t *testing.T, o kubetest.Options) *env {
	t.Helper()
	config := kubetest.Start(t, o).Config()
	e := &env{T: t, config: config, api: kubernetes.NewForConfigOrDie(config)}
	e.owner = e.newOwner("web")
	return e
}

// still is a cluster whose controllers stand still.
func still(t *testing.T) *env {
	t.Helper()
	c, err := kubetest.New(kubetest.Options{})
	if err != nil {
		t.Fatal(err)
	}
	e := &env{T: t, config: c.Config(), api: kubernetes.NewForConfigOrDie(c.Config())}
	e.owner = e.newOwner("web")
	return e
}

func (e *env) newOwner(name string) *corev1.ConfigMap {
	e.Helper()
	cm := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: name}}
	cm, err := e.api.CoreV1().ConfigMaps("default").Create(e.Context(), cm, metav1.CreateOptions{})
	e.check(err)
	return cm
}

func (e *env) check(err error) {
	e.Helper()
	if err != nil {
		e.Fatal(err)
	}
}

// through is a client whose calls pass a transport of the test; nil only remembers them.
func (e *env) through(inject func(n int, c faults.Call) faults.Fault) (kubernetes.Interface, *faults.Transport) {
	e.Helper()
	t := &faults.Transport{Next: e.config.Transport, Inject: inject}
	config := rest.CopyConfig(e.config)
	config.Transport = t
	return kubernetes.NewForConfigOrDie(config), t
}

// informers are caches that run until the end of the test.
func (e *env) informers() *kube.Informers {
	e.Helper()
	factory := informers.NewSharedInformerFactory(e.api, 0)
	cache := kube.NewInformers(factory)
	stop := make(chan struct{})
	factory.Start(stop)
	factory.WaitForCacheSync(stop)
	e.Cleanup(func() { close(stop); factory.Shutdown() })
	return cache
}

func template(image string) corev1.PodTemplateSpec {
	return corev1.PodTemplateSpec{
		ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{"app": "web"}},
		Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "main", Image: image}}},
	}
}

func (e *env) target(image string, replicas int32) kube.Target {
	owner := kube.OwnerOf(e.owner, corev1.SchemeGroupVersion.WithKind("ConfigMap"))
	owner.Live = func(ctx context.Context) (metav1.Object, error) {
		return e.api.CoreV1().ConfigMaps("default").Get(ctx, e.owner.Name, metav1.GetOptions{})
	}
	return kube.Target{
		Owner:    owner,
		Selector: &metav1.LabelSelector{MatchLabels: map[string]string{"app": "web"}},
		Template: template(image), Replicas: replicas,
	}
}

func (e *env) workload(c *kube.Client, t kube.Target) *kube.Workload {
	e.Helper()
	w, err := c.Workload(t)
	e.check(err)
	return w
}

// observed is a workload that has looked.
func (e *env) observed(c *kube.Client, t kube.Target) (*kube.Workload, rollout.State) {
	e.Helper()
	w := e.workload(c, t)
	s, err := w.Observe(e.Context())
	e.check(err)
	return w, s
}

// rolling may exist once more than wanted, and none may be away.
var rolling = strategies.Rolling{MaxSurge: rollout.Count(1), MaxUnavailable: rollout.Count(0)}

// run rolls out until complete.
func (e *env) run(c *kube.Client, t kube.Target) {
	e.Helper()
	ctx, cancel := context.WithTimeout(e.Context(), time.Hour)
	defer cancel()
	engine := rollout.Engine{Poll: time.Second}
	if s, err := engine.Run(ctx, e.workload(c, t), rolling); err != nil {
		e.Fatalf("%+v: %v", s, err)
	}
}

// reconcile looks once and writes.
func (e *env) reconcile(c *kube.Client, t kube.Target) rollout.Status {
	e.Helper()
	s, err := (&rollout.Engine{}).Reconcile(e.Context(), e.workload(c, t), rolling)
	e.check(err)
	return s
}

// sets are all ReplicaSets, by revision and name.
func (e *env) sets() []*appsv1.ReplicaSet {
	e.Helper()
	list, err := e.api.AppsV1().ReplicaSets("default").List(e.Context(), metav1.ListOptions{})
	e.check(err)
	var sets []*appsv1.ReplicaSet
	for i := range list.Items {
		sets = append(sets, &list.Items[i])
	}
	slices.SortFunc(sets, func(a, b *appsv1.ReplicaSet) int {
		return strings.Compare(a.Annotations[kube.RevisionKey]+a.Name, b.Annotations[kube.RevisionKey]+b.Name)
	})
	return sets
}

func (e *env) set(name string) *appsv1.ReplicaSet {
	e.Helper()
	rs, err := e.api.AppsV1().ReplicaSets("default").Get(e.Context(), name, metav1.GetOptions{})
	e.check(err)
	return rs
}

// only is the one ReplicaSet there is.
func (e *env) only() *appsv1.ReplicaSet {
	e.Helper()
	sets := e.sets()
	if len(sets) != 1 {
		e.Fatalf("%d ReplicaSets, want one", len(sets))
	}
	return sets[0]
}

// edit changes a ReplicaSet as somebody else would.
func (e *env) edit(name string, change func(*appsv1.ReplicaSet)) *appsv1.ReplicaSet {
	e.Helper()
	rs := e.set(name)
	change(rs)
	rs, err := e.api.AppsV1().ReplicaSets("default").Update(e.Context(), rs, metav1.UpdateOptions{})
	e.check(err)
	return rs
}

// make creates a ReplicaSet of somebody else's.
func (e *env) make(name, image string, change func(*appsv1.ReplicaSet)) *appsv1.ReplicaSet {
	e.Helper()
	tmpl := template(image)
	tmpl.Labels[kube.HashLabel] = name
	rs := &appsv1.ReplicaSet{
		ObjectMeta: metav1.ObjectMeta{Name: name, Labels: tmpl.Labels},
		Spec:       appsv1.ReplicaSetSpec{Replicas: new(int32), Selector: &metav1.LabelSelector{MatchLabels: tmpl.Labels}, Template: tmpl},
	}
	if change != nil {
		change(rs)
	}
	rs, err := e.api.AppsV1().ReplicaSets("default").Create(e.Context(), rs, metav1.CreateOptions{})
	e.check(err)
	return rs
}

// owned makes the owner the controller of what is created.
func (e *env) owned(rs *appsv1.ReplicaSet) { rs.OwnerReferences = controlledBy(e.owner) }

func controlledBy(cm *corev1.ConfigMap) []metav1.OwnerReference {
	return []metav1.OwnerReference{*metav1.NewControllerRef(cm, corev1.SchemeGroupVersion.WithKind("ConfigMap"))}
}

func (e *env) wantConflict(err error) {
	e.Helper()
	if !errors.Is(err, rollout.ErrConflict) {
		e.Errorf("got %v, want ErrConflict", err)
	}
}

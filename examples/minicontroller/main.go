// Minicontroller rolls out Minis: the pods of a custom resource, as a Deployment's are. It is the
// smallest controller that does it right; README.md says how to try it.
package main

import (
	"context"
	"errors"
	"flag"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes"
	typed "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/tools/record"
	"k8s.io/klog/v2"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	metrics "sigs.k8s.io/controller-runtime/pkg/metrics/server"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/gopawl/pawl/history"
	"github.com/gopawl/pawl/rollout"
	"github.com/gopawl/pawl/rollout/kube"
	"github.com/gopawl/pawl/strategies"
)

// mini is what is read of a Mini, and written of its status. The template is kept as it was written:
// no field is lost that this program does not know, and none is added.
type mini struct {
	Spec struct {
		Replicas int32                     `json:"replicas"`
		Selector *metav1.LabelSelector     `json:"selector"`
		Template map[string]any            `json:"template"`
		Strategy appsv1.DeploymentStrategy `json:"strategy"`
		Paused   bool                      `json:"paused"`
	} `json:"spec"`
	Status struct {
		rollout.Status     `json:",inline"`
		ObservedGeneration int64              `json:"observedGeneration"`
		Selector           string             `json:"selector"` // for autoscalers
		Conditions         []metav1.Condition `json:"conditions"`
	} `json:"status"`
}

func newMini() *unstructured.Unstructured {
	return &unstructured.Unstructured{Object: map[string]any{"apiVersion": "examples.gopawl.io/v1", "kind": "Mini"}}
}

type reconciler struct {
	ctrl.Manager
	pawl   *kube.Client // one for the process, since it remembers what it wrote
	engine rollout.Engine
}

// Reconcile takes the next steps of one rollout, never waits, and reports where there is news.
func (r *reconciler) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	object, m := newMini(), &mini{}
	if err := r.GetClient().Get(ctx, req.NamespacedName, object); err != nil || object.GetDeletionTimestamp() != nil {
		r.pawl.Forget("Mini", req.Namespace, req.Name)
		return ctrl.Result{}, client.IgnoreNotFound(err) // the garbage collector deletes what it owned
	}
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(object.Object, m); err != nil {
		return ctrl.Result{}, reconcile.TerminalError(err)
	}
	before := m.Status.Status
	status, err := r.rollOut(ctx, object, m)
	ready := metav1.Condition{Type: "Ready", Status: metav1.ConditionFalse, Reason: string(status.Phase), Message: status.Message}
	if err != nil {
		ready.Reason, ready.Message, status.RequeueAfter = "Error", err.Error(), 0
	} else if status.Phase == rollout.Complete {
		ready.Status = metav1.ConditionTrue
	}
	ready.ObservedGeneration = object.GetGeneration()
	if meta.SetStatusCondition(&m.Status.Conditions, ready) || m.Status.Status != before {
		m.Status.ObservedGeneration, m.Status.Selector = ready.ObservedGeneration, metav1.FormatLabelSelector(m.Spec.Selector)
		object.Object["status"], _ = runtime.DefaultUnstructuredConverter.ToUnstructured(&m.Status)
		if err := r.GetClient().Status().Update(ctx, object); err != nil && !apierrors.IsConflict(err) {
			return ctrl.Result{}, client.IgnoreNotFound(err)
		} // after a conflict the newer Mini, which the cache has yet to see, leads here again
	}
	if invalid := (*rollout.InvalidError)(nil); errors.As(err, &invalid) {
		err = reconcile.TerminalError(err) // trying again helps only when the Mini has changed
	}
	return ctrl.Result{RequeueAfter: status.RequeueAfter}, err
}

// rollOut leaves the engine's outcome in the status where it says something new.
func (r *reconciler) rollOut(ctx context.Context, object *unstructured.Unstructured, m *mini) (rollout.Status, error) {
	surge, unavailable, errAmounts := kube.Amounts("strategy.rollingUpdate", m.Spec.Strategy.RollingUpdate)
	strategy, known := map[appsv1.DeploymentStrategyType]rollout.Strategy{
		"Recreate":      strategies.Recreate{},
		"RollingUpdate": strategies.Rolling{MaxSurge: surge, MaxUnavailable: unavailable},
	}[m.Spec.Strategy.Type]
	if !known {
		return rollout.Status{}, &rollout.InvalidError{Path: "strategy.type", Value: m.Spec.Strategy.Type, Allowed: "RollingUpdate or Recreate"}
	}
	owner := kube.OwnerOf(object, object.GroupVersionKind())
	owner.Live = func(ctx context.Context) (metav1.Object, error) {
		live := newMini()
		return live, r.GetAPIReader().Get(ctx, client.ObjectKeyFromObject(object), live)
	}
	w, err := r.pawl.Workload(kube.Target{
		Owner: owner, Selector: m.Spec.Selector, Template: m.Spec.Template, Replicas: m.Spec.Replicas, Paused: m.Spec.Paused,
		Last: m.Status.Status, Save: func(_ context.Context, s rollout.Status) error { m.Status.Status = s; return nil },
	})
	if err = errors.Join(errAmounts, err); err != nil {
		return rollout.Status{}, err
	}
	return r.engine.Reconcile(ctx, w, history.Keep(strategy, 10))
}

// miniOf is the Mini to look at when a pod has changed: that of its ReplicaSet.
func (r *reconciler) miniOf(ctx context.Context, pod client.Object) []ctrl.Request {
	var set appsv1.ReplicaSet
	owner := metav1.GetControllerOf(pod)
	if owner == nil || r.GetClient().Get(ctx, client.ObjectKey{Namespace: pod.GetNamespace(), Name: owner.Name}, &set) != nil {
		return nil
	}
	if owner = metav1.GetControllerOf(&set); owner == nil || owner.Kind != "Mini" {
		return nil
	}
	return []ctrl.Request{{NamespacedName: client.ObjectKey{Namespace: set.Namespace, Name: owner.Name}}}
}

func main() {
	namespace := flag.String("namespace", "default", "The namespace whose Minis are rolled out, and where the lease is")
	address := flag.String("metrics", "0", `Where to serve metrics, such as ":8080"; "0" is nowhere`)
	flag.Parse()
	ctrl.SetLogger(klog.Background())
	mgr, err := ctrl.NewManager(ctrl.GetConfigOrDie(), ctrl.Options{
		LeaderElection: true, LeaderElectionID: "minicontroller.examples.gopawl.io", LeaderElectionNamespace: *namespace, LeaderElectionReleaseOnCancel: true,
		Cache:   cache.Options{DefaultNamespaces: map[string]cache.Config{*namespace: {}}},
		Client:  client.Options{Cache: &client.CacheOptions{Unstructured: true}},
		Metrics: metrics.Options{BindAddress: *address},
	})
	if err != nil {
		klog.Fatal(err)
	}
	api := kubernetes.NewForConfigOrDie(mgr.GetConfig())
	events := record.NewBroadcaster()
	events.StartRecordingToSink(&typed.EventSinkImpl{Interface: api.CoreV1().Events("")})
	r := &reconciler{Manager: mgr, pawl: &kube.Client{
		API: api,
		Cache: kube.ListFunc(func(ctx context.Context, into kube.List, namespace string, s labels.Selector) error {
			return mgr.GetCache().List(ctx, into, client.InNamespace(namespace), client.MatchingLabelsSelector{Selector: s}, client.UnsafeDisableDeepCopy)
		}),
		Events: events.NewRecorder(mgr.GetScheme(), corev1.EventSource{Component: "minicontroller"}),
	}}
	if err = ctrl.NewControllerManagedBy(mgr).For(newMini()).Owns(&appsv1.ReplicaSet{}).
		Watches(&corev1.Pod{}, handler.EnqueueRequestsFromMapFunc(r.miniOf)).
		WithOptions(controller.Options{MaxConcurrentReconciles: 4}).Complete(r); err == nil {
		err = mgr.Start(ctrl.SetupSignalHandler())
	}
	if err != nil {
		klog.Fatal(err)
	}
}

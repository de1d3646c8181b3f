package app

import (
	"context"
	"fmt"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/gopawl/pawl/history"
	"github.com/gopawl/pawl/rollout"
	"github.com/gopawl/pawl/rollout/kube"
	"github.com/gopawl/pawl/strategies"
)

// Driver is the workload of one app: every look reads anew what is wanted, so that a pause or an
// undo from another terminal takes effect at the next step. It is its own strategy as well, since
// that is part of what is wanted.
type Driver struct {
	Store  Store
	Client *kube.Client
	App    string

	record *Record
	inner  *kube.Workload
}

// Record is what was wanted at the last look.
func (d *Driver) Record() *Record { return d.record }

// Claim takes over what belongs to the app. Of one that is on its way out nobody takes anything
// over or rolls anything out: that is a [*DeletingError].
func (d *Driver) Claim(ctx context.Context) error {
	if err := d.look(ctx); err != nil {
		return err
	}
	if d.record.Deleting() {
		return &DeletingError{d.App}
	}
	if err := stillHeld(ctx); err != nil {
		return err
	}
	return d.inner.Claim(ctx)
}

// Observe reads what is wanted and what is there.
func (d *Driver) Observe(ctx context.Context) (rollout.State, error) {
	if err := d.look(ctx); err != nil {
		return rollout.State{}, err
	}
	return d.inner.Observe(ctx)
}

// Apply carries out an action, unless another process drives the app by now.
func (d *Driver) Apply(ctx context.Context, a rollout.Action) error {
	if err := stillHeld(ctx); err != nil {
		return err
	}
	return d.inner.Apply(ctx, a)
}

// Watch wakes up on changes that the client's cache sees.
func (d *Driver) Watch(ctx context.Context) (<-chan struct{}, error) {
	return d.Client.Watch(ctx)
}

// Revision is the name of the ReplicaSet that an action was about.
func (d *Driver) Revision(a rollout.Action) string {
	if _, made := a.(rollout.Create); made {
		return d.inner.Created()
	}
	return rollout.RevisionOf(a)
}

// Save keeps the outcome with the app.
func (d *Driver) Save(ctx context.Context, s rollout.Status) error {
	if err := stillHeld(ctx); err != nil {
		return err
	}
	return kube.Transient(d.Store.SaveStatus(ctx, d.record, Status{Observed: d.record.Generation, Number: d.record.Number, Rollout: s}))
}

// GiveUp keeps that nobody drives the rollout any more, and why. The next who does starts anew.
func (d *Driver) GiveUp(ctx context.Context, why string) error {
	s := d.record.Rollout
	s.Phase, s.Message = rollout.Failed, why
	return d.Save(ctx, s)
}

// Plan plans with the strategy that is wanted.
func (d *Driver) Plan(s rollout.State) (rollout.Plan, error) {
	for _, r := range s.Revisions {
		d.record.Number = max(d.record.Number, r.Number)
	}
	return d.record.Strategy().Plan(s)
}

// Template is that of a revision, as the cluster stores it.
func (d *Driver) Template(ctx context.Context, revision string) (map[string]any, error) {
	return d.inner.Template(ctx, revision)
}

// Images are those of each revision's containers, by the revision's name.
func (d *Driver) Images() map[string][]string { return d.inner.Images() }

// Wanting is the state that a look would show if record were what is wanted. It writes nothing.
func (d *Driver) Wanting(ctx context.Context, record *Record) (rollout.State, error) {
	if err := d.want(record); err != nil {
		return rollout.State{}, err
	}
	return d.inner.Observe(ctx)
}

// Beginning is the state of an app that is not there yet.
func (d *Driver) Beginning(record *Record) (rollout.State, error) {
	record.configMap.UID = "none" // a dry run gives one that stands for nothing
	workload, err := d.Client.Workload(d.target(record))
	if err != nil {
		return rollout.State{}, err
	}
	return rollout.State{Now: time.Now(), Template: workload.Identity(), Replicas: record.Replicas(), Paused: record.Spec.Paused}, nil
}

// History is the revisions of the state observed last.
func (d *Driver) History(s rollout.State) history.History { return d.inner.History(s) }

func (d *Driver) look(ctx context.Context) error {
	record, err := d.Store.Load(ctx, d.App)
	if err != nil {
		return kube.Transient(err)
	}
	if err := d.want(record); err != nil {
		return fmt.Errorf("deployment %q: %w", d.App, err)
	}
	return nil
}

// want makes record what is wanted, if that can be worked with.
func (d *Driver) want(record *Record) error {
	workload, err := d.Client.Workload(d.target(record))
	if err == nil {
		d.record, d.inner = record, workload
	}
	return err
}

func (d *Driver) target(r *Record) kube.Target {
	owner := kube.OwnerOf(r.configMap, configMapKind)
	owner.Live = func(ctx context.Context) (metav1.Object, error) {
		return d.Store.API.CoreV1().ConfigMaps(d.Store.Namespace).Get(ctx, owner.Name, metav1.GetOptions{})
	}
	return r.target(owner)
}

// target is what is wanted of the ReplicaSets of an owner.
func (r *Record) target(owner kube.Owner) kube.Target {
	last := r.Rollout
	if r.Observed != r.Generation {
		last.Message = "" // of something else that was wanted: the next outcome says something new
	}
	return kube.Target{
		Owner: owner, Selector: r.Spec.Selector, Template: r.Spec.Template,
		Name:     r.Name(),
		Replicas: r.Replicas(), MinReadySeconds: r.Spec.MinReadySeconds, Paused: r.Spec.Paused,
		Annotations: r.Manifest.GetAnnotations(), Number: r.Number, Last: last,
	}
}

// Strategy is the one that is wanted.
func (r *Record) Strategy() rollout.Strategy {
	var s rollout.Strategy = strategies.Recreate{}
	if rolling, ok := r.Rolling(); ok {
		s = rolling
	}
	return history.Keep(s, r.Spec.RevisionHistoryLimit)
}

// Rolling is the strategy without its history, if it is a rolling one.
func (r *Record) Rolling() (strategies.Rolling, bool) {
	if r.Spec.Strategy != appsv1.RollingUpdateDeploymentStrategyType {
		return strategies.Rolling{}, false
	}
	return strategies.Rolling{MaxSurge: amount(r.Spec.MaxSurge), MaxUnavailable: amount(r.Spec.MaxUnavailable)}, true
}

// amount is valid: manifests are checked before they are kept.
func amount(v intstr.IntOrString) rollout.Amount {
	a, _ := rollout.ParseAmount(v.String())
	return a
}

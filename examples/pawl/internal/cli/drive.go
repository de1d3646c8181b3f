package cli

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/client-go/informers"

	"github.com/gopawl/pawl/examples/pawl/internal/app"
	"github.com/gopawl/pawl/examples/pawl/internal/view"
	"github.com/gopawl/pawl/rollout"
	"github.com/gopawl/pawl/rollout/kube"
)

// DeadlineError says that a rollout made no progress for as long as its manifest allows.
type DeadlineError struct{ App string }

// Error is the text of kubectl rollout status.
func (e *DeadlineError) Error() string {
	return fmt.Sprintf("deployment %q exceeded its progress deadline", e.App)
}

// drive rolls an app out to the end, as the only process that does. Others that pause it or want
// something else of it are obeyed at the next step.
func (p *Pawl) drive(ctx context.Context, s *session, name string, d driving) error {
	if timeout := d.timeout.Duration; timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, timeout, fmt.Errorf("deployment %q: timed out after %v", name, timeout))
		defer cancel()
	}
	show := p.progress(name)
	defer show.end()
	held := func(holder string) {
		show.note(fmt.Sprintf("deployment %q is being rolled out by %s; waiting for its turn", name, holder))
	}
	err := s.Exclusive(ctx, name, held, func(ctx context.Context) error {
		return p.driveHeld(ctx, s, name, d.rests, show)
	})
	if errors.Is(err, errRests) {
		show.rested()
		return nil
	}
	if err == nil {
		return nil
	}
	show.end()
	return p.stopped(ctx, s, name, err)
}

// driveHeld is drive while the lease is held. With rests it ends in a pause, with [errRests].
func (p *Pawl) driveHeld(ctx context.Context, s *session, name string, rests bool, show *progress) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	cache, stop, err := s.caches(ctx, name)
	if err != nil {
		return err
	}
	defer stop()
	recorder, flush := s.events()
	defer flush()
	driver := &app.Driver{Store: s.Store, Client: &kube.Client{API: s.API, Cache: cache, Events: recorder}, App: name}
	trace := rollout.Tee(show.trace(driver), deadline(driver, cancel), p.picture.trace(driver))
	if rests {
		trace = rollout.Tee(trace, resting(cancel))
	}
	engine := rollout.Engine{Trace: trace}
	_, err = engine.Run(ctx, driver, driver)
	if cause := context.Cause(ctx); err != nil && cause != nil {
		err = cause
	}
	deleting := (*app.DeletingError)(nil)
	if apierrors.IsNotFound(err) || errors.As(err, &deleting) {
		return errDeleted
	}
	if late := (*DeadlineError)(nil); errors.As(err, &late) {
		return errors.Join(err, driver.GiveUp(context.WithoutCancel(ctx), "exceeded its progress deadline"))
	}
	return err
}

// deadline gives up when nothing has moved for spec.progressDeadlineSeconds, not counting the time
// before this process began. The rollout is left as it is: whoever comes next goes on.
func deadline(d *app.Driver, cancel context.CancelCauseFunc) rollout.Trace {
	begun := time.Now()
	return rollout.Trace{Reconciled: func(s rollout.Status, _ error) {
		limit := d.Record().Spec.ProgressDeadlineSeconds
		if limit == math.MaxInt32 || s.Phase != rollout.Progressing || s.Progressed.IsZero() {
			return
		}
		if min(time.Since(s.Progressed), time.Since(begun)) > time.Duration(limit)*time.Second {
			cancel(&DeadlineError{d.App})
		}
	}}
}

// caches are informers on what a rollout reads, and on what is wanted of it.
func (s *session) caches(ctx context.Context, name string) (*kube.Informers, func(), error) {
	all := informers.NewSharedInformerFactoryWithOptions(s.API, 0, informers.WithNamespace(s.Namespace))
	one := informers.NewSharedInformerFactoryWithOptions(s.API, 0, informers.WithNamespace(s.Namespace),
		informers.WithTweakListOptions(func(o *metav1.ListOptions) {
			o.FieldSelector = fields.OneTermEqualSelector("metadata.name", app.ConfigMapName(name)).String()
		}))
	cache := kube.NewInformers(all, one.Core().V1().ConfigMaps().Informer())
	ctx, cancel := context.WithCancel(ctx)
	stop := func() {
		cancel()
		all.Shutdown()
		one.Shutdown()
	}
	for _, f := range []informers.SharedInformerFactory{all, one} {
		f.Start(ctx.Done())
		for kind, ok := range f.WaitForCacheSync(ctx.Done()) {
			if !ok {
				stop()
				return nil, nil, fmt.Errorf("watching %v: %w", kind, context.Cause(ctx))
			}
		}
	}
	return cache, stop, nil
}

// stopped says how to go on after a rollout was left before its end, and why it had not come
// further.
func (p *Pawl) stopped(ctx context.Context, s *session, name string, err error) error {
	if cause := context.Cause(ctx); cause != nil && errors.Is(err, ctx.Err()) {
		err = cause
	}
	look, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	_, state, _, lookErr := p.look(look, s, name)
	switch {
	case lookErr == nil:
		fmt.Fprint(p.ErrOut, view.Problems(state))
	case apierrors.IsNotFound(lookErr) && errors.Is(err, app.ErrLeaseLost): // it went with the app
		return errDeleted
	}
	if errors.Is(err, context.Canceled) {
		p.say("stopped: deployment %q is left as it is; go on with 'pawl resume %s', or go back with 'pawl undo %s'", name, name, name)
		return &exitError{error: err}
	}
	return err
}

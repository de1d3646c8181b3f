package rollouttest

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/gopawl/pawl/rollout"
)

// hands are the workload that the engine has in one look: reads come from the view, and every
// write is judged.
type hands struct {
	*stage
	glance
	taken   int
	crashed bool
}

// What happens to a look beside the strategy.
var (
	errCrash = errors.New("the process crashed")
	errLost  = errors.New("the answer was lost")
)

// Observe implements [rollout.Workload].
func (h *hands) Observe(context.Context) (rollout.State, error) { return h.view.state(), nil }

// Save implements [rollout.Saver]. A process that has crashed saves nothing.
func (h *hands) Save(ctx context.Context, s rollout.Status) error {
	if h.crashed {
		return nil
	}
	return h.workload.Save(ctx, s)
}

// Apply implements [rollout.Workload].
func (h *hands) Apply(ctx context.Context, a rollout.Action) error {
	if h.taken == h.steps {
		h.crashed = true
		h.teller.note("crash")
		return errCrash
	}
	if h.each > 0 {
		if err := h.pass(h.each); err != nil {
			return err
		}
	}
	before := h.view.state()
	if name := rollout.RevisionOf(a); h.view.replaced(name) {
		return h.refused(a, fmt.Errorf("revision %q is another one: %w", name, rollout.ErrConflict))
	}
	if s, ok := a.(rollout.Switch); ok && h.view.rerouted(s.Route) {
		return h.refused(a, fmt.Errorf("route %q is pointed elsewhere: %w", s.Route, rollout.ErrConflict))
	}
	if err := h.workload.Apply(ctx, a); err != nil {
		return h.refused(a, err)
	}
	h.taken++
	h.tally.Writes++
	if _, ok := a.(rollout.Switch); ok {
		h.tally.Switches++
	}
	h.teller.note("%v: %s", a, h.step.Why)
	last := h.taken == h.steps
	if h.torn && last {
		h.tear(a)
	}
	h.view.wrote(a, h.truth())
	after := h.view.state()
	if err := cmp.Or(h.options.keptByWrite(before, after), h.judge.routesKept(before, after)); err != nil {
		return fmt.Errorf("%v: %w", a, err)
	}
	switch {
	case h.lost && last:
		h.teller.note("the answer is lost")
		return errLost
	case h.torn && last:
		h.teller.note("crash")
		h.crashed = true
		return errCrash
	}
	return nil
}

// tear takes the number from what a Create has made: the process crashed inside of it.
func (h *hands) tear(a rollout.Action) {
	created, _ := a.(rollout.Create)
	for _, r := range h.truth().Revisions {
		if r.Template == created.Template {
			h.workload.Edit(r.Name, func(r *rollout.Revision) { r.Number = 0 })
		}
	}
}

// refused judges a write that was not carried out. What is not seen yet may be in its way.
func (h *hands) refused(a rollout.Action, err error) error {
	if !errors.Is(err, rollout.ErrConflict) || h.exact() && h.each == 0 {
		return breaks(lawSound, "%v cannot be carried out: %v", a, err)
	}
	h.tally.Conflicts++
	h.teller.note("%v: conflict: %v", a, err)
	return err
}

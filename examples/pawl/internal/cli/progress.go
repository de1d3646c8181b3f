package cli

import (
	"fmt"
	"io"
	"os"
	"slices"
	"sync"
	"time"

	"golang.org/x/term"

	"github.com/gopawl/pawl/examples/pawl/internal/app"
	"github.com/gopawl/pawl/examples/pawl/internal/view"
	"github.com/gopawl/pawl/rollout"
)

// progress shows a rollout while it goes on: drawn in place on a terminal, as lines elsewhere.
type progress struct {
	mu     sync.Mutex // the ticker has a goroutine of its own
	pawl   *Pawl
	out    io.Writer
	app    string
	since  time.Time
	said   string // the last line about the state
	counts settling
	screen *view.Screen // nil in a pipe
	draw   func()       // again, since time goes on
	stop   func()
}

func (p *Pawl) progress(name string) *progress {
	s := &progress{pawl: p, out: p.Out, app: name, since: time.Now(), stop: func() {}}
	if p.quiet {
		s.out = p.ErrOut
	}
	if p.Terminal == nil || p.crowded || p.quiet {
		return s
	}
	if _, ok := p.Terminal(); ok {
		s.screen = &view.Screen{W: p.Out}
		s.stop = s.tick()
	}
	return s
}

// tick draws again every second, so that the elapsed time goes on.
func (s *progress) tick() (stop func()) {
	ticker := time.NewTicker(time.Second)
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		for {
			select {
			case <-done:
				return
			case <-ticker.C:
				s.locked(func() {
					if s.draw != nil {
						s.draw()
					}
				})
			}
		}
	}()
	return func() {
		ticker.Stop()
		close(done)
		<-ended
	}
}

func (s *progress) locked(do func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	do()
}

// end takes away what was drawn. It may be called more than once.
func (s *progress) end() {
	var stop func()
	s.locked(func() { stop, s.stop = s.stop, func() {} })
	stop()
	s.locked(func() {
		s.draw = nil
		if s.screen != nil {
			_ = s.screen.Erase()
		}
	})
}

// line prints a line that stays.
func (s *progress) line(text string) { s.print(s.out, text) }

// note prints a line that stays and is not part of the result.
func (s *progress) note(text string) {
	s.locked(func() { s.print(s.pawl.ErrOut, text) })
}

func (s *progress) print(w io.Writer, text string) {
	if s.screen != nil {
		_ = s.screen.Print(text)
		return
	}
	fmt.Fprintln(w, text)
}

// trace tells of writes as they are made, and of the state when it says something new.
func (s *progress) trace(d *app.Driver) rollout.Trace {
	return rollout.Trace{
		Planned: func(state rollout.State, plan rollout.Plan) {
			s.locked(func() { s.state(d, state, plan) })
		},
		Applied: func(step rollout.Step, err error) {
			if line := view.Write(step, d.Revision(step.Action)); err == nil && line != "" {
				s.locked(func() { s.line(line) })
			}
		},
		Retrying: func(err error, _ int, after time.Duration) {
			s.note(fmt.Sprintf("%v; trying again in %v", err, after.Round(time.Second)))
		},
	}
}

func (s *progress) state(d *app.Driver, state rollout.State, plan rollout.Plan) {
	line := s.describe(d, state, plan)
	if s.screen != nil {
		s.draw = func() { s.frame(d, state, plan) }
		s.draw()
		if plan.Phase == rollout.Complete {
			s.line(line)
		}
		return
	}
	underWay := plan.Phase == rollout.Progressing || plan.Phase == rollout.Paused && due(state, plan)
	if len(plan.Steps) > 0 || underWay && !s.counts.settled(state) {
		return // another line is true in a moment
	}
	if line != s.said {
		s.said = line
		s.line(line)
	}
}

func (s *progress) paused() string {
	return fmt.Sprintf("deployment %q is paused: waiting for 'pawl resume %s'", s.app, s.app)
}

// rested says at the end what lines say on the way.
func (s *progress) rested() {
	s.locked(func() {
		if s.screen != nil {
			s.line(s.paused())
		}
	})
}

// settling knows since when counts are of something else than what was asked for last.
type settling struct{ since time.Time }

// settled reports whether the counts can be told. Where they do not settle they are told all the
// same after a while.
func (s *settling) settled(state rollout.State) bool {
	stale := func(r rollout.Revision) bool { return !r.Observed || r.Actual != r.Replicas }
	switch {
	case !slices.ContainsFunc(state.Revisions, stale):
		s.since = time.Time{}
	case s.since.IsZero():
		s.since = state.Now
	}
	return s.since.IsZero() || state.Now.Sub(s.since) > 5*time.Second
}

// describe is kubectl's line about the state; a plan knows more than the counts do.
func (s *progress) describe(d *app.Driver, state rollout.State, plan rollout.Plan) string {
	switch {
	case plan.Phase == rollout.Paused && due(state, plan):
		return fmt.Sprintf("Waiting for deployment %q to be resized, as far as enough replicas stay available...", s.app)
	case plan.Phase == rollout.Paused:
		return s.paused()
	}
	line, over, err := view.DeploymentOf(d.Record(), app.Status{
		Observed: d.Record().Generation,
		Rollout:  rollout.Status{Counts: state.Counts()},
	}).RolloutStatus()
	if err != nil || over && plan.Phase != rollout.Complete {
		return fmt.Sprintf("Waiting for deployment %q rollout to finish: %s...", s.app, plan.Message)
	}
	return line[:len(line)-1]
}

func (s *progress) frame(d *app.Driver, state rollout.State, plan rollout.Plan) {
	width, ok := s.pawl.Terminal()
	if !ok {
		return
	}
	floor, ceiling := bounds(d.Record())
	frame := view.Progress{
		App: s.app, State: state, Status: rollout.Status{Phase: plan.Phase, Message: plan.Message},
		Floor: floor, Ceiling: ceiling, Elapsed: time.Since(s.since),
	}
	_ = s.screen.Draw(width, frame.Lines(width, view.InkFor(os.Getenv)))
}

// bounds are those of the app's strategy.
func bounds(r *app.Record) (floor, ceiling int32) {
	rolling, ok := r.Rolling()
	if !ok {
		return 0, r.Replicas()
	}
	floor, ceiling, err := rolling.Bounds(r.Replicas())
	if err != nil {
		return 0, r.Replicas()
	}
	return floor, ceiling
}

// terminal is the width of a terminal.
func terminal(f *os.File) (int, bool) {
	if !term.IsTerminal(int(f.Fd())) {
		return 0, false
	}
	width, _, err := term.GetSize(int(f.Fd()))
	return width, err == nil && width > 0
}

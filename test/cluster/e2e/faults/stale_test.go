package faults

import (
	"context"
	"fmt"
	"net/http"
	"testing"

	"github.com/gopawl/pawl/internal/faults"
)

// The process is killed right after each of its writes in turn. The caches of the next one begin with
// what there was before the rollout, as those of an API server that fell behind, and catch up late.
func TestRestartOnAStaleCache(t *testing.T) {
	const writes = 8
	a := newApp(t)
	a.begin()
	_, want := a.undisturbed(reader{"cached", true})
	apps := make(chan *app, writes)
	apps <- a
	for range writes / 2 {
		apps <- newApp(t)
	}
	table := newTable()
	t.Run("after", func(t *testing.T) {
		for n := range writes {
			t.Run(fmt.Sprint("write ", n+1), func(t *testing.T) {
				t.Parallel()
				a := <-apps
				here := a.in(t)
				defer func() { apps <- &app{a.Fixture, here.target, here.version} }()
				table.add("restart on a stale cache", here.restarted(n+1, want))
			})
		}
	})
	t.Logf("\n%v", table)
}

// restarted rolls out by two processes, of which the first is killed after its n-th write.
func (a *app) restarted(n int, want string) counts {
	a.Helper()
	a.begin()
	a.next(moment)
	o := a.Observer()
	alive, kill := context.WithCancel(a.Context())
	defer kill()
	var past faults.Past
	landed := faults.Killed(kill)[1]
	landed.Fits = faults.Call.Writes
	strike := &faults.Strike{Kind: landed, N: n}
	first := &faults.Transport{Inject: func(n int, c faults.Call) faults.Fault {
		if fault := strike.Inject(n, c); fault != nil {
			return fault
		}
		return listing(past.Remember)
	}}
	err := a.run(alive, over(a.Config, first), true)
	c := counts{calls: len(first.Take())}
	if alive.Err() != nil {
		c.struck, c.restarts = 1, 1
		second := &faults.Transport{Inject: func(_ int, c faults.Call) faults.Fault {
			if c.Verb == "watch" {
				return listing(faults.Lagging(5 * moment))
			}
			return listing(past.First)
		}}
		err = a.run(a.Context(), over(a.Config, second), true)
		c.calls += len(second.Take())
	}
	if err != nil {
		a.Errorf("the rollout: %v", err)
	}
	a.ended(want)
	if err := c.saw(o); err != nil {
		a.Error(err)
	}
	a.forget()
	return c
}

// listing is a fault of what informers do. A watch that lists as well is refused, as older API
// servers do, so that there are lists; what the engine itself lists passes.
func listing(fault faults.Fault) faults.Fault {
	return func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
		query := r.URL.Query()
		switch {
		case query.Has("sendInitialEvents"):
			return faults.Answer(http.StatusUnprocessableEntity, "Invalid", "sendInitialEvents is forbidden")(r, next)
		case query.Has("resourceVersion"):
			return fault(r, next)
		}
		return next.RoundTrip(r)
	}
}

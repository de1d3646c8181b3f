package faults

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"testing"
	"time"

	"k8s.io/client-go/rest"

	"github.com/gopawl/pawl/internal/faults"
)

var (
	all  = flag.Bool("all", false, "each fault both with the process going on and with it killed, in place of one of the two")
	seed = flag.Uint64("seed", 1, "of the choice")
)

// reader is how a client looks at the cluster.
type reader struct {
	name   string
	cached bool
}

// single is one rollout with a fault of a kind at the n-th call that it fits.
type single struct {
	reader
	kind    int // among kinds
	name    string
	n       int
	restart bool // the process is killed with the call that follows the fault
}

func (s single) String() string {
	name := fmt.Sprintf("%s/%s at call %d", s.reader.name, s.name, s.n)
	if s.restart {
		name += ", killed with the next"
	}
	return name
}

// kinds are all the ways in which something goes wrong; those of watches are at some of the events
// that a rollout has.
func kinds(kill func()) []faults.Kind {
	return slices.Concat(faults.Kinds(), faults.Killed(kill), faults.WatchKinds(0, 2, 5, 10, 18))
}

// A fault at every API call of a rollout in turn, and then the process killed and another one in its
// place: the bounds hold at every event, the end is that without a fault, and nothing is orphaned.
func TestFaultAtEveryCall(t *testing.T) {
	apps := make(chan *app, 100)
	for range rolloutsAtOnce {
		apps <- newApp(t)
	}
	var want string
	var cases []single
	for _, r := range []reader{{"live", false}, {"cached", true}} {
		a := <-apps
		a.begin()
		calls, end := a.undisturbed(r)
		if want == "" {
			want = end
		}
		if end != want {
			t.Fatalf("%s without a fault:\n%s\nwant\n%s", r.name, end, want)
		}
		t.Logf("%s, without a fault: %d calls, %d of them watches; the end:\n%s", r.name, len(calls), fitting(calls, faults.WatchKinds()[0]), end)
		cases = append(cases, casesOf(r, calls)...)
		apps <- a
	}
	chosen := choose(cases)
	table := newTable()
	begin := time.Now()
	t.Run("one", func(t *testing.T) {
		for _, s := range chosen {
			t.Run(s.String(), func(t *testing.T) {
				t.Parallel()
				a := <-apps
				here := a.in(t)
				defer func() { apps <- &app{a.Fixture, here.target, here.version} }()
				table.add(s.name, here.disturbed(s, want))
			})
		}
	})
	t.Logf("%d of %d rollouts with a fault, in %v (-all, -seed=%d)\n%v", len(chosen), len(cases), time.Since(begin).Round(time.Second), *seed, table)
	if table.total.broken > 0 {
		t.Errorf("%d bounds broken", table.total.broken)
	}
}

// casesOf are all faults of a reader's calls. Where the fault itself kills the process, there is
// nothing left to be killed.
func casesOf(r reader, calls []faults.Call) []single {
	var cases []single
	for i, kind := range kinds(nil) {
		kills := slices.ContainsFunc(faults.Killed(nil), func(k faults.Kind) bool { return k.Name == kind.Name })
		for n := 1; n <= fitting(calls, kind); n++ {
			cases = append(cases, single{r, i, kind.Name, n, false})
			if !kills {
				cases = append(cases, single{r, i, kind.Name, n, true})
			}
		}
	}
	return cases
}

func fitting(calls []faults.Call, kind faults.Kind) (n int) {
	for _, c := range calls {
		if kind.Fits(c) {
			n++
		}
	}
	return n
}

// choose leaves, of two cases that differ in whether the process goes on, the one that the seed
// says; with -all both. They are shuffled, so that the slow ones do not come together.
func choose(cases []single) []single {
	rnd := rand.New(rand.NewPCG(*seed, 0))
	rnd.Shuffle(len(cases), func(i, j int) { cases[i], cases[j] = cases[j], cases[i] })
	if *all {
		return cases
	}
	seen := map[single]bool{}
	return slices.DeleteFunc(slices.Clone(cases), func(s single) bool {
		s.restart = false
		before := seen[s]
		seen[s] = true
		return before
	})
}

// undisturbed rolls out without a fault. It returns the calls, and the end.
func (a *app) undisturbed(r reader) ([]faults.Call, string) {
	a.Helper()
	a.next(moment)
	x := &faults.Transport{}
	o := a.Observer()
	if err := a.run(a.Context(), over(a.Config, x), r.cached); err != nil {
		a.Fatal(err)
	}
	if err := promise.Judge(o.Bounds()); err != nil {
		a.Fatalf("%v\n%s", err, o.Story())
	}
	calls, end := x.Take(), a.end()
	a.forget()
	return calls, end
}

// over is a configuration with the transport in it.
func over(config *rest.Config, x *faults.Transport) *rest.Config {
	config = rest.CopyConfig(config)
	config.Wrap(func(next http.RoundTripper) http.RoundTripper {
		x.Next = next
		return x
	})
	return config
}

// disturbed rolls out with a fault.
func (a *app) disturbed(s single, want string) (c counts) {
	a.Helper()
	a.begin()
	a.next(moment)
	o := a.Observer()
	alive, kill := context.WithCancel(a.Context())
	defer kill()
	strike := &faults.Strike{Kind: kinds(kill)[s.kind], N: s.n}
	x := &faults.Transport{Inject: func(n int, call faults.Call) faults.Fault {
		if s.restart && strike.Struck() && call.Verb != "watch" {
			kill()
			return faults.Unsent(context.Canceled)
		}
		return strike.Inject(n, call)
	}}
	config := over(a.Config, x)
	if strike.Fits(faults.Call{Verb: "watch"}) {
		config.AcceptContentTypes, config.ContentType = "application/json", "application/json"
	}
	err := a.run(alive, config, s.cached)
	c.calls = len(x.Take())
	if strike.Struck() {
		c.struck = 1
	}
	if alive.Err() != nil {
		c.restarts = 1
		second := &faults.Transport{}
		err = a.run(a.Context(), over(a.Config, second), s.cached)
		c.calls += len(second.Take())
	}
	if err != nil {
		a.Errorf("the rollout: %v", err)
	}
	time.Sleep(strike.After) // until what is under way has landed
	a.ended(want)
	if err := c.saw(o); err != nil {
		a.Error(err)
	}
	a.forget()
	return c
}

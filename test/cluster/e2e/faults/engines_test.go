package faults

import (
	"fmt"
	"testing"
	"time"
)

// Two processes roll one app out at once, which an embedder is to prevent: both come to the same end
// and nothing is orphaned. By how much they overstep a bound between them is told, not forbidden.
func TestTwoEnginesOnOneWorkload(t *testing.T) {
	const rounds = 4
	apps := make(chan *app, rounds)
	var want string
	for range rounds {
		a := newApp(t)
		a.begin()
		if want == "" {
			_, want = a.undisturbed(reader{"live", false})
		}
		apps <- a
	}
	table := newTable()
	t.Run("two", func(t *testing.T) {
		for _, pair := range [][2]bool{{false, false}, {true, true}, {false, true}} {
			for round := range rounds {
				name := fmt.Sprintf("cached %v and %v", pair[0], pair[1])
				t.Run(fmt.Sprint(name, " ", round), func(t *testing.T) {
					t.Parallel()
					a := <-apps
					here := a.in(t)
					defer func() { apps <- &app{a.Fixture, here.target, here.version} }()
					table.add(name, here.byTwo(pair, want))
				})
			}
		}
	})
	t.Logf("two engines on one workload; bounds broken are counted, not forbidden\n%v", table)
}

func (a *app) byTwo(cached [2]bool, want string) counts {
	a.Helper()
	a.begin()
	a.next(3 * moment)
	o := a.Observer()
	ends := make(chan error, len(cached))
	for i := range cached {
		go func() {
			time.Sleep(time.Duration(i) * moment / 2) // not in step
			ends <- a.run(a.Context(), a.Config, cached[i])
		}()
	}
	for range cached {
		if err := <-ends; err != nil {
			a.Errorf("Run: %v", err)
		}
	}
	a.ended(want)
	var c counts
	if err := c.saw(o); err != nil {
		a.Logf("between them: %v", err)
	}
	a.forget()
	return c
}

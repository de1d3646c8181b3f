package faults

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"text/tabwriter"

	"github.com/gopawl/pawl/test/cluster/suite"
)

// counts are what became of some rollouts.
type counts struct {
	rollouts, calls, struck, restarts, moments, broken int
	available, asked                                   int // the fewest and the most that any of them had
}

// saw are the counts of a rollout that was observed, and what is to be said of it.
func (c *counts) saw(o *suite.Observer) error {
	b := o.Bounds()
	c.rollouts, c.moments, c.available, c.asked = 1, b.Moments, b.Available, int(b.Asked)
	err := promise.Judge(b)
	if err != nil {
		c.broken = 1
		err = fmt.Errorf("%w\n%s", err, o.Story())
	}
	return err
}

func (c *counts) plus(d counts) {
	if c.rollouts == 0 || d.available < c.available {
		c.available = d.available
	}
	c.asked = max(c.asked, d.asked)
	c.rollouts += d.rollouts
	c.calls += d.calls
	c.struck += d.struck
	c.restarts += d.restarts
	c.moments += d.moments
	c.broken += d.broken
}

// table adds up counts by what went wrong.
type table struct {
	mu    sync.Mutex
	rows  map[string]*counts
	total counts
}

func newTable() *table { return &table{rows: map[string]*counts{}} }

func (t *table) add(what string, c counts) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.rows[what] == nil {
		t.rows[what] = &counts{}
	}
	t.rows[what].plus(c)
	t.total.plus(c)
}

func (t *table) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	var out strings.Builder
	w := tabwriter.NewWriter(&out, 0, 0, 2, ' ', 0)
	row := func(what string, c counts) {
		fmt.Fprintf(w, "%s\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\n", what, c.rollouts, c.calls, c.struck, c.restarts, c.moments, c.available, c.asked, c.broken)
	}
	fmt.Fprintln(w, "what goes wrong\trollouts\tcalls\tfaults\trestarts\tmoments\tfewest available\tmost asked for\tbounds broken")
	for _, what := range slices.Sorted(maps.Keys(t.rows)) {
		row(what, *t.rows[what])
	}
	row("all", t.total)
	w.Flush()
	return out.String()
}

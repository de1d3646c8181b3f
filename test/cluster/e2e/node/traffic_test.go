package node

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/gopawl/pawl/rollout/kube"
	"github.com/gopawl/pawl/strategies"
	"github.com/gopawl/pawl/test/cluster/suite"
	"github.com/gopawl/pawl/test/cluster/traffic"
)

// What is asked of the rows that may not lose a request, all together and each.
const (
	allRequests, allFresh = 100_000, 20_000
	rowRequests, rowFresh = allRequests / 10, allFresh / 10
)

// row is a story under load, and what it came to.
type row struct {
	by     string // who rolls out
	what   string
	play   func(*row, *suite.Fixture)
	lossy  bool // requests may fail
	tally  traffic.Tally
	bounds suite.Bounds
	took   time.Duration
	done   bool
}

// rows run side by side where they are in one group.
func rows() [][]*row {
	var groups [][]*row
	for _, b := range []bounds{{"1", "0"}, {"0", "1"}, {"25%", "25%"}, {"100%", "0"}} {
		groups = append(groups, []*row{
			{by: "Pawl", what: "rolling, " + b.String(), play: func(r *row, f *suite.Fixture) { r.backAndForth(f, b.amounts(f), newEngine(f, b.amounts(f))) }},
			{by: "Deployment", what: "rolling, " + b.String(), play: func(r *row, f *suite.Fixture) { r.backAndForth(f, b.amounts(f), native{f, b.deploymentStrategy()}) }},
		})
	}
	quarter := bounds{"25%", "25%"}
	return append(groups, []*row{
		{by: "`pawl run`", what: "rolling, " + quarter.String(), play: func(r *row, f *suite.Fixture) {
			r.backAndForth(f, quarter.amounts(f), newCommand(f, quarter.deploymentStrategy()))
		}},
		{by: "Pawl", what: "rolling to a version that is never ready", play: (*row).refused},
		{by: "Pawl", what: "blue-green", play: (*row).switched},
	}, []*row{
		{by: "Pawl", what: "rolling, pods that do not drain", play: (*row).undrained, lossy: true},
		{by: "Pawl", what: "recreate", play: (*row).recreated, lossy: true},
	})
}

// plain leaves out what a path on a command line should not have.
var plain = strings.NewReplacer("`", "", ",", "", "%", "")

// Requests go to the Service all the time that v1 and v2 replace one another. None fails, but where
// pods end without a drain, and where a strategy leaves none to answer.
func TestTraffic(t *testing.T) {
	t.Parallel()
	groups := rows()
	for _, group := range groups {
		t.Run("", func(t *testing.T) {
			for _, r := range group {
				t.Run(plain.Replace(r.by+" "+r.what), func(t *testing.T) {
					t.Parallel()
					f := suite.New(t)
					begin := time.Now()
					r.play(r, f)
					r.took, r.done = time.Since(begin), true
					if !r.lossy && r.tally.Failed > 0 {
						t.Errorf("%d of %d requests failed: %v", r.tally.Failed, r.tally.Requests, r.tally.Errors())
					}
				})
			}
		})
	}
	report(t, groups)
}

// bounded is a strategy that says how many replicas there are at least, and at most.
type bounded interface {
	Bounds(replicas int32) (floor, ceiling int32, err error)
}

// backAndForth rolls from v1 to v2 and back, until the row has its requests.
func (r *row) backAndForth(f *suite.Fixture, b bounded, s side) {
	address := service(f)
	s.to(template("1", drains))
	onlyReadyPods(f, replicas)
	o, l := f.Observer(), load(f, address)
	for requests, fresh := 0, 0; requests < rowRequests || fresh < rowFresh; requests, fresh = l.SoFar() {
		s.to(template("2", drains))
		s.to(template("1", drains))
	}
	onlyReadyPods(f, replicas) // requests go on until the last old pod is gone
	r.tally, r.bounds = l.Stop(), o.Bounds()
	r.within(f, b)
	r.heard(f, "v1", "v2")
}

// within checks the bounds that an observer saw.
func (r *row) within(f *suite.Fixture, b bounded) {
	f.Helper()
	floor, ceiling, err := b.Bounds(replicas)
	if err != nil {
		f.Fatal(err)
	}
	if err := (suite.Promise{Floor: int(floor), Ceiling: ceiling}).Judge(r.bounds); err != nil {
		f.Error(err)
	}
}

// heard checks that just these versions answered, and as many pods as make up one of each.
func (r *row) heard(f *suite.Fixture, versions ...string) {
	f.Helper()
	for _, v := range versions {
		if r.tally.Versions[v].Answers == 0 {
			f.Errorf("%s never answered", v)
		}
	}
	if len(r.tally.Versions) != len(versions) {
		f.Errorf("answers of %v, want %v", r.tally.Versions, versions)
	}
	if len(r.tally.Pods) < replicas*len(versions) {
		f.Errorf("%d pods answered: %v", len(r.tally.Pods), r.tally.Pods)
	}
}

// switched switches the Service from v1 to v2 and back.
func (r *row) switched(f *suite.Fixture) {
	b := strategies.BlueGreen{Active: name, Keep: 5 * time.Second}
	e := newEngine(f, b)
	e.target.Routes = []kube.Route{{Service: name}}
	r.backAndForth(f, b, e)
}

// refused is a rollout whose new pods refuse: it stops, and the old version goes on.
func (r *row) refused(f *suite.Fixture) {
	b := bounds{"1", "1"}
	e, address := newEngine(f, b.amounts(f)), service(f)
	e.to(template("1", drains))
	onlyReadyPods(f, replicas)
	o, l := f.Observer(), load(f, address)
	status, err := e.run(template("2", with(drains, "NEVER_READY", "1")), 10*time.Second)
	if !errors.Is(err, context.DeadlineExceeded) || status.Phase.Over() {
		f.Errorf("%v; %+v: want a rollout that goes on", err, status)
	}
	e.to(template("1", drains))
	onlyReadyPods(f, replicas)
	answered(f, l, 1000)
	r.tally, r.bounds = l.Stop(), o.Bounds()
	r.within(f, b.amounts(f))
	r.heard(f, "v1")
}

// undrained shows that a request that fails is seen.
func (r *row) undrained(f *suite.Fixture) {
	abrupt := with(drains, "DRAIN", "0s")
	b := bounds{"1", "0"}
	e, address := newEngine(f, b.amounts(f)), service(f)
	e.to(template("1", abrupt))
	onlyReadyPods(f, replicas)
	o, l := f.Observer(), load(f, address)
	e.to(template("2", abrupt))
	e.to(template("1", abrupt))
	onlyReadyPods(f, replicas)
	r.tally, r.bounds = l.Stop(), o.Bounds()
	r.within(f, b.amounts(f))
	r.heard(f, "v1", "v2")
	if r.tally.Failed == 0 {
		f.Error("no request failed, though pods ended at once: failures are not seen")
	}
}

// recreated shows the gap. Requests fail only while no pod is available, but for the time that the
// news of the first available one needs to get to kube-proxy; and v2 answers only after v1 has for the
// last time.
func (r *row) recreated(f *suite.Fixture) {
	const news = 2 * time.Second
	e, address := newEngine(f, strategies.Recreate{}), service(f)
	e.to(template("1", drains))
	onlyReadyPods(f, replicas)
	l := load(f, address)
	gap := watchForGap(f)
	e.to(template("2", drains))
	onlyReadyPods(f, replicas)
	begin, end := gap()
	answered(f, l, 1000) // by each of the new pods
	r.tally = l.Stop()
	r.heard(f, "v1", "v2")
	if v1, v2 := r.tally.Versions["v1"], r.tally.Versions["v2"]; !v1.Last.Before(v2.First) {
		f.Errorf("v1 answers until %v, and v2 from %v", v1.Last, v2.First)
	}
	if r.tally.Failed == 0 {
		f.Fatal("no request failed, though there were no pods for a while")
	}
	first, last := r.tally.Failures[0], r.tally.Failures[r.tally.Failed-1]
	f.Logf("no pod available for %v; requests failed from %v after its begin to %v after its end", end.Sub(begin), first.Begin.Sub(begin), last.End.Sub(end))
	if first.Begin.Before(begin) || last.End.After(end.Add(news)) {
		f.Errorf("requests failed from %v to %v, and no pod was available from %v to %v", first.Begin, last.End, begin, end)
	}
}

package history_test

import (
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"sort"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gopawl/pawl/history"
	"github.com/gopawl/pawl/rollout"
)

func names(revisions []rollout.Revision) []string {
	out := []string{}
	for _, r := range revisions {
		out = append(out, r.Name)
	}
	return out
}

func TestPrune(t *testing.T) {
	four := state(rev("a", 1, 0), rev("b", 2, 1), rev("c", 3, 2), rev("d", 4, 3))
	// with is the four revisions with the second one changed.
	with := func(change func(*rollout.Revision)) rollout.State {
		s := state(slices.Clone(four.Revisions)...)
		change(&s.Revisions[1])
		return s
	}
	routed := state(four.Revisions...)
	routed.Routes = []rollout.Route{{Name: "active", To: "b"}, {Name: "preview"}}
	gone := state(four.Revisions...)
	gone.Template = "z"
	foreign := with(func(r *rollout.Revision) { r.Template = "" })
	after := with(func(r *rollout.Revision) { r.Template = "" })
	after.Revisions[3] = settledAt(after.Revisions[3], 9)
	rejected := with(func(r *rollout.Revision) { *r = settledAt(*r, 5) })
	rejected.Rejected = map[string]rollout.Rejection{"b": {Why: "crashes"}}

	tests := map[string]struct {
		state rollout.State
		limit int32
		want  string
	}{
		"none":                        {state(), 0, ""},
		"within the limit":            {four, 3, ""},
		"oldest first":                {four, 1, "web-a web-b"},
		"0 keeps none":                {four, 0, "web-a web-b web-c"},
		"the largest keeps all":       {four, math.MaxInt32, ""},
		"the wanted one is not there": {gone, 2, "web-a web-b"},
		"by number, not by age":       {state(rev("a", 3, 0), rev("b", 1, 1), rev("c", 4, 2)), 1, "web-b"},
		"ties by age, then name":      {state(rev("c", 1, 0), rev("b", 1, 5), rev("a", 1, 5), rev("d", 2, 9)), 1, "web-c web-a"},
		"not numbered goes first":     {state(rev("a", 1, 0), rev("b", 0, 1), rev("c", 2, 2)), 1, "web-b"},
		"to have replicas":            {with(func(r *rollout.Revision) { r.Replicas = 1 }), 1, "web-a"},
		"has replicas":                {with(func(r *rollout.Revision) { r.Actual = 1 }), 0, "web-a web-c"},
		"replicas terminate":          {with(func(r *rollout.Revision) { r.Terminating = 1 }), 0, "web-a web-c"},
		"not observed":                {with(func(r *rollout.Revision) { r.Observed = false }), 0, "web-a web-c"},
		"last settled":                {with(func(r *rollout.Revision) { *r = settledAt(*r, 5) }), 0, "web-a web-c"},
		"last settled and given up":   {rejected, 0, "web-a web-b web-c"},
		"somebody else's":             {foreign, 0, "web-a web-c"},
		"somebody else's, later":      {after, 0, "web-a web-b web-c"},
		"a route points to it":        {routed, 0, "web-a web-c"},
		"a twin of the new one":       {state(rollout.Revision{Name: "twin", Template: "a", Observed: true, Created: noon.Add(time.Hour)}, rev("a", 2, 0)), 0, "twin"},
		"settled before the last":     {state(settledAt(rev("a", 1, 0), 1), settledAt(rev("b", 2, 1), 2), settledAt(rev("c", 3, 2), 3), rev("d", 4, 4)), 0, "web-a"},
		"settled earlier":             {state(settledAt(rev("a", 1, 0), 1), settledAt(rev("b", 2, 1), 2), settledAt(rev("c", 3, 2), 3)), 0, "web-a"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := history.Prune(test.state, test.limit)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, strings.Join(names(got), " ")); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}

func TestPruneRefusesANegativeLimit(t *testing.T) {
	complete := strategy(rollout.Plan{Phase: rollout.Complete})
	_, direct := history.Prune(state(), -1)
	_, kept := history.Keep(complete, -1).Plan(state())
	for _, err := range []error{direct, kept} {
		var invalid *rollout.InvalidError
		if !errors.As(err, &invalid) || invalid.Value != int32(-1) {
			t.Errorf("%v is not an InvalidError for -1", err)
		}
	}
}

// TestPruneIsKubernetes compares with the Deployment controller where nothing is protected.
func TestPruneIsKubernetes(t *testing.T) {
	for seed := range uint64(2000) {
		random := rand.New(rand.NewPCG(seed, 1))
		s := randomState(random)
		s.Routes = nil
		for i := range s.Revisions {
			s.Revisions[i].Settled = time.Time{}
			s.Revisions[i].Terminating = 0
			if s.Revisions[i].Template == "" {
				s.Revisions[i].Template = "z"
			}
		}
		limit := random.Int32N(6)
		got, err := history.Prune(s, limit)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(controllersCleanup(s.Old(), limit), names(got)); diff != "" {
			t.Fatalf("seed %d: -controller +got\n%s", seed, diff)
		}
	}
}

// controllersCleanup is the rule as cleanupDeployment of Kubernetes has it.
func controllersCleanup(old []rollout.Revision, limit int32) []string {
	gone := []string{}
	sort.Slice(old, func(i, j int) bool {
		a, b := old[i], old[j]
		switch {
		case a.Number != b.Number:
			return a.Number < b.Number
		case !a.Created.Equal(b.Created):
			return a.Created.Before(b.Created)
		}
		return a.Name < b.Name
	})
	for i := range int32(len(old)) - limit {
		if r := old[i]; r.Replicas == 0 && r.Actual == 0 && r.Observed {
			gone = append(gone, r.Name)
		}
	}
	return gone
}

// FuzzPrune holds what Prune promises: it deletes nothing that is needed and nothing within the
// limit, changes nothing, does not depend on the order of the revisions, and comes to the same
// end wherever it is interrupted.
func FuzzPrune(f *testing.F) {
	for seed := range uint64(20) {
		f.Add(seed, int32(seed%5))
	}
	f.Add(uint64(1), int32(-1))
	f.Add(uint64(1), int32(math.MaxInt32))
	f.Fuzz(func(t *testing.T, seed uint64, limit int32) {
		random := rand.New(rand.NewPCG(seed, 0))
		s := randomState(random)
		before := clone(s)
		gone, err := history.Prune(s, limit)
		if (err != nil) != (limit < 0) {
			t.Fatalf("limit %d: %v", limit, err)
		}
		if diff := cmp.Diff(before, s); diff != "" {
			t.Fatalf("Prune changed the state: -before +after\n%s", diff)
		}
		if err != nil {
			return
		}
		checkSpared(t, s, gone, limit)
		random.Shuffle(len(s.Revisions), func(i, j int) {
			s.Revisions[i], s.Revisions[j] = s.Revisions[j], s.Revisions[i]
		})
		for done := range len(gone) + 1 {
			rest, err := history.Prune(without(s, gone[:done]), limit)
			if diff := cmp.Diff(names(gone[done:]), names(rest)); diff != "" || err != nil {
				t.Fatalf("after %d deletions: %v, -want +got\n%s", done, err, diff)
			}
		}
	})
}

// checkSpared fails where something is deleted that must stay.
func checkSpared(t *testing.T, s rollout.State, gone []rollout.Revision, limit int32) {
	t.Helper()
	current, found := s.New()
	last, lastErr := history.History{State: s}.LastSettled()
	wanted := s
	wanted.Template = last.Template
	before, beforeErr := history.History{State: wanted}.LastSettled()
	after := without(s, gone)
	for _, r := range gone {
		switch {
		case found && r.Name == current.Name:
			t.Errorf("the new revision %s is deleted", r.Name)
		case r.Replicas+r.Actual+r.Terminating > 0 || !r.Observed:
			t.Errorf("%s is deleted and is not empty: %+v", r.Name, r)
		case r.Template == "" && !slices.ContainsFunc(s.Revisions, func(r rollout.Revision) bool { return !r.Settled.IsZero() }):
			t.Errorf("%s is deleted, and may be what worked", r.Name)
		case lastErr == nil && r.Name == last.Name:
			t.Errorf("%s is deleted and settled last", r.Name)
		case lastErr == nil && beforeErr == nil && r.Name == before.Name && current.Settled.IsZero():
			t.Errorf("%s is deleted and settled before the last, %s", r.Name, last.Name)
		case slices.ContainsFunc(s.Routes, func(route rollout.Route) bool { return route.To == r.Template }):
			t.Errorf("%s is deleted and routed to", r.Name)
		}
		higher := 0
		for _, o := range after.Old() {
			if o.Number >= r.Number {
				higher++
			}
		}
		if higher < int(limit) {
			t.Errorf("%s is deleted and is among the %d newest", r.Name, limit)
		}
	}
}

// randomState has up to nine revisions, most of them empty, with ties in everything but names.
func randomState(random *rand.Rand) rollout.State {
	letter := func() string { return string(rune('a' + random.IntN(6))) }
	seldom := func() int32 { return max(0, random.Int32N(8)-6) }
	s := rollout.State{Now: noon.Add(5 * time.Minute), Template: letter()}
	for i := range random.IntN(10) {
		r := rev(letter(), random.Int64N(7), random.IntN(3))
		r.Name = string(rune('z'-i)) + "-" + r.Template
		r.Replicas, r.Actual, r.Terminating = seldom(), seldom(), seldom()
		r.Observed = random.IntN(6) > 0
		if random.IntN(8) == 0 {
			r.Template = ""
		}
		if random.IntN(3) == 0 {
			r = settledAt(r, random.IntN(9))
		}
		s.Revisions = append(s.Revisions, r)
	}
	if random.IntN(2) == 0 {
		s.Routes = []rollout.Route{{Name: "active", To: letter()}, {Name: "preview"}}
	}
	if random.IntN(2) == 0 {
		s.Rejected = map[string]rollout.Rejection{letter(): {Why: "crashes"}}
	}
	return s
}

func clone(s rollout.State) rollout.State {
	s.Revisions = slices.Clone(s.Revisions)
	return s
}

func without(s rollout.State, gone []rollout.Revision) rollout.State {
	s = clone(s)
	s.Revisions = slices.DeleteFunc(s.Revisions, func(r rollout.Revision) bool {
		return slices.ContainsFunc(gone, func(g rollout.Revision) bool { return g.Name == r.Name })
	})
	return s
}

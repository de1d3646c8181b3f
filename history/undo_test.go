package history_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gopawl/pawl/history"
	"github.com/gopawl/pawl/rollout"
)

var noon = time.Date(2025, 3, 1, 12, 0, 0, 0, time.UTC)

// rev is a revision named after its template, created at the minute.
func rev(template string, number int64, minute int) rollout.Revision {
	return rollout.Revision{
		Name: "web-" + template, Template: template, Number: number, Observed: true,
		Created: noon.Add(time.Duration(minute) * time.Minute),
	}
}

// settledAt is r with a rollout to it that completed at the minute.
func settledAt(r rollout.Revision, minute int) rollout.Revision {
	r.Settled = noon.Add(time.Duration(minute) * time.Minute)
	return r
}

// state wants the template of the last revision.
func state(revisions ...rollout.Revision) rollout.State {
	s := rollout.State{Now: noon.Add(time.Hour), Revisions: revisions}
	if len(revisions) > 0 {
		s.Template = revisions[len(revisions)-1].Template
	}
	return s
}

func TestListIsAscendingWithCauses(t *testing.T) {
	twin := rev("b", 2, 5)
	tests := map[string]struct {
		state rollout.State
		want  []string
	}{
		"none":                           {state(), []string{}},
		"by number":                      {state(rev("a", 9, 0), rev("b", 2, 1), rev("c", 10, 2)), []string{"web-b", "web-a", "web-c"}},
		"younger of one number":          {state(twin, rev("a", 2, 1), rev("c", 3, 9)), []string{"web-b", "web-c"}},
		"the new one before a younger":   {state(twin, rev("a", 2, 1)), []string{"web-a"}},
		"not numbered is 0":              {state(rev("a", 4, 0), rev("b", 0, 1)), []string{"web-b", "web-a"}},
		"wanted template does not exist": {rollout.State{Template: "z", Revisions: []rollout.Revision{rev("a", 1, 0)}}, []string{"web-a"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			h := history.History{State: test.state, Notes: map[string]history.Note{"web-a": {Cause: "first try"}}}
			names := []string{}
			for _, e := range h.List() {
				names = append(names, e.Name)
				if want := map[string]string{"web-a": "first try"}[e.Name]; e.Cause != want {
					t.Errorf("cause of %s is %q, want %q", e.Name, e.Cause, want)
				}
			}
			if diff := cmp.Diff(test.want, names); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}

// undo is how a case asks for a revision.
type undo func(history.History) (history.Entry, error)

func to(n int64) undo {
	return func(h history.History) (history.Entry, error) { return h.To(n) }
}

func TestUndo(t *testing.T) {
	previous, last := history.History.Previous, history.History.LastSettled
	three := state(rev("a", 1, 0), rev("b", 2, 1), rev("c", 3, 2))
	settled := state(settledAt(rev("a", 4, 0), 30), settledAt(rev("b", 2, 1), 20), rev("c", 5, 2), settledAt(rev("d", 6, 3), 40))
	paused := state(three.Revisions...)
	paused.Paused = true
	held := state(settled.Revisions...)
	held.Paused = true
	rejected := state(settled.Revisions...)
	rejected.Rejected = map[string]rollout.Rejection{"a": {Why: "image not found"}, "d": {Why: "too slow"}}
	undone := state(rev("b", 2, 1), rev("c", 3, 2), rev("a", 4, 0))
	waiting := state(three.Revisions...)
	waiting.Template = "a" // undone, and not yet adopted as the newest

	tests := map[string]struct {
		state rollout.State
		undo  undo
		want  string // name of the revision, or the error
	}{
		"previous":                        {three, previous, "web-b"},
		"previous is 0":                   {three, to(0), "web-b"},
		"previous after an undo":          {undone, previous, "web-c"},
		"previous by number only":         {settled, previous, "web-c"},
		"previous counts a missing one 0": {state(rev("a", 0, 0), rev("b", 1, 1)), previous, "web-a"},
		"previous of one":                 {state(rev("a", 1, 0)), previous, "no rollout history found"},
		"previous of none":                {state(), previous, "no rollout history found"},
		"previous of one number":          {state(rev("a", 3, 0), rev("b", 3, 1)), previous, "no rollout history found"},
		"previous is never negative":      {state(rev("a", -2, 0), rev("b", 3, 1)), previous, "no rollout history found"},
		"previous while paused":           {paused, previous, "a paused rollout cannot go back"},

		"by number":             {three, to(1), "web-a"},
		"by past number":        {undone, to(1), "skipped rollback (current template already matches revision 1)"},
		"unknown":               {three, to(7), "unable to find specified revision 7 in history"},
		"negative":              {state(rev("a", -1, 0), rev("b", 1, 0)), to(-1), "unable to find specified revision -1 in history"},
		"present template":      {three, to(3), "skipped rollback (current template already matches revision 3)"},
		"not adopted yet":       {waiting, to(1), "skipped rollback (current template already matches revision 1)"},
		"paused":                {paused, to(1), "a paused rollout cannot go back"},
		"unknown comes first":   {paused, to(7), "unable to find specified revision 7 in history"},
		"rejected":              {rejected, to(4), "revision 4 was given up: image not found"},
		"present and rejected":  {rejected, to(6), "skipped rollback (current template already matches revision 6)"},
		"by what it had before": {settled, to(1), "web-a"},
		"present number first":  {settled, to(2), "web-b"},
		"not what it never had": {settled, to(9), "unable to find specified revision 9 in history"},

		"last settled":                {settled, last, "web-a"},
		"last settled, given up":      {rejected, last, "web-b"},
		"none settled":                {three, last, "no other revision has completed a rollout"},
		"only the present is settled": {state(rev("a", 1, 0), settledAt(rev("b", 2, 1), 2)), last, "no other revision has completed a rollout"},
		"by time before number":       {state(settledAt(rev("a", 1, 0), 30), settledAt(rev("b", 2, 1), 20), rev("c", 3, 2)), last, "web-a"},
		"alike but for age":           {state(settledAt(rev("a", 2, 5), 9), settledAt(rev("b", 2, 1), 9), rev("c", 3, 2)), last, "web-a"},
		"settled at once, by number":  {state(settledAt(rev("a", 3, 0), 9), settledAt(rev("b", 2, 1), 9), rev("c", 4, 2)), last, "web-a"},
		"settled in the future":       {state(settledAt(rev("a", 3, 0), 100), settledAt(rev("b", 2, 1), 200), rev("c", 4, 2)), last, "web-a"},
		"last settled while paused":   {held, last, "a paused rollout cannot go back"},
		"a twin of the present":       {state(settledAt(rollout.Revision{Name: "twin", Template: "b", Number: 2, Created: noon.Add(time.Hour)}, 5), rev("b", 1, 1)), last, "no other revision has completed a rollout"},
	}
	notes := map[string]history.Note{"web-a": {Past: []int64{1, 2, 9}}}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			e, err := test.undo(history.History{State: test.state, Notes: notes})
			got := e.Name
			if err != nil {
				got = err.Error()
			}
			if got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestRefusalsCanBeToldApart(t *testing.T) {
	h := history.History{State: state(rev("a", 1, 0), rev("b", 2, 1))}
	h.State.Rejected = map[string]rollout.Rejection{"a": {Why: "crashes"}}
	_, err := h.To(7)
	if want := new(history.NotFoundError); !errors.As(err, &want) || want.Number != 7 {
		t.Errorf("%v is not a NotFoundError", err)
	}
	_, err = h.To(2)
	if want := new(history.UnchangedError); !errors.As(err, &want) || want.Number != 2 {
		t.Errorf("%v is not an UnchangedError", err)
	}
	_, err = h.Previous()
	if want := new(history.RejectedError); !errors.As(err, &want) || *want != (history.RejectedError{Number: 1, Why: "crashes"}) {
		t.Errorf("%v is not a RejectedError", err)
	}
	if _, err = h.LastSettled(); !errors.Is(err, history.ErrNoneSettled) {
		t.Errorf("%v is not ErrNoneSettled", err)
	}
	h.State.Paused = true
	if _, err = h.Previous(); !errors.Is(err, history.ErrPaused) {
		t.Errorf("%v is not ErrPaused", err)
	}
	if _, err = (history.History{}).Previous(); !errors.Is(err, history.ErrNoHistory) {
		t.Errorf("%v is not ErrNoHistory", err)
	}
}

// Whatever can be seen in the list can be gone back to, and what can be gone back to is what
// the list shows.
func TestToAgreesWithList(t *testing.T) {
	s := state(rev("a", 2, 0), rev("b", 2, 1), rev("c", 5, 3), rev("d", 6, 4))
	h := history.History{State: s}
	for _, row := range h.List() {
		if got, err := h.To(row.Number); err == nil && got.Name != row.Name {
			t.Errorf("revision %d is listed as %s, found as %s", row.Number, row.Name, got.Name)
		}
	}
	if e, _ := h.To(2); e.Name != "web-b" {
		t.Errorf("revision 2 is %q, want the younger", e.Name)
	}
}

package history_test

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"text/tabwriter"
	"time"

	"github.com/gopawl/pawl/history"
	"github.com/gopawl/pawl/rollout"
)

// web has three revisions, of which the first was gone back to once and the newest does not
// come up.
func web() history.History {
	day := func(n int) time.Time { return time.Date(2025, 3, n, 0, 0, 0, 0, time.UTC) }
	return history.History{
		State: rollout.State{
			Now: day(9), Replicas: 3, Template: "v3",
			Revisions: []rollout.Revision{
				{Name: "web-2", Template: "v2", Number: 2, Created: day(2), Observed: true},
				{Name: "web-1", Template: "v1", Number: 3, Created: day(1), Settled: day(3), Observed: true, Replicas: 2, Actual: 2},
				{Name: "web-3", Template: "v3", Number: 4, Created: day(4), Observed: true, Replicas: 1, Actual: 1},
			},
		},
		Notes: map[string]history.Note{
			"web-1": {Past: history.ParsePast("1")},
			"web-2": {Cause: "new logo"},
		},
	}
}

// The table of `kubectl rollout history`.
func ExampleHistory_List() {
	out := tabwriter.NewWriter(os.Stdout, 0, 8, 2, ' ', 0)
	fmt.Fprintln(out, "REVISION\tCHANGE-CAUSE")
	for _, e := range web().List() {
		fmt.Fprintf(out, "%d\t%s\n", e.Number, cmp.Or(e.Cause, "<none>"))
	}
	out.Flush()
	// Output:
	// REVISION  CHANGE-CAUSE
	// 2         new logo
	// 3         <none>
	// 4         <none>
}

// Going back to a revision by the number it has, or had before somebody went back to it.
func ExampleHistory_To() {
	for _, number := range []int64{2, 1, 4, 7} {
		e, err := web().To(number)
		if err != nil {
			fmt.Println(err)
			continue
		}
		fmt.Printf("revision %d is %s, template %s\n", number, e.Name, e.Template)
	}
	// Output:
	// revision 2 is web-2, template v2
	// revision 1 is web-1, template v1
	// skipped rollback (current template already matches revision 4)
	// unable to find specified revision 7 in history
}

// The previous revision may be one that never worked; the last settled one did.
func ExampleHistory_LastSettled() {
	h := web()
	h.State.Template = "v4"
	h.State.Revisions = append(h.State.Revisions, rollout.Revision{Name: "web-4", Template: "v4", Number: 5})
	previous, _ := h.Previous()
	settled, _ := h.LastSettled()
	fmt.Println("previous:", previous.Name)
	fmt.Println("last settled:", settled.Name)
	// Output:
	// previous: web-3
	// last settled: web-1
}

// kubectl names the owner, which the state does not know.
func ExampleHistory_Previous() {
	h := web()
	h.State.Revisions = h.State.Revisions[:1]
	_, err := h.Previous()
	if errors.Is(err, history.ErrNoHistory) {
		err = fmt.Errorf("%w for deployment %q", err, "web")
	}
	fmt.Println(err)
	// Output:
	// no rollout history found for deployment "web"
}

// A revision is the newest again, so its number grows and the one it had is remembered.
func ExampleAppendPast() {
	h := web()
	fmt.Println("number:", history.Next(h.State.Revisions, 6))
	fmt.Println("past:", history.AppendPast("1", 3))
	// Output:
	// number: 7
	// past: 1,3
}

func ExampleKeep() {
	h := web()
	complete := rollout.StrategyFunc(func(rollout.State) (rollout.Plan, error) {
		return rollout.Plan{Phase: rollout.Complete}, nil
	})
	plan, err := history.Keep(complete, 1).Plan(h.State)
	if err != nil {
		fmt.Println(err)
	}
	fmt.Printf("%s: %s\n", plan.Phase, plan.Message)
	for _, step := range plan.Steps {
		fmt.Printf("%v (%s)\n", step.Action, step.Why)
	}
	// Output:
	// Progressing: 1 old revisions are pending deletion
	// delete web-2 (revision 2 is beyond the 1 old ones that are kept)
}

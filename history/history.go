package history

import (
	"cmp"
	"slices"

	"github.com/gopawl/pawl/rollout"
)

// History is the revisions of a workload, as people see them. The zero value has none.
type History struct {
	State rollout.State
	// Notes are what the state does not say about a revision, by its name. Nil is none.
	Notes map[string]Note
}

// Note is what a state leaves out of a revision because no strategy needs it.
type Note struct {
	// Cause is why it came to be: Kubernetes' annotation kubernetes.io/change-cause.
	Cause string
	// Past are the numbers that it had before, oldest first: see [ParsePast].
	Past []int64
}

// Entry is one row of a [History].
type Entry struct {
	rollout.Revision
	Note
}

// List returns a row for each number, the lowest first. Of revisions with one number
// the youngest is the row, but the new one before all others, as in kubectl. Number 0 is a revision
// that is not numbered yet.
func (h History) List() []Entry {
	revisions := h.State.Old()
	if current, ok := h.State.New(); ok {
		revisions = append(revisions, current)
	}
	slices.SortStableFunc(revisions, byNumber)
	rows := make([]Entry, 0, len(revisions))
	for i, r := range revisions {
		if i+1 == len(revisions) || revisions[i+1].Number != r.Number {
			rows = append(rows, h.entry(r))
		}
	}
	return rows
}

// Find returns the row with a number; where none has it, the one that had it before: what was
// revision 2 is still found as 2 after going back has made it revision 4. An earlier number
// is always below the present one; others in Past are ignored.
func (h History) Find(number int64) (Entry, bool) {
	rows := h.List()
	for _, e := range rows {
		if e.Number == number {
			return e, true
		}
	}
	for _, e := range rows {
		if number < e.Number && slices.Contains(e.Past, number) {
			return e, true
		}
	}
	return Entry{}, false
}

func (h History) entry(r rollout.Revision) Entry { return Entry{r, h.Notes[r.Name]} }

func byNumber(a, b rollout.Revision) int { return cmp.Compare(a.Number, b.Number) }

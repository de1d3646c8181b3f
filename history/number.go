package history

import (
	"math"
	"strconv"
	"strings"

	"github.com/gopawl/pawl/rollout"
)

// Next returns the number of the next revision: one more than the highest ever seen, which is
// the highest of the revisions and of atLeast, the last number that the owner remembers. So no
// number is given twice, even after the newest revision was deleted. The first is 1; beyond
// [math.MaxInt64] there is none, and that is returned again.
func Next(revisions []rollout.Revision, atLeast int64) int64 {
	highest := max(0, atLeast)
	for _, r := range revisions {
		highest = max(highest, r.Number)
	}
	if highest == math.MaxInt64 {
		return highest
	}
	return highest + 1
}

// pastLimit is the most characters in a list of past numbers
// (Kubernetes: maxRevHistoryLengthInChars).
const pastLimit = 2000

// AppendPast appends the number that a revision had to the list of those it had before, when it
// gets a larger one. The list is the value of Kubernetes' annotation revision-history, such as
// "1,4,9", and is kept as there: the oldest numbers go, so that it has at most 2000 characters.
func AppendPast(list string, number int64) string {
	return appendPast(list, strconv.FormatInt(number, 10), pastLimit)
}

func appendPast(list, number string, limit int) string {
	if len(number) > limit {
		return list
	}
	if list == "" || list[0] == ',' {
		return number
	}
	for len(list)+len(",")+len(number) > limit {
		_, rest, more := strings.Cut(list, ",")
		if !more {
			return number
		}
		list = rest
	}
	return list + "," + number
}

// ParsePast returns the numbers in a list that [AppendPast] keeps, oldest first. What is not a
// number is left out: somebody else may have written the annotation.
func ParsePast(list string) []int64 {
	var past []int64
	for field := range strings.SplitSeq(list, ",") {
		if n, err := strconv.ParseInt(strings.TrimSpace(field), 10, 64); err == nil {
			past = append(past, n)
		}
	}
	return past
}

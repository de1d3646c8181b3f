package history

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gopawl/pawl/rollout"
)

func TestNextIsNeverUsedTwice(t *testing.T) {
	tests := map[string]struct {
		numbers []int64
		atLeast int64
		want    int64
	}{
		"first":                        {nil, 0, 1},
		"not numbered":                 {[]int64{0, 0}, 0, 1},
		"after the highest":            {[]int64{2, 7, 3}, 0, 8},
		"the highest was deleted":      {[]int64{2, 3}, 7, 8},
		"the owner is behind":          {[]int64{2, 9}, 7, 10},
		"nothing left but the memory":  {nil, 4, 5},
		"nobody gives negative ones":   {[]int64{-5}, -3, 1},
		"no number beyond the largest": {[]int64{math.MaxInt64}, 1, math.MaxInt64},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			var revisions []rollout.Revision
			for _, n := range test.numbers {
				revisions = append(revisions, rollout.Revision{Number: n})
			}
			if got := Next(revisions, test.atLeast); got != test.want {
				t.Errorf("Next = %d, want %d", got, test.want)
			}
		})
	}
}

func TestAppendPastDropsTheOldest(t *testing.T) {
	tests := map[string]struct {
		list   string
		number string
		limit  int
		want   string
	}{
		"empty list":          {"", "1", 10, "1"},
		"append":              {"1,2", "5", 10, "1,2,5"},
		"just fits":           {"1,2", "5", 5, "1,2,5"},
		"one must go":         {"1,2", "5", 4, "2,5"},
		"a longer one goes":   {"100,2", "33", 5, "2,33"},
		"all must go":         {"1,2", "5", 1, "5"},
		"does not fit at all": {"1,2", "555", 2, "1,2"},
		"odd list":            {",2", "5", 10, "5"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if got := appendPast(test.list, test.number, test.limit); got != test.want {
				t.Errorf("appendPast = %q, want %q", got, test.want)
			}
		})
	}
}

func TestAppendPastKeeps2000Characters(t *testing.T) {
	list := ""
	for n := range int64(3000) {
		list = AppendPast(list, n)
	}
	if len(list) != 1999 || !strings.HasPrefix(list, "2600,") || !strings.HasSuffix(list, ",2999") {
		t.Errorf("%d characters, %.20s…", len(list), list)
	}
}

func TestParsePast(t *testing.T) {
	for list, want := range map[string][]int64{
		"":                         nil,
		"3":                        {3},
		"1,4,9":                    {1, 4, 9},
		" 1 , 4":                   {1, 4},
		"1,x,,2.5,4,":              {1, 4},
		"99999999999999999999,7":   {7},
		"1;2":                      nil,
		strings.Repeat(",", 10000): nil,
	} {
		if diff := cmp.Diff(want, ParsePast(list)); diff != "" {
			t.Errorf("ParsePast(%.20q): -want +got\n%s", list, diff)
		}
	}
}

// FuzzPast holds that the list is kept as the Deployment controller keeps it, stays within the
// limit, and gives back what was put in.
func FuzzPast(f *testing.F) {
	f.Add("", int64(1), 10)
	f.Add("1,2,3", int64(4), 5)
	f.Add(",,5,", int64(-4), 3)
	f.Add(strings.Repeat("12,", 700), int64(math.MaxInt64), 0)
	f.Fuzz(func(t *testing.T, list string, number int64, limit int) {
		text := strconv.FormatInt(number, 10)
		if got, want := appendPast(list, text, limit), controllersAppend(list, text, limit); got != want {
			t.Errorf("appendPast(%q, %s, %d) = %q, the controller has %q", list, text, limit, got, want)
		}
		got := AppendPast(list, number)
		if len(got) > pastLimit {
			t.Errorf("%d characters", len(got))
		}
		past, before := ParsePast(got), ParsePast(list)
		if len(past) == 0 || past[len(past)-1] != number {
			t.Fatalf("%d is not the last of %v", number, past)
		}
		if kept := past[:len(past)-1]; len(kept) > len(before) || !slices.Equal(kept, before[len(before)-len(kept):]) {
			t.Errorf("%v is not the end of %v", kept, before)
		}
	})
}

// controllersAppend is the rule as SetNewReplicaSetAnnotations of Kubernetes has it.
func controllersAppend(list, number string, limit int) string {
	fields := strings.Split(list, ",")
	if fields[0] == "" {
		if len(number) > limit {
			return list // the controller does not look here; its limit is never so small
		}
		return number
	}
	total, start := len(list)+len(number)+1, 0
	for total > limit && start < len(fields) {
		total -= len(fields[start]) + 1
		start++
	}
	if total > limit {
		return list
	}
	return strings.Join(append(fields[start:], number), ",")
}

package traffic

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// String is the tally as a text of several lines: how many requests there were, what failed, who answered,
// and when.
func (t Tally) String() string {
	if t.Requests == 0 {
		return "no requests, as nobody served\n"
	}
	var text strings.Builder
	fmt.Fprintf(&text, "%d requests in %v, %d on new connections: %d failed; longest time without an answer %v\n",
		t.Requests, round(t.Duration), t.Fresh, t.Failed, round(t.LongestGap))
	for _, kind := range slices.Sorted(maps.Keys(t.Errors)) {
		fmt.Fprintf(&text, "%d failed: %s\n", t.Errors[kind], kind)
	}
	table := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "VERSION\tANSWERS\tPODS")
	for _, name := range slices.Sorted(maps.Keys(t.Versions)) {
		fmt.Fprintf(table, "%s\t%d\t%d\n", name, t.Versions[name].Answers, len(t.Versions[name].Pods))
	}
	table.Flush()
	fmt.Fprintln(table, "FROM\tTO\tREQUESTS\tFAILED\tANSWERED BY")
	for _, p := range t.Phases {
		fmt.Fprintf(table, "%v\t%v\t%d\t%d\t%s\n", round(p.From), round(p.To), p.Requests, p.Failed,
			cmp.Or(strings.Join(p.Versions, " and "), "nobody"))
	}
	table.Flush()
	return text.String()
}

func round(d time.Duration) time.Duration { return d.Round(10 * time.Millisecond) }

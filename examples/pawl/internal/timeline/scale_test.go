package timeline

import (
	"slices"
	"testing"
	"time"
)

func TestShortDurations(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0s", 250 * time.Millisecond: "250ms", 1234 * time.Millisecond: "1.23s", 61 * time.Second: "1m1s",
		2 * time.Minute: "2m", 10 * time.Minute: "10m", 90 * time.Minute: "1h30m", 2 * time.Hour: "2h",
		100*time.Hour + 5*time.Second: "100h0m5s", 12_345 * time.Millisecond: "12.3s",
	} {
		if got := short(d); got != want {
			t.Errorf("%v: %s, not %s", d, got, want)
		}
	}
}

// A time axis has marks that can be told apart, neither too many nor too few, from the shortest
// rollout to one of a month.
func TestTimeAxis(t *testing.T) {
	for span := shortest; span < 31*24*time.Hour; span += span / 7 {
		for _, most := range []int{2, 5, 12} {
			all := ticks(span, most)
			if len(all) > most+1 || len(all) < 2 {
				t.Fatalf("%v with at most %d: %v", span, most, all)
			}
			if !slices.Contains(times, all[1]) && all[1]%(24*time.Hour) != 0 {
				t.Fatalf("%v with at most %d: nobody counts in steps of %v", span, most, all[1])
			}
			for i, d := range all {
				if d > span || i > 0 && short(d) == short(all[i-1]) {
					t.Fatalf("%v with at most %d: %v", span, most, all)
				}
			}
		}
	}
}

func TestReplicaAxis(t *testing.T) {
	for top := 1.0; top < 3e9; top *= 1.3 {
		all := levels(top, 5)
		if len(all) > 6 || len(all) < 2 || all[0] != 0 {
			t.Fatalf("%v: %v", top, all)
		}
	}
}

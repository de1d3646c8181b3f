package beside

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/gopawl/pawl/test/cluster/suite"
)

// measureLarge returns how long a rollout of many pods takes on each side, and what it costs the API
// server. It checks that the bounds hold, and nothing about time.
func measureLarge(t *testing.T) string {
	const replicas, floor, ceiling = 1000, 750, 1250
	s := story{name: fmt.Sprintf("%d pods", replicas), start: rolling(replicas, "25%", "25%")}
	var told strings.Builder
	fmt.Fprintf(&told, "%d pods that become ready at once, 25 %% and 25 %%, one side after the other:\n\n", replicas)
	for n, name := range []string{"Deployment", "Pawl"} {
		t.Run(fmt.Sprintf("%s %s", name, s.name), func(t *testing.T) {
			p := begin(t, s, n == 0)
			p.rolls("web:2", nil)
			p.completes()
			took := time.Since(p.from)
			fmt.Fprintf(&told, "- %s: %.1f s, %d changes of size", name, took.Seconds(), p.ledger.writes())
			if e, ok := p.side.(*engine); ok {
				fmt.Fprintf(&told, ", %d looks; calls: %s", e.looks.Load(), calls(&e.wire))
			}
			told.WriteByte('\n')
			t.Logf("sizes: %s", strings.Join(p.ledger.sizes(), " "))
			if fewest, most := p.ledger.fewestReady(), p.ledger.most(); fewest < floor || most > ceiling {
				t.Errorf("%d ready, %d asked for; want at least %d, at most %d", fewest, most, floor, ceiling)
			}
			p.scales(0) // room for the other side
			p.completes()
			p.Eventually(time.Minute, p.PodsReady("", 0, 0))
		})
	}
	return told.String()
}

// calls are those of a wire, by verb and resource.
func calls(w *suite.Wire) string {
	n := map[string]int{}
	for _, c := range w.All() {
		n[c.Verb+" "+c.Resource]++
	}
	var all []string
	for _, k := range sortedKeys(n) {
		all = append(all, fmt.Sprintf("%d %s", n[k], k))
	}
	return strings.Join(all, ", ")
}

package e2e

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gopawl/pawl/rollout/kube"
)

// One process rolls out. Another pauses the rollout, and later resumes it: it waits for its turn, and
// finds all done by the first.
func TestPauseFromAnotherTerminal(t *testing.T) {
	f := newFixture(t)
	pawl := f.command(nil, slices.Concat(kube.Rules(), commandRules)...)
	pawl.does("run", "-f", manifest("httpd.v1.yaml"))
	const labels = "      labels:\n"
	first := pawl.start("run", "-f", pawl.edited("httpd.v2.yaml", labels, "      annotations: {sim/ready-delay: 3s}\n"+labels))
	f.eventually(20*time.Second, func(context.Context) error {
		if len(f.sets()) != 2 {
			return errors.New("it has not begun yet")
		}
		return nil
	})
	pawl.does("pause", "httpd")
	sizes := f.sizes()
	f.eventually(20*time.Second, f.podsReady("", 4, 4)) // the next step could be taken
	time.Sleep(time.Second)
	if diff := cmp.Diff(sizes, f.sizes()); diff != "" {
		t.Errorf("sizes while paused: %s", diff)
	}

	pawl.prints(pawl.does("resume", "httpd"), "deployment.apps/httpd resumed\n", "is being rolled out by ", "successfully rolled out\n")
	out, code := first()
	pawl.prints(out, "deployment \"httpd\" is paused: waiting for 'pawl resume httpd'\n", "successfully rolled out\n")
	if code != 0 {
		t.Errorf("the first: exit code %d", code)
	}
}

// sizes are those of the namespace's ReplicaSets, by name.
func (f *fixture) sizes() map[string]int32 {
	f.Helper()
	sizes := map[string]int32{}
	for _, rs := range f.sets() {
		sizes[rs.Name] = *rs.Spec.Replicas
	}
	return sizes
}

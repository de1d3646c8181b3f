package e2e

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gopawl/pawl/rollout/kube"
	"github.com/gopawl/pawl/test/cluster/suite"
)

// One process rolls out. Another pauses the rollout, and later resumes it: it waits for its turn, and
// finds all done by the first.
func TestPauseFromAnotherTerminal(t *testing.T) {
	f := suite.New(t)
	pawl := f.Command(nil, slices.Concat(kube.Rules(), suite.CommandRules)...)
	pawl.Does("run", "-f", suite.Manifest("httpd.v1.yaml"))
	const labels = "      labels:\n"
	first := pawl.Start("run", "-f", pawl.Edited("httpd.v2.yaml", labels, "      annotations: {sim/ready-delay: 3s}\n"+labels))
	f.Eventually(20*time.Second, func(context.Context) error {
		if len(f.Sets()) != 2 {
			return errors.New("it has not begun yet")
		}
		return nil
	})
	pawl.Does("pause", "httpd")
	sizes := f.Sizes()
	f.Eventually(20*time.Second, f.PodsReady("", 4, 4)) // the next step could be taken
	time.Sleep(time.Second)
	if diff := cmp.Diff(sizes, f.Sizes()); diff != "" {
		t.Errorf("sizes while paused: %s", diff)
	}

	pawl.Prints(pawl.Does("resume", "httpd"), "deployment.apps/httpd resumed\n", "is being rolled out by ", "successfully rolled out\n")
	out, code := first()
	pawl.Prints(out, "deployment \"httpd\" is paused: waiting for 'pawl resume httpd'\n", "successfully rolled out\n")
	if code != 0 {
		t.Errorf("the first: exit code %d", code)
	}
}

// Package beside plays the same rollouts twice on one real control plane, by a native Deployment and
// by Pawl, and compares what somebody sees who has no part in either: see docs/beside.md.
package beside

import (
	"flag"
	"testing"

	"github.com/gopawl/pawl/test/cluster/suite"
)

var (
	rewrite = flag.Bool("rewrite", false, "write docs/beside.md anew")
	large   = flag.Bool("large", false, "measure 1,000 pods, too: a minute or two")
)

func TestMain(m *testing.M) { suite.Main(m) }

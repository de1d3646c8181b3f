// Package node tests Pawl on a real node: real pods, real probes, real traffic.
package node

import (
	"fmt"
	"os"
	"testing"

	"github.com/gopawl/pawl/test/cluster"
	"github.com/gopawl/pawl/test/cluster/suite"
)

// TestMain skips the whole package where there can be no real node, unless PAWL_REQUIRE_NODE=1 says
// that there must be one.
func TestMain(m *testing.M) {
	if err := cluster.Supported(); err != nil {
		if os.Getenv("PAWL_REQUIRE_NODE") == "1" {
			fmt.Fprintf(os.Stderr, "FAIL: no real node, and PAWL_REQUIRE_NODE=1: %v\n", err)
			os.Exit(1)
		}
		fmt.Fprintf(os.Stderr, "SKIP: no test runs, for there can be no real node here: %v\n", err)
		os.Exit(0)
	}
	suite.MainWith(m, cluster.Options{RealNodes: 1})
}

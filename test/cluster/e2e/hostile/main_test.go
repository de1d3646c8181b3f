// Package hostile rolls out where the cluster is against it: quotas, admission, other people's pods,
// rights that go, a namespace that goes. Each test has a namespace of its own, and Pawl no more rights
// there than it says it needs.
package hostile

import (
	"testing"

	"github.com/gopawl/pawl/test/cluster/suite"
)

func TestMain(m *testing.M) {
	suite.Parallel("8")
	suite.Main(m)
}

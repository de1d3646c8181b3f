// Package e2e tests Pawl against a real control plane, one for all the tests here.
package e2e

import (
	"testing"

	"github.com/gopawl/pawl/test/cluster/suite"
)

func TestMain(m *testing.M) { suite.Main(m) }

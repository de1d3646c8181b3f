// Package faults holds the tests in which something goes wrong between Pawl and the API server, or
// with the API server itself.
package faults

import (
	"flag"
	"strconv"
	"testing"

	"github.com/gopawl/pawl/test/cluster/suite"
)

// rolloutsAtOnce may be more than there are processors: a rollout mostly waits.
const rolloutsAtOnce = 12

func TestMain(m *testing.M) {
	if err := flag.Set("test.parallel", strconv.Itoa(rolloutsAtOnce)); err != nil {
		panic(err)
	}
	suite.Main(m)
}

// Package tutorials plays the stories of the command's transcripts, the tutorials' among them, which
// its own tests play on the embedded cluster in virtual time, word for word on a real control plane.
package tutorials

import (
	"testing"

	"github.com/gopawl/pawl/test/cluster/suite"
)

func TestMain(m *testing.M) {
	suite.Parallel("16")
	suite.Main(m)
}

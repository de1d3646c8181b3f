// Package kubectl points the real kubectl at what Pawl made, and keeps what it says in testdata.
package kubectl

import (
	"flag"
	"testing"

	"github.com/gopawl/pawl/test/cluster/suite"
)

var rewrite = flag.Bool("rewrite", false, "write the transcripts in testdata anew")

func TestMain(m *testing.M) { suite.Main(m) }

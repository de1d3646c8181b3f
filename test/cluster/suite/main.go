// Package suite holds what the end-to-end tests share: a cluster for the tests of a package, a
// namespace for each test, an observer that has no part in what happens, and Pawl's command as a
// user with few rights.
//
// A package of tests has
//
//	func TestMain(m *testing.M) { suite.Main(m) }
//
// and each test begins with [New] and waits with [Fixture.Eventually].
package suite

import (
	"context"
	"fmt"
	"os"
	"testing"

	"github.com/gopawl/pawl/test/cluster"
)

var (
	// shared is the cluster of all the tests, which tell themselves apart by namespace.
	shared *cluster.Cluster
	// scratch is a directory that goes when the tests have ended.
	scratch string
)

// Main starts a cluster, runs the tests of a package and ends the process. When one fails, the
// cluster's logs stay.
func Main(m *testing.M) { MainWith(m, cluster.Options{}) }

// MainWith is Main with a cluster that differs from the usual one.
func MainWith(m *testing.M, o cluster.Options) { os.Exit(run(m, o)) }

// Cluster returns the cluster of this package's tests.
func Cluster() *cluster.Cluster { return shared }

func run(m *testing.M, o cluster.Options) (code int) {
	dir, err := os.MkdirTemp("", "pawl-e2e-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	scratch = dir
	c, err := cluster.Start(context.Background(), o)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	shared = c
	code = m.Run()
	if code != 0 {
		c.Keep()
	}
	if err := c.Stop(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
}

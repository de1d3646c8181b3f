// Package e2e tests Pawl against a real control plane, one for all the tests here.
// A test begins with newFixture and waits with fixture.eventually; see smoke_test.go.
package e2e

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

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) (code int) {
	dir, err := os.MkdirTemp("", "pawl-e2e-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	scratch = dir
	c, err := cluster.Start(context.Background(), cluster.Options{})
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

//go:build !race

package kube_test

import "testing"

// few makes long tests take a part of their cases.
func few() bool { return testing.Short() }

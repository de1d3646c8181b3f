//go:build race

package kube_test

// few makes long tests take a part of their cases: the race detector slows them down.
func few() bool { return true }

// Package app keeps what is wanted of an app in the cluster, and drives it there.
//
// Everything about one app is in one ConfigMap, pawl.NAME: the manifest as it is wanted now, the
// one applied last (for three-way apply), a counter that goes up with every change of what is
// wanted, and the outcome of the last look. The ConfigMap owns the ReplicaSets, so that any
// machine can resume, pause or undo, and deleting it deletes them. A Lease of the same name keeps
// two processes from driving one app.
package app

// Package identity holds the identities of package hashing to their promise: an upgrade of the
// Kubernetes libraries changes none of them.
//
// Each directory v0.X is the library's module with that minor of k8s.io/api and apimachinery
// instead of the one that it requires, which no other module could lower. It holds a go.mod and
// a go.sum only; an overlay of the go command adds the sources of package hashing, as they are,
// and the program in testdata. The test compiles the program in each, has it answer the frozen
// vectors and prints a table:
//
//	GOWORK=off go test -count=1 -v .
//	GOWORK=off go test -count=1 . -tidy    # after hashing imports something else
//
// For another minor, copy a directory, change the two versions in its go.mod, and tidy.
package identity

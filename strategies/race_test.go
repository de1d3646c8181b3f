//go:build race

package strategies_test

// defaultSeeds is small under the race detector: it slows the trials down, and finds little in
// code that runs on one goroutine.
const defaultSeeds = 250

const raced = true

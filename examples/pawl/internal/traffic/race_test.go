//go:build race

package traffic

// enough is how many requests a test sends at least: the race detector slows them down.
const enough = 2_000

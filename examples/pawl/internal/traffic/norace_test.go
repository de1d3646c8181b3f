//go:build !race

package traffic

// enough is how many requests a test sends at least.
const enough = 20_000

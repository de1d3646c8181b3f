//go:build !race

package strategies_test

const defaultSeeds = 2500

const raced = false

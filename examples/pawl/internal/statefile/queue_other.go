//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd)

package statefile

import "os"

// openInTurn opens a file; bbolt looks for its lock now and then.
func openInTurn(name string, flag int, perm os.FileMode) (*os.File, error) {
	return os.OpenFile(name, flag, perm)
}

package cluster

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// removeAbandoned removes what processes left behind that were killed before they could stop their
// clusters: cgroups, and files except for the logs. Everything else went with the process. The names
// hold its id. What cannot be removed now is left to the next start.
func removeAbandoned() {
	for _, cgroup := range cgroupDirs("pawl-*") {
		if abandoned(strings.TrimPrefix(filepath.Base(cgroup), "pawl-")) {
			_ = removeCgroup(cgroup)
		}
	}
	dirs, _ := filepath.Glob(filepath.Join(os.TempDir(), "pawl-cluster-*"))
	for _, dir := range dirs {
		if abandoned(strings.TrimPrefix(filepath.Base(dir), "pawl-cluster-")) {
			_ = removeAllBut("logs", dir)
		}
	}
}

// abandoned says of a name that begins with a process's id whether there is no such process.
func abandoned(name string) bool {
	id, _, found := strings.Cut(name, "-")
	pid, err := strconv.Atoi(id)
	return found && err == nil && errors.Is(syscall.Kill(pid, 0), syscall.ESRCH)
}

func removeAllBut(keep, dir string) error {
	entries, err := os.ReadDir(dir)
	for _, entry := range entries {
		if entry.Name() != keep {
			err = errors.Join(err, os.RemoveAll(filepath.Join(dir, entry.Name())))
		}
	}
	return err
}

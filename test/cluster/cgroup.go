package cluster

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// cgroupName is that of a node's cgroup, in each hierarchy.
func (c *Cluster) cgroupName(node string) string {
	return "pawl-" + strings.TrimPrefix(filepath.Base(c.dir), "pawl-cluster-") + "-" + node
}

// cgroupDirs are the directories of cgroups in the root of the hierarchies, of version 1 and 2.
func cgroupDirs(pattern string) []string {
	v1, _ := filepath.Glob("/sys/fs/cgroup/*/" + pattern)
	v2, _ := filepath.Glob("/sys/fs/cgroup/" + pattern)
	return append(v1, v2...)
}

// removeCgroups removes cgroups with all below them, which the kernel allows when it has done with
// their processes. A process killed just now is there for a moment more.
func removeCgroups(dirs []string) error {
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		var errs []error
		for _, dir := range dirs {
			errs = append(errs, removeCgroup(dir))
		}
		if err := errors.Join(errs...); err == nil || time.Now().After(end) {
			return err
		}
	}
}

func removeCgroup(root string) error {
	var dirs []string
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err == nil && entry.IsDir() {
			dirs = append(dirs, path)
		}
		return err
	})
	for _, dir := range slices.Backward(dirs) { // what is below comes first
		if rm := syscall.Rmdir(dir); rm != nil && !errors.Is(rm, fs.ErrNotExist) {
			err = errors.Join(err, &os.PathError{Op: "rmdir", Path: dir, Err: rm})
		}
	}
	return err
}

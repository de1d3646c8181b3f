//go:build unix && !linux

package cluster

import "syscall"

// childAttr makes a child the leader of a process group. Where the kernel cannot tie a
// child's life to its parent's, a killed test leaves the cluster running.
func childAttr() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true}
}

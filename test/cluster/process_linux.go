package cluster

import "syscall"

// childAttr makes a child the leader of a process group, so that it can be killed with
// its own children and no Ctrl-C reaches it before its time, and lets it die with its
// parent however that dies. To the kernel the parent is the thread that forked: start
// such a child only from a goroutine that is locked to its thread while the child lives.
func childAttr() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

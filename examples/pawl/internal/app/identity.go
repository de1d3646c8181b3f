package app

import (
	"fmt"
	"os"
	"os/user"
	"strconv"
	"strings"

	coordinationv1 "k8s.io/api/coordination/v1"
)

// identity names this process for people and for dead: user@host/pid.
func identity() string {
	name := "unknown"
	if u, err := user.Current(); err == nil {
		name = u.Username
	}
	return fmt.Sprintf("%s@%s/%d", name, hostname(), os.Getpid())
}

func hostname() string {
	host, err := os.Hostname()
	if err != nil {
		return "localhost"
	}
	return host
}

// dead reports whether the holder is known not to run any more.
func dead(lease *coordinationv1.Lease) bool {
	if lease.Spec.HolderIdentity == nil {
		return false
	}
	who, pid, ok := strings.Cut(*lease.Spec.HolderIdentity, "/")
	_, host, _ := strings.Cut(who, "@")
	n, err := strconv.Atoi(pid)
	if !ok || err != nil || host != hostname() {
		return false
	}
	return gone(n)
}

package app

import (
	"crypto/rand"
	"fmt"
	"os"
	"os/user"
	"strconv"
	"strings"
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

// tagged is the name with a tag that no other call of [Store.Exclusive] has, in this process
// neither: user@host/pid#place.random.
func tagged(name string) string { return fmt.Sprintf("%s#%s.%s", name, place(), rand.Text()[:8]) }

// nameOf is the part of a tagged name that is for people.
func nameOf(holder string) string {
	name, _, _ := strings.Cut(holder, "#")
	return name
}

// dead reports whether the holder is known not to run any more. Where its process number is not
// one of ours, or may not be, nothing is known.
func dead(holder string) bool {
	name, tag, _ := strings.Cut(holder, "#")
	there, _, _ := strings.Cut(tag, ".")
	who, pid, _ := cutLast(name, "/")
	_, host, _ := cutLast(who, "@")
	n, err := strconv.Atoi(pid)
	return err == nil && n > 0 && host == hostname() && there == place() && gone(n)
}

// cutLast is [strings.Cut] at the last separator: names of users may hold some.
func cutLast(s, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, "", false
}

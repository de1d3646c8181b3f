package app

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"testing"
	"testing/synctest"
	"time"
)

// deadPID is the number of a process that has just ended.
func deadPID(t *testing.T) int {
	t.Helper()
	c := exec.Command(os.Args[0], "-test.run=^$")
	if err := c.Run(); err != nil {
		t.Fatal(err)
	}
	return c.Process.Pid
}

func TestDeadHolderIsReplacedAtOnce(t *testing.T) {
	gone := deadPID(t)
	synctest.Test(t, func(t *testing.T) {
		stores, _ := newStores(t, "bob")
		hold(t, stores[0], fmt.Sprintf("ann@%s/%d#%s.x", hostname(), gone, place()))
		began := time.Now()
		if err := stores[0].Exclusive(t.Context(), "web", nobodyElse(t), func(context.Context) error { return nil }); err != nil {
			t.Error(err)
		}
		if waited := time.Since(began); waited > time.Second {
			t.Errorf("waited %v for the dead", waited)
		}
	})
}

func TestDead(t *testing.T) {
	gone, host, here := deadPID(t), hostname(), place()
	for _, c := range []struct {
		holder string
		want   bool
		why    string
	}{
		{tagged(identity()), false, "this process"},
		{fmt.Sprintf("ann@%s/%d#%s.x", host, gone, here), true, "ended"},
		{fmt.Sprintf("ann@corp.example@%s/%d#%s.x", host, gone, here), true, "a user with an @"},
		{fmt.Sprintf("corp/ann@%s/%d#%s.x", host, gone, here), true, "a user with a slash"},
		{fmt.Sprintf("ann@%s/1#%s.x", host, here), false, "always there"},
		{fmt.Sprintf("ann@%s/%d#other.x", host, gone), false, "another machine or container of the same name"},
		{fmt.Sprintf("ann@elsewhere/%d#%s.x", gone, here), false, "another host"},
		{fmt.Sprintf("ann@%s/0#%s.x", host, here), false, "no process number"},
		{fmt.Sprintf("ann@%s/-%d#%s.x", host, gone, here), false, "a process group"},
		{fmt.Sprintf("ann@%s/%d9999999999999999999#%s.x", host, gone, here), false, "too large"},
		{fmt.Sprintf("ann@%s/x#%s.x", host, here), false, "no number"},
		{fmt.Sprintf("ann@%s#%s.x", host, here), false, "no process"},
		{"controller-7c9f", false, "somebody else's identity"},
		{"", false, "nobody"},
		{"#", false, "nothing"},
	} {
		if got := dead(c.holder); got != c.want {
			t.Errorf("dead(%q) = %v, want %v: %s", c.holder, got, c.want, c.why)
		}
	}
}

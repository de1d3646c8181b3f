package cluster

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"
)

const orphanEnv = "PAWL_TEST_START_A_CHILD_AND_EXIT"

func TestChildrenDieWithTheirParent(t *testing.T) {
	if os.Getenv(orphanEnv) != "" {
		p := sleeper(t, t.TempDir())
		fmt.Println("child", p.all[0].cmd.Process.Pid)
		os.Exit(0)
	}
	cmd := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$")
	cmd.Env = append(os.Environ(), orphanEnv+"=1")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	_, rest, _ := strings.Cut(string(out), "child ")
	pid, err := strconv.Atoi(strings.TrimSpace(rest))
	if err != nil {
		t.Fatalf("%v in %q", err, out)
	}
	if !within(10*time.Second, func() bool { return !runs(pid) }) {
		t.Errorf("child %d outlives its parent", pid)
	}
}

func TestChildrenOutliveTheThreadThatAskedForThem(t *testing.T) {
	dir := t.TempDir()
	started, end := make(chan *processes), make(chan struct{})
	for range 2 { // two at once, since the first thread of a process never ends
		go func() {
			runtime.LockOSThread() // and no unlock: the thread ends with the goroutine
			started <- sleeper(t, dir)
			<-end
		}()
	}
	all := []*processes{<-started, <-started}
	close(end)
	time.Sleep(200 * time.Millisecond)
	for _, p := range all {
		if err := p.stop(); err != nil {
			t.Error(err)
		}
	}
}

func sleeper(t *testing.T, dir string) *processes {
	p := newProcesses(dir, dir)
	if err := p.start("sleeper", "sleep", "60"); err != nil {
		t.Error(err)
	}
	return p
}

// runs says whether the process is there and no zombie, for nobody may wait for it.
func runs(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return false
	}
	_, state, _ := bytes.Cut(stat, []byte(") "))
	return !bytes.HasPrefix(state, []byte("Z"))
}

package cluster

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func needRealNodes(t *testing.T) {
	t.Helper()
	err := Supported()
	switch {
	case err != nil && os.Getenv("PAWL_REQUIRE_NODE") == "1":
		t.Fatalf("no real nodes, and PAWL_REQUIRE_NODE=1: %v", err)
	case err != nil:
		t.Skipf("no real nodes: %v", err)
	}
}

// Clusters with the same addresses run side by side, and Stop leaves nothing of them.
func TestRealNodesLeaveNothing(t *testing.T) {
	needRealNodes(t)
	before, goroutines := interfaces(t), runtime.NumGoroutine()
	var clusters [2]*Cluster
	t.Run("start", func(t *testing.T) {
		for i := range clusters {
			t.Run("", func(t *testing.T) {
				t.Parallel()
				c, err := Start(t.Context(), Options{RealNodes: i + 1})
				if err != nil {
					t.Fatal(err)
				}
				clusters[i] = c
			})
		}
	})
	for i, c := range clusters {
		if c == nil {
			continue
		}
		nodes, err := c.client.CoreV1().Nodes().List(t.Context(), metav1.ListOptions{})
		if err != nil || len(nodes.Items) != i+1 {
			t.Errorf("%d nodes (%v), want %d", len(nodes.Items), err, i+1)
		}
		conn, err := c.Dial(t.Context(), "tcp", net.JoinHostPort(nodeIP(i+1), "10250")) // the kubelet
		if err != nil {
			t.Error(err)
		} else {
			conn.Close()
		}
		there := leftOf(t, c.lan.all())
		if err := c.Stop(); err != nil {
			t.Error(err)
		}
		if len(there) == 0 {
			t.Error("no process is found in the namespaces, so none could be missed")
		}
	}
	for _, c := range clusters {
		if c == nil {
			continue
		}
		if dirs := cgroupDirs(c.cgroupName("*")); len(dirs) > 0 {
			t.Errorf("cgroups: %v", dirs)
		}
		if _, err := os.Stat(c.dir); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s is still there: %v", c.dir, err)
		}
	}
	if after := interfaces(t); !slices.Equal(before, after) {
		t.Errorf("interfaces %v, before %v", after, before)
	}
	if !within(10*time.Second, func() bool { return runtime.NumGoroutine() <= goroutines }) {
		stacks := make([]byte, 1<<20)
		t.Errorf("%d goroutines, %d before:\n%s", runtime.NumGoroutine(), goroutines, stacks[:runtime.Stack(stacks, true)])
	}
}

const killedEnv = "PAWL_TEST_START_A_NODE_AND_BE_KILLED"

// A process that is killed leaves its files and cgroups only, and those until the next start.
func TestRealNodeDiesWithTheTest(t *testing.T) {
	needRealNodes(t)
	if os.Getenv(killedEnv) != "" {
		c, err := Start(t.Context(), Options{RealNodes: 1})
		if err != nil {
			t.Fatal(err)
		}
		runPod(t, c)
		fmt.Println("begin", c.dir, strings.Join(c.lan.all(), " "), "end")
		syscall.Kill(os.Getpid(), syscall.SIGKILL)
	}
	t.Setenv("TMPDIR", t.TempDir())
	ctx, cancel := context.WithTimeout(t.Context(), startTimeout+time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, os.Args[0], "-test.run=^"+t.Name()+"$")
	cmd.Env = append(os.Environ(), killedEnv+"=1")
	out, _ := cmd.CombinedOutput() // it is killed
	_, said, _ := strings.Cut(string(out), "begin ")
	said, _, ok := strings.Cut(said, " end")
	if !ok {
		t.Fatalf("%v\n%s", cmd.ProcessState, out)
	}
	names := strings.Fields(said)
	dir, spaces := names[0], names[1:]
	var left []string
	if !within(10*time.Second, func() bool { left = leftOf(t, spaces); return len(left) == 0 }) {
		t.Errorf("processes: %v", left)
	}
	if _, err := os.Stat(dir); err != nil {
		t.Errorf("nothing to remove: %v", err)
	}
	removeAbandoned()
	if dirs := cgroupDirs(fmt.Sprintf("pawl-%d-*", cmd.Process.Pid)); len(dirs) > 0 {
		t.Errorf("cgroups: %v", dirs)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 || entries[0].Name() != "logs" {
		t.Errorf("%s: %v (%v), want the logs alone", dir, entries, err)
	}
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil || strings.Contains(string(mounts), dir) {
		t.Errorf("mounts (%v):\n%s", err, mounts)
	}
}

// runPod returns when a pod runs.
func runPod(t *testing.T, c *Cluster) {
	t.Helper()
	pods := c.client.CoreV1().Pods("default")
	spec := corev1.PodSpec{Containers: []corev1.Container{{Name: "web", Image: "web:1"}}}
	if _, err := pods.Create(t.Context(), &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "web"}, Spec: spec}, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	if !within(30*time.Second, func() bool {
		pod, err := pods.Get(t.Context(), "web", metav1.GetOptions{})
		return err == nil && pod.Status.Phase == corev1.PodRunning
	}) {
		t.Fatal("the pod does not run")
	}
}

// all are the network namespaces, as links in /proc name them.
func (l *lan) all() (names []string) {
	for _, space := range append([]*netns{l.space}, l.nodes...) {
		name, err := os.Readlink(space.path())
		if err != nil {
			name = err.Error()
		}
		names = append(names, name)
	}
	return names
}

// leftOf are the processes in network namespaces. Whatever is in another namespace of a node, or has a
// mount there, is in its network namespace or in that of a pod, whose first process is the node's child.
func leftOf(t *testing.T, spaces []string) (left []string) {
	t.Helper()
	links, err := filepath.Glob("/proc/[0-9]*/ns/net")
	if err != nil {
		t.Fatal(err)
	}
	for _, link := range links {
		if name, err := os.Readlink(link); err == nil && slices.Contains(spaces, name) {
			line, _ := os.ReadFile(filepath.Join(filepath.Dir(link), "..", "cmdline"))
			left = append(left, strings.ReplaceAll(string(line), "\x00", " "))
		}
	}
	return left
}

func interfaces(t *testing.T) (names []string) {
	t.Helper()
	all, err := net.Interfaces()
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range all {
		names = append(names, i.Name)
	}
	return names
}

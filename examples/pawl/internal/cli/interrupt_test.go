package cli

import (
	"context"
	"errors"
	"os"
	"runtime"
	"runtime/debug"
	"syscall"
	"testing"

	"github.com/gopawl/pawl/rollout/kube/kubetest"
)

func TestSignalsBecomeExitCodes(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("a process cannot send signals there")
	}
	for sent, want := range map[syscall.Signal]int{syscall.SIGINT: 130, syscall.SIGTERM: 143} {
		ctx, stop := interruptible()
		myself, err := os.FindProcess(os.Getpid())
		if err == nil {
			err = myself.Signal(sent)
		}
		if err != nil {
			t.Fatal(err)
		}
		<-ctx.Done()
		if err := context.Cause(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("%v is not a cancellation", err)
		}
		store := &kubetest.Memory{}
		for _, args := range [][]string{
			{"run", "-f", "../../testdata/httpd.v1.yaml"}, {"status", "httpd", "-w"}, {"diff", "-f", "../../testdata/httpd.v1.yaml"},
		} {
			if code, out, said := once(ctx, store, args...); code != want {
				t.Errorf("after %v pawl %v ends with %d, want %d: %s%s", sent, args, code, want, out, said)
			}
		}
		stop()
	}
}

func TestVersionIsThatOfTheModules(t *testing.T) {
	info := &debug.BuildInfo{
		GoVersion: "go1.26.8",
		Deps:      []*debug.Module{{Path: "k8s.io/api", Version: "v0.1.0"}, {Path: "k8s.io/client-go", Version: "v0.37.1"}},
	}
	end := "Kubernetes Libraries: v0.37.1\nGo Version: go1.26.8 " + runtime.GOOS + "/" + runtime.GOARCH + "\n"
	if got, want := versionText(info), "Client Version: (devel)\n"+end; got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
	info.Main.Version = "v1.2.3"
	info.Settings = []debug.BuildSetting{{Key: "vcs.revision", Value: "abc"}, {Key: "vcs.modified", Value: "true"}}
	if got, want := versionText(info), "Client Version: v1.2.3\nCommit: abc (modified)\n"+end; got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
}

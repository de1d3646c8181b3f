package cli

import (
	"context"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/cli-runtime/pkg/genericiooptions"

	"github.com/gopawl/pawl/rollout/kube/kubetest"
)

func TestEditorIsKubectlsChoice(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the defaults are others there")
	}
	for name, test := range map[string]struct {
		env  map[string]string
		want []string
	}{
		"none":    {nil, []string{"vi", "f"}},
		"EDITOR":  {map[string]string{"EDITOR": "nano"}, []string{"nano", "f"}},
		"both":    {map[string]string{"EDITOR": "nano", "KUBE_EDITOR": "code --wait"}, []string{"code", "--wait", "f"}},
		"quoted":  {map[string]string{"EDITOR": `my "own" one`}, []string{"/bin/bash", "-c", `my "own" one "f"`}},
		"a shell": {map[string]string{"EDITOR": `a 'b'`, "SHELL": "/bin/zsh"}, []string{"/bin/zsh", "-c", `a 'b' "f"`}},
	} {
		t.Run(name, func(t *testing.T) {
			got := editorFor(func(key string) string { return test.env[key] }).command("f").Args
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// once runs one command line on a cluster, outside all bubbles: an editor is a real process.
func once(ctx context.Context, store kubetest.Store, args ...string) (code int, out, errOut string) {
	var o, e strings.Builder
	p := &Pawl{
		IOStreams: genericiooptions.IOStreams{In: strings.NewReader(""), Out: &o, ErrOut: &e},
		Args:      args, Store: store, Identity: "me@example",
	}
	code = p.Run(ctx)
	return code, o.String(), e.String()
}

// desk is where somebody has an app, and an editor that goes from 2.4.16 to 2.4.17 in its own time.
type desk struct {
	t      *testing.T
	folder string
	store  *kubetest.Memory
}

func openDesk(t *testing.T) desk {
	if runtime.GOOS == "windows" {
		t.Skip("the editor is a shell script")
	}
	d := desk{t, t.TempDir(), &kubetest.Memory{}}
	script := "#!/bin/sh\ncd " + d.folder + "\ntouch opened\nuntil [ -e save ]; do sleep 0.02; done\nsed -i.bak 's/httpd:2.4.16/httpd:2.4.17/' $1\n"
	if err := os.WriteFile(filepath.Join(d.folder, "editor"), []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("KUBE_EDITOR", filepath.Join(d.folder, "editor"))
	t.Setenv("TMPDIR", d.folder)
	if code, _, said := once(t.Context(), d.store, "run", "-f", "../../testdata/httpd.v1.yaml", "--wait=false"); code != 0 {
		t.Fatal(said)
	}
	return d
}

// editWhile edits the app while somebody else runs another command.
func (d desk) editWhile(args ...string) (code int, said string) {
	edited := make(chan struct{})
	go func() {
		defer close(edited)
		code, _, said = once(d.t.Context(), d.store, "edit", "httpd", "--wait=false")
	}()
	exists(d.t, filepath.Join(d.folder, "opened"))
	if code, _, said := once(d.t.Context(), d.store, args...); code != 0 {
		d.t.Fatal(said)
	}
	if err := os.WriteFile(filepath.Join(d.folder, "save"), nil, 0o600); err != nil {
		d.t.Fatal(err)
	}
	<-edited
	return code, said
}

// While the editor is open somebody else scales: both changes are wanted afterwards.
func TestEditKeepsWhatOthersChangedMeanwhile(t *testing.T) {
	d := openDesk(t)
	code, said := d.editWhile("scale", "httpd", "--replicas=7", "--wait=false")
	if code != 0 {
		t.Fatal(said)
	}
	_, out, said := once(t.Context(), d.store, "get", "httpd", "-o", "jsonpath={.spec.replicas} {.spec.template.spec.containers[0].image}")
	if out != "7 httpd:2.4.17" {
		t.Errorf("%q is wanted (%s)", out, said)
	}
}

// exists waits for a file.
func exists(t *testing.T, path string) {
	t.Helper()
	for begun := time.Now(); time.Since(begun) < time.Minute; time.Sleep(10 * time.Millisecond) {
		if _, err := os.Stat(path); err == nil {
			return
		}
	}
	t.Fatalf("%s does not come to be", path)
}

// The app goes while it is edited: the work is not lost.
func TestEditOfWhatIsGoneIsKept(t *testing.T) {
	d := openDesk(t)
	code, said := d.editWhile("delete", "httpd")
	kept, err := filepath.Glob(filepath.Join(d.folder, "pawl-edit-*.yaml"))
	if err != nil || len(kept) != 1 {
		t.Fatalf("%v are kept (%v)", kept, err)
	}
	want := "error: deployments.apps \"httpd\" could not be found on the server\n" +
		"The edits you made on deleted resources have been saved to \"" + kept[0] + "\"\n"
	if code != 1 || said != want {
		t.Errorf("exit %d, %s\nwant %s", code, said, want)
	}
	if text, err := os.ReadFile(kept[0]); err != nil || !strings.Contains(string(text), "httpd:2.4.17") {
		t.Errorf("what is kept is %s (%v)", text, err)
	}
}

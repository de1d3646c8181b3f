package suite

import (
	"bytes"
	"context"
	"fmt"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"
)

// examples is the directory of that module.
var examples = func() string {
	_, file, _, _ := runtime.Caller(0)
	return filepath.Join(filepath.Dir(file), "..", "..", "..", "examples")
}()

// Manifest is the path of one of the command's manifests.
func Manifest(name string) string { return filepath.Join(examples, "pawl", "testdata", name) }

// programs are what Program has built: a func() (string, error) by name.
var programs sync.Map

// Program returns the path of a program of the examples, which is built once and as its users build
// it, in the workspace.
func Program(name string) (string, error) {
	build, _ := programs.LoadOrStore(name, sync.OnceValues(func() (string, error) {
		path := filepath.Join(scratch, name)
		build := exec.Command("go", "build", "-C", examples, "-o", path, "./"+name)
		build.Env = append(os.Environ(), "GOWORK=", "GOFLAGS=")
		if out, err := build.CombinedOutput(); err != nil {
			return "", fmt.Errorf("go build: %w\n%s", err, out)
		}
		return path, nil
	}))
	return build.(func() (string, error))()
}

// Command is the program pawl as a user of the cluster, in the fixture's namespace.
type Command struct {
	*Fixture
	program, kubeconfig, home string
	Env                       []string // beside HOME and PATH
}

// Command returns pawl as a user to whom just these rules are granted. It goes over the wire, if
// there is one, and else straight to the API server.
func (f *Fixture) Command(w *Wire, rules ...rbacv1.PolicyRule) Command {
	f.Helper()
	path, err := Program("pawl")
	if err != nil {
		f.Fatal(err)
	}
	const user, group = "dave", "deployers"
	config, err := shared.ConfigFor(user, group)
	if err != nil {
		f.Fatal(err)
	}
	f.Grant(group, rules...)
	client := NewClient(f.T, config)
	f.Eventually(10*time.Second, func(ctx context.Context) error {
		_, err := client.CoreV1().ConfigMaps(f.Namespace).List(ctx, metav1.ListOptions{})
		return err
	})
	if w != nil {
		config = f.Proxy(w, config)
	}
	home := f.TempDir()
	return Command{Fixture: f, program: path, kubeconfig: f.Kubeconfig(home, config), home: home}
}

// Proxy returns the configuration of a way to the API server that goes over the wire.
func (f *Fixture) Proxy(w *Wire, config *rest.Config) *rest.Config {
	f.Helper()
	return &rest.Config{Host: NewProxy(f.T, w.Over(config))}
}

// NewProxy returns the address of a way to the API server that needs no certificates, until the test
// ends.
func NewProxy(t *testing.T, config *rest.Config) string {
	t.Helper()
	transport, err := rest.TransportFor(config)
	if err != nil {
		t.Fatal(err)
	}
	server, err := url.Parse(config.Host)
	if err != nil {
		t.Fatal(err)
	}
	proxy := httptest.NewServer(&httputil.ReverseProxy{
		Rewrite:       func(r *httputil.ProxyRequest) { r.SetURL(server) },
		Transport:     transport,
		FlushInterval: -1, // watches are sent on as they come
	})
	t.Cleanup(proxy.Close)
	return proxy.URL
}

// Kubeconfig writes a kubeconfig file, and returns its path.
func (f *Fixture) Kubeconfig(dir string, config *rest.Config) string {
	f.Helper()
	const name = "test"
	k := api.NewConfig()
	k.Clusters[name] = &api.Cluster{Server: config.Host, CertificateAuthorityData: config.CAData}
	k.AuthInfos[name] = &api.AuthInfo{ClientCertificateData: config.CertData, ClientKeyData: config.KeyData}
	k.Contexts[name] = &api.Context{Cluster: name, AuthInfo: name}
	k.CurrentContext = name
	path := filepath.Join(dir, "kubeconfig")
	if err := clientcmd.WriteToFile(*k, path); err != nil {
		f.Fatal(err)
	}
	return path
}

// Start starts a command line; wait returns what it printed, and its exit code.
func (c Command) Start(args ...string) (wait func() (string, int)) {
	c.Helper()
	wait, _ = c.Begin(args...)
	return wait
}

// Begin is Start; interrupt is Ctrl-C.
func (c Command) Begin(args ...string) (wait func() (string, int), interrupt func()) {
	c.Helper()
	process := c.Process("", args...)
	var out bytes.Buffer
	process.Stdout, process.Stderr = &out, &out
	begin := time.Now()
	if err := process.Start(); err != nil {
		c.Fatal(err)
	}
	wait = func() (string, int) {
		c.Helper()
		_ = process.Wait() // the exit code tells
		c.Logf("$ %s %s\n%s(%v after %v)", filepath.Base(c.program), strings.Join(args, " "), &out, process.ProcessState, time.Since(begin).Round(100*time.Millisecond))
		return out.String(), process.ProcessState.ExitCode()
	}
	interrupt = func() {
		if err := process.Process.Signal(os.Interrupt); err != nil {
			c.Error(err)
		}
	}
	return wait, interrupt
}

// Does runs a command line that succeeds, and returns what it printed.
func (c Command) Does(args ...string) string {
	c.Helper()
	return c.Exits(0, args...)
}

// Fails runs a command line that does not succeed, and returns what it printed.
func (c Command) Fails(args ...string) string {
	c.Helper()
	return c.Exits(1, args...)
}

// Exits runs a command line that ends with an exit code, and returns what it printed.
func (c Command) Exits(want int, args ...string) string {
	c.Helper()
	out, code := c.Start(args...)()
	if code != want {
		c.Fatalf("exit code %d, want %d", code, want)
	}
	return out
}

// Prints checks that an output has all of some texts in it.
func (c Command) Prints(out string, want ...string) {
	c.Helper()
	for _, w := range want {
		if !strings.Contains(out, w) {
			c.Errorf("%q is not printed:\n%s", w, out)
		}
	}
}

// Edited is a manifest with texts in the place of others, given in pairs, in a file of its own.
func (c Command) Edited(name string, oldnew ...string) string {
	c.Helper()
	data, err := os.ReadFile(Manifest(name))
	if err != nil {
		c.Fatal(err)
	}
	text := string(data)
	for pair := range slices.Chunk(oldnew, 2) {
		if !strings.Contains(text, pair[0]) {
			c.Fatalf("%q is not in %s", pair[0], name)
		}
		text = strings.Replace(text, pair[0], pair[1], 1)
	}
	return c.File(name, text)
}

// File is a file of that name with a text, in a folder of its own.
func (c Command) File(name, text string) string {
	c.Helper()
	path := filepath.Join(c.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		c.Fatal(err)
	}
	return path
}

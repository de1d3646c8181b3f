package cluster

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"

	"golang.org/x/mod/modfile"
)

// programs are what Build builds: the name of each binary and its package.
var programs = map[string]string{
	"kubeall": "./cmd/kubeall",
	"kubectl": "k8s.io/kubernetes/cmd/kubectl",
	"kwok":    "sigs.k8s.io/kwok/cmd/kwok",
}

// foreign are the programs that are no part of Kubernetes: go.mod pins them, whichever version is chosen.
var foreign = []string{"kwok"}

// Build returns the directory that holds the binaries kubeall, kwok and kubectl, and
// builds them first unless they are there. That takes minutes and, in Go's caches,
// 4 GB; a message on standard error says so.
//
// The version is that of go.mod, or of the older minor that $PAWL_KUBERNETES names, such as
// 1.35, which is pinned in the directory versions.
//
// The directory lies in $PAWL_CLUSTER_CACHE, or in pawl/cluster in the user's cache
// directory, under a key of everything that the binaries are made from. It appears
// complete or not at all, and processes that build at the same time wait for one another.
func Build(ctx context.Context) (string, error) {
	cache, err := CacheDir()
	if err != nil {
		return "", err
	}
	r, err := newRecipe(ctx)
	if err != nil {
		return "", err
	}
	bin := filepath.Join(cache, r.key())
	if complete(bin) {
		return bin, nil
	}
	unlock, err := lock(ctx, filepath.Join(cache, "lock"))
	if err != nil {
		return "", err
	}
	defer unlock()
	if complete(bin) { // built by another process meanwhile
		return bin, nil
	}
	return bin, r.build(ctx, bin)
}

// CacheDir returns the directory that Build works in. It need not exist.
func CacheDir() (string, error) {
	dir := os.Getenv("PAWL_CLUSTER_CACHE")
	if dir == "" {
		user, err := os.UserCacheDir()
		if err != nil {
			return "", fmt.Errorf("cluster: no place for the binaries, set PAWL_CLUSTER_CACHE: %w", err)
		}
		dir = filepath.Join(user, "pawl", "cluster")
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", fmt.Errorf("cluster: cache directory: %w", err)
	}
	return dir, nil
}

func complete(bin string) bool {
	for name := range programs {
		if _, err := os.Stat(filepath.Join(bin, name)); err != nil {
			return false
		}
	}
	return true
}

// recipe is everything that the binaries are made from.
type recipe struct {
	module     string // directory of this module
	pins       string // file of it that pins the version of Kubernetes, go.mod or one like it
	kubernetes string // version of k8s.io/kubernetes
	flags      []string
	inputs     []byte // pinned modules, flags, Go version, own source
}

func newRecipe(ctx context.Context) (*recipe, error) {
	_, file, _, _ := runtime.Caller(0)
	r := &recipe{module: filepath.Dir(file)}
	pins, err := r.readPins("go.mod")
	if err != nil {
		return nil, err
	}
	if minor := os.Getenv("PAWL_KUBERNETES"); minor != "" && !strings.HasPrefix(r.kubernetes, "v"+minor+".") {
		older, err := r.readPins(filepath.Join("versions", minor+".mod"))
		if errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("cluster: PAWL_KUBERNETES=%s: not one of %s", minor, strings.Join(r.minors(), ", "))
		}
		if err != nil {
			return nil, err
		}
		pins = append(pins, older...)
	}
	r.flags = buildFlags(r.kubernetes)
	version, err := r.goCommand(ctx, "env", "GOVERSION")
	if err != nil {
		return nil, err
	}
	source, err := os.ReadFile(filepath.Join(r.module, "cmd", "kubeall", "main.go"))
	if err != nil {
		return nil, fmt.Errorf("cluster: %w", err)
	}
	r.inputs = fmt.Appendf(nil, "%s %s %s %q %v\n%s%s", version, runtime.GOOS, runtime.GOARCH, r.flags, programs, pins, source)
	return r, nil
}

// readPins chooses the file, sets the version of Kubernetes and returns those of all modules.
func (r *recipe) readPins(file string) ([]byte, error) {
	path := filepath.Join(r.module, file)
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("cluster: the source of this package is needed, compiled without -trimpath: %w", err)
	}
	mod, err := modfile.Parse(path, data, nil)
	if err != nil {
		return nil, fmt.Errorf("cluster: %w", err)
	}
	r.pins = file
	var pins []byte
	for _, q := range mod.Require {
		if q.Mod.Path == "k8s.io/kubernetes" {
			r.kubernetes = q.Mod.Version
		}
		pins = fmt.Appendln(pins, q.Mod)
	}
	for _, q := range mod.Replace {
		pins = fmt.Appendln(pins, q.Old, q.New)
	}
	return pins, nil
}

// minors are the versions that can be chosen.
func (r *recipe) minors() []string {
	parts := strings.SplitN(strings.TrimPrefix(r.kubernetes, "v"), ".", 3)
	all := []string{strings.Join(parts[:2], ".")}
	older, _ := filepath.Glob(filepath.Join(r.module, "versions", "*.mod"))
	for _, file := range older {
		all = append(all, strings.TrimSuffix(filepath.Base(file), ".mod"))
	}
	return all
}

// buildFlags leaves debug information out, which saves a third of the time, and
// names the version: the API server would report v0.0.0 otherwise, as would kubectl.
func buildFlags(version string) []string {
	const pkg = "k8s.io/component-base/version."
	ld := "-s -w -X " + pkg + "gitVersion=" + version + " -X " + pkg + "gitCommit=" + version + " -X " + pkg + "gitTreeState=clean"
	if v := strings.SplitN(strings.TrimPrefix(version, "v"), ".", 3); len(v) == 3 {
		ld += " -X " + pkg + "gitMajor=" + v[0] + " -X " + pkg + "gitMinor=" + v[1]
	}
	return []string{"-mod=readonly", "-buildvcs=false", "-gcflags=all=-dwarf=false", "-ldflags=" + ld}
}

func (r *recipe) key() string {
	return fmt.Sprintf("%s-%.6x", r.kubernetes, sha256.Sum256(r.inputs))
}

// build expects the lock to be held.
func (r *recipe) build(ctx context.Context, bin string) error {
	cache := filepath.Dir(bin)
	removeLeftovers(cache)
	tmp, err := os.MkdirTemp(cache, "build-")
	if err != nil {
		return fmt.Errorf("cluster: %w", err)
	}
	defer os.RemoveAll(tmp)
	fmt.Fprintf(os.Stderr, "cluster: building Kubernetes %s into %s; this takes minutes, once\n", r.kubernetes, bin)
	packages := map[string][]string{} // by the file that pins their versions
	for name, pkg := range programs {
		file := r.pins
		if slices.Contains(foreign, name) {
			file = "go.mod"
		}
		packages[file] = append(packages[file], pkg)
	}
	for file, pkgs := range packages {
		args := append([]string{"build", "-modfile=" + file, "-o", tmp + string(filepath.Separator)}, r.flags...)
		if _, err := r.goCommand(ctx, append(args, pkgs...)...); err != nil {
			return err
		}
	}
	if err := os.Chmod(tmp, 0o755); err != nil {
		return fmt.Errorf("cluster: %w", err)
	}
	if err := os.RemoveAll(bin); err != nil { // not complete, or build would not run
		return fmt.Errorf("cluster: %w", err)
	}
	if err := os.Rename(tmp, bin); err != nil {
		return fmt.Errorf("cluster: %w", err)
	}
	return nil
}

// removeLeftovers removes what builds that were killed have left behind.
func removeLeftovers(cache string) {
	old, _ := filepath.Glob(filepath.Join(cache, "build-*"))
	for _, dir := range old {
		os.RemoveAll(dir)
	}
}

// goCommand runs the go command in this module and returns its standard output.
// The environment is fixed where it would change the result, or the memory it takes.
func (r *recipe) goCommand(ctx context.Context, args ...string) (string, error) {
	runtime.LockOSThread() // see childAttr
	defer runtime.UnlockOSThread()
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = r.module
	cmd.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=", "CGO_ENABLED=0", "GOGC=800", "GOOS="+runtime.GOOS, "GOARCH="+runtime.GOARCH)
	cmd.SysProcAttr = childAttr()
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			err = ctx.Err()
		}
		return "", fmt.Errorf("cluster: go %s in %s: %w\n%s", args[0], r.module, err, lastLines(stderr.Bytes()))
	}
	return strings.TrimSpace(stdout.String()), nil
}

// lock takes the file's lock, which the kernel lets go of when the process dies.
// Where another process holds it, lock says so and waits, for as long as ctx lasts.
func lock(ctx context.Context, path string) (unlock func(), err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, fmt.Errorf("cluster: cache directory: %w", err)
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, fmt.Errorf("cluster: lock: %w", err)
	}
	for said := io.Writer(os.Stderr); ; said = io.Discard {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			return func() { f.Close() }, nil
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) && !errors.Is(err, syscall.EINTR) {
			f.Close()
			return nil, fmt.Errorf("cluster: lock %s: %w", path, err)
		}
		fmt.Fprintf(said, "cluster: waiting for another build (%s is locked)\n", path)
		select {
		case <-ctx.Done():
			f.Close()
			return nil, fmt.Errorf("cluster: waiting for another build (%s is locked): %w", path, ctx.Err())
		case <-time.After(200 * time.Millisecond):
		}
	}
}

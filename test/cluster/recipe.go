package cluster

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"

	"golang.org/x/mod/modfile"
)

// recipe is everything that the binaries are made from.
type recipe struct {
	programs   map[string]string
	module     string // directory of this module
	pins       string // file of it that pins the version of Kubernetes, go.mod or one like it
	kubernetes string // version of k8s.io/kubernetes
	flags      []string
	inputs     []byte // pinned modules, flags, Go version, own source
}

func newRecipe(ctx context.Context, programs map[string]string) (*recipe, error) {
	_, file, _, _ := runtime.Caller(0)
	r := &recipe{programs: programs, module: filepath.Dir(file)}
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
	source, err := r.source()
	if err != nil {
		return nil, fmt.Errorf("cluster: %w", err)
	}
	r.inputs = fmt.Appendf(nil, "%s %s %s %q %v\n%s%s", version, runtime.GOOS, runtime.GOARCH, r.flags, programs, pins, source)
	return r, nil
}

// source returns that of the programs of this module.
func (r *recipe) source() (source []byte, err error) {
	for _, pkg := range slices.Sorted(maps.Values(r.programs)) {
		if !strings.HasPrefix(pkg, "./") {
			continue
		}
		main, err := os.ReadFile(filepath.Join(r.module, pkg, "main.go"))
		if err != nil {
			return nil, err
		}
		source = append(source, main...)
	}
	return source, nil
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
	var pins []string
	for _, q := range mod.Require {
		if q.Mod.Path == "k8s.io/kubernetes" {
			r.kubernetes = q.Mod.Version
		}
		pins = append(pins, fmt.Sprintln(q.Mod))
	}
	for _, q := range mod.Replace {
		pins = append(pins, fmt.Sprintln(q.Old, q.New))
	}
	slices.Sort(pins) // go mod tidy moves them
	return []byte(strings.Join(pins, "")), nil
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

package cluster

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"time"
)

// What Build builds, and what real nodes need beside it: the name of each binary and its package.
var (
	programs = map[string]string{
		"kubeall": "./cmd/kubeall",
		"kubectl": "k8s.io/kubernetes/cmd/kubectl",
		"kwok":    "sigs.k8s.io/kwok/cmd/kwok",
	}
	realPrograms = map[string]string{
		"kubenode": "./cmd/kubenode",
		"pause":    "./images/pause",
		"web":      "./images/web",
	}
)

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
func Build(ctx context.Context) (string, error) { return build(ctx, "", programs) }

// buildReal is Build for the programs of real nodes.
func buildReal(ctx context.Context) (string, error) { return build(ctx, "node-", realPrograms) }

func build(ctx context.Context, prefix string, programs map[string]string) (string, error) {
	cache, err := CacheDir()
	if err != nil {
		return "", err
	}
	r, err := newRecipe(ctx, programs)
	if err != nil {
		return "", err
	}
	bin := filepath.Join(cache, prefix+r.key())
	if r.complete(bin) {
		return bin, nil
	}
	unlock, err := lock(ctx, filepath.Join(cache, "lock"))
	if err != nil {
		return "", err
	}
	defer unlock()
	if r.complete(bin) { // built by another process meanwhile
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

func (r *recipe) complete(bin string) bool {
	for name := range r.programs {
		if _, err := os.Stat(filepath.Join(bin, name)); err != nil {
			return false
		}
	}
	return true
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
	for name, pkg := range r.programs {
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

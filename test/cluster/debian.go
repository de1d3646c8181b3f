package cluster

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

// A node needs these programs and network plugins, which these packages of Debian's have.
var (
	nodePrograms = []string{"containerd", "containerd-shim-runc-v2", "ctr", "runc", "nft"}
	nodePlugins  = []string{"bridge", "host-local", "loopback"}
	nodePackages = []string{"containerd", "runc", "containernetworking-plugins", "nftables"}
)

// software is the directories in which a node finds what it needs.
type software struct{ programs, plugins, libraries []string }

var installed = software{
	programs: []string{"/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"},
	plugins:  []string{"/opt/cni/bin", "/usr/lib/cni"},
}

// unpackedIn is the software of the machine and of the packages that are unpacked in a directory.
func unpackedIn(dir string) software {
	s := installed
	s.programs = append(slices.Clip(s.programs), filepath.Join(dir, "usr/sbin"), filepath.Join(dir, "usr/bin"))
	s.plugins = append(slices.Clip(s.plugins), filepath.Join(dir, "usr/lib/cni"))
	for _, pattern := range []string{"lib/*-linux-gnu", "usr/lib/*-linux-gnu"} {
		found, _ := filepath.Glob(filepath.Join(dir, pattern))
		s.libraries = append(s.libraries, found...)
	}
	return s
}

// find returns the first of the directories that has a program, and "" if there is none.
func find(program string, dirs []string) string {
	for _, dir := range dirs {
		if info, err := os.Stat(filepath.Join(dir, program)); err == nil && info.Mode().IsRegular() {
			return dir
		}
	}
	return ""
}

// missing are the programs and plugins that there are none of; plugins are all in one directory.
func (s software) missing() (names []string) {
	for _, name := range nodePrograms {
		if find(name, s.programs) == "" {
			names = append(names, name)
		}
	}
	for _, name := range nodePlugins {
		if find(name, []string{s.pluginDir()}) == "" {
			names = append(names, "network plugin "+name)
		}
	}
	return names
}

func (s software) pluginDir() string { return find(nodePlugins[0], s.plugins) }

// nodeSoftware returns what is installed. Where something is missing, it takes the packages that have
// it from Debian, through apt-get, and unpacks them into the cache; it installs nothing.
func nodeSoftware(ctx context.Context) (software, error) {
	missing := installed.missing()
	if len(missing) == 0 {
		return installed, nil
	}
	if !hasDebian() {
		return software{}, fmt.Errorf("not installed, and no apt-get to fetch it: %s", strings.Join(missing, ", "))
	}
	dir, err := unpacked(ctx)
	if err != nil {
		return software{}, fmt.Errorf("packages of Debian: %w", err)
	}
	s := unpackedIn(dir)
	if missing := s.missing(); len(missing) > 0 {
		return software{}, fmt.Errorf("neither installed nor in %s: %s", dir, strings.Join(missing, ", "))
	}
	return s, nil
}

func hasDebian() bool {
	return find("apt-get", installed.programs) != "" && find("dpkg-deb", installed.programs) != ""
}

// unpacked returns the directory of the unpacked packages, which appears complete or not at all.
func unpacked(ctx context.Context) (string, error) {
	cache, err := CacheDir()
	if err != nil {
		return "", err
	}
	system, err := os.ReadFile("/etc/os-release")
	if err != nil {
		return "", err
	}
	key := sha256.Sum256(fmt.Appendf(nil, "%s %s %s", runtime.GOARCH, nodePackages, system))
	dir := filepath.Join(cache, fmt.Sprintf("debian-%.6x", key))
	unlock, err := lock(ctx, dir+".lock")
	if err != nil {
		return "", err
	}
	defer unlock()
	if _, err := os.Stat(dir); err == nil {
		return dir, nil
	}
	tmp, err := os.MkdirTemp(cache, "debian-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(tmp)
	if err := unpack(ctx, tmp); err != nil {
		return "", err
	}
	return dir, os.Rename(filepath.Join(tmp, "root"), dir)
}

// unpack fetches the packages and what they depend on and this machine does not have.
func unpack(ctx context.Context, tmp string) error {
	files, lists := filepath.Join(tmp, "files"), filepath.Join(tmp, "lists")
	for _, dir := range []string{files, lists} {
		if err := os.MkdirAll(filepath.Join(dir, "partial"), 0o755); err != nil {
			return err
		}
	}
	apt := func(args ...string) error {
		return command(ctx, "apt-get", append([]string{"-qq", "-o", "Dir::Cache=" + tmp, "-o", "Dir::Cache::archives=" + files, "-o", "Debug::NoLocking=1"}, args...)...)
	}
	install := append([]string{"install", "--yes", "--download-only", "--no-install-recommends"}, nodePackages...)
	if first := apt(install...); first != nil { // no lists of packages, or old ones: fetch some, for here only
		here := []string{"-o", "Dir::State::lists=" + lists}
		if err := apt(append(here, "update")...); err != nil {
			return errors.Join(first, err)
		}
		if err := apt(append(here, install...)...); err != nil {
			return err
		}
	}
	archives, err := filepath.Glob(filepath.Join(files, "*.deb"))
	if err != nil {
		return err
	}
	for _, archive := range archives {
		if err := command(ctx, "dpkg-deb", "--extract", archive, filepath.Join(tmp, "root")); err != nil {
			return err
		}
	}
	return nil
}

func command(ctx context.Context, name string, args ...string) error {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env = append(os.Environ(), "LC_ALL=C", "DEBIAN_FRONTEND=noninteractive")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", strings.Join(cmd.Args, " "), err, lastLines(out))
	}
	return nil
}

package statefile

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/gopawl/pawl/rollout/kube/kubetest"
)

// whole is the content of a state file with so many entries, some of which were deleted.
func whole(t testing.TB, entries int) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "cluster")
	f, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	put := func(tx kubetest.Tx) error {
		for i := range entries {
			if err := tx.Put(fmt.Sprint("key", i), make([]byte, 200)); err != nil {
				return err
			}
		}
		return nil
	}
	cut := func(tx kubetest.Tx) error {
		for i := 0; i < entries; i += 3 {
			if err := tx.Delete(fmt.Sprint("key", i)); err != nil {
				return err
			}
		}
		return nil
	}
	if err := errors.Join(f.Update(put), f.Update(cut)); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// held opens a file with this content, whatever that is. It is refused with a typed error and left
// as it was, or it can be read and written without one.
func held(t *testing.T, content []byte) {
	path := filepath.Join(t.TempDir(), "state")
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := Open(path)
	if err != nil {
		var damaged *DamagedError
		if !errors.As(err, &damaged) || damaged.Path != path {
			t.Fatalf("%v, want a DamagedError that names %s", err, path)
		}
		if now, err := os.ReadFile(path); err != nil || !bytes.Equal(now, content) {
			t.Fatalf("a file that was refused has changed (%v)", err)
		}
		return
	}
	visit := func(tx kubetest.Tx) error {
		return tx.Scan("", "\xff", func(string, []byte) error { return nil })
	}
	change := func(tx kubetest.Tx) error {
		return errors.Join(tx.Put("another", make([]byte, 10000)), tx.Delete("key5"))
	}
	if err := errors.Join(f.View(visit), f.Update(change), f.Update(change), f.View(visit)); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(path); err != nil {
		t.Fatal(err)
	}
}

// FuzzOpen: any bytes as the state file.
func FuzzOpen(f *testing.F) {
	for _, entries := range []int{0, 1, 40} {
		content := whole(f, entries)
		f.Add(content)
		f.Add(content[:len(content)/2])
		f.Add(content[:os.Getpagesize()])
	}
	f.Add([]byte("this is not a cluster\n"))
	f.Add([]byte{})
	f.Add(make([]byte, 4*os.Getpagesize()))
	f.Fuzz(held)
}

// FuzzDamage: a state file with flipped bits, and cut off.
func FuzzDamage(f *testing.F) {
	good := map[bool][]byte{false: whole(f, 8), true: whole(f, 600)}
	page := os.Getpagesize()
	for _, at := range []int{8, 16, 24, 40, page + 16, 2 * page, 2*page + 8, 2*page + 10, 2*page + 12, 2*page + 16, 3 * page, 3*page + 8, 3*page + 24, 4*page + 20} {
		f.Add(true, uint32(at), byte(0xff), uint32(0))
		f.Add(false, uint32(at), byte(0x01), uint32(0))
	}
	f.Add(true, uint32(0), byte(0), uint32(1))
	f.Add(false, uint32(0), byte(0), uint32(3*page))
	f.Fuzz(func(t *testing.T, large bool, at uint32, flip byte, cut uint32) {
		content := bytes.Clone(good[large])
		content[int(at)%len(content)] ^= flip
		held(t, content[:len(content)-int(cut)%len(content)])
	})
}

package statefile

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/gopawl/pawl/rollout/kube/kubetest"
)

func TestFileIsAStore(t *testing.T) {
	f, err := Open(filepath.Join(t.TempDir(), "a", "b", "cluster"))
	if err != nil {
		t.Fatal(err)
	}
	if err := kubetest.TestStore(f); err != nil {
		t.Error(err)
	}
}

// Two Files on one path are two processes, as far as the file's lock goes.
func TestTwoProcessesShareAFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "cluster")
	one, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	two, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	count := func(f *File, done chan<- error) {
		for range 20 {
			if err := f.Update(func(tx kubetest.Tx) error {
				was, err := tx.Get("n")
				return errors.Join(err, tx.Put("n", append(was[:len(was):len(was)], 'x')))
			}); err != nil {
				done <- err
				return
			}
		}
		done <- nil
	}
	done := make(chan error)
	go count(one, done)
	go count(two, done)
	if err := errors.Join(<-done, <-done); err != nil {
		t.Fatal(err)
	}
	if err := one.View(func(tx kubetest.Tx) error {
		if v, _ := tx.Get("n"); len(v) != 40 {
			return fmt.Errorf("%d of 40 updates are there", len(v))
		}
		return nil
	}); err != nil {
		t.Error(err)
	}
}

func TestDamagedFileIsRefusedAndLeftAlone(t *testing.T) {
	whole := filepath.Join(t.TempDir(), "cluster")
	f, err := Open(whole)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Update(func(tx kubetest.Tx) error {
		for i := range 2000 {
			if err := tx.Put(fmt.Sprint("key", i), make([]byte, 200)); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	good, err := os.ReadFile(whole)
	if err != nil {
		t.Fatal(err)
	}
	garbled := append([]byte(nil), good...)
	for i := 2 * os.Getpagesize(); i < len(garbled); i++ {
		garbled[i] = byte(i * 7)
	}
	for name, content := range map[string][]byte{
		"text":      []byte("this is not a cluster\n"),
		"cut short": good[:len(good)/2],
		"one page":  good[:os.Getpagesize()],
		"garbled":   garbled,
		"zeroes":    make([]byte, len(good)),
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "state")
			if err := os.WriteFile(path, content, 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := Open(path)
			var damaged *DamagedError
			if !errors.As(err, &damaged) || damaged.Path != path {
				t.Fatalf("Open: %v, want a DamagedError that names %s", err, path)
			}
			t.Log(err)
			if now, err := os.ReadFile(path); err != nil || string(now) != string(content) {
				t.Errorf("the file was changed (%v)", err)
			}
		})
	}
	if _, err := Open(t.TempDir()); err == nil {
		t.Error("a folder was opened")
	}
}

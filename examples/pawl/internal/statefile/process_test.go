package statefile

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"

	"github.com/gopawl/pawl/rollout/kube/kubetest"
)

// TestMain lets the test's binary be the other process: with the variable set it only writes.
func TestMain(m *testing.M) {
	if path := os.Getenv("STATEFILE_TEST_WRITER"); path != "" {
		if err := write(path, os.Args[1:]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

const pairs = 50

// write makes transactions, each of which takes a while and sets all pairs to its number.
func write(path string, args []string) error {
	count, err1 := strconv.Atoi(args[0])
	takes, err2 := time.ParseDuration(args[1])
	f, err3 := Open(path)
	if err := errors.Join(err1, err2, err3); err != nil {
		return err
	}
	for n := range count {
		if err := f.Update(func(tx kubetest.Tx) error {
			fmt.Println("in", n)
			for i := range pairs {
				if err := tx.Put(fmt.Sprint("pair", i), fmt.Append(nil, n)); err != nil {
					return err
				}
				time.Sleep(takes / pairs)
			}
			return nil
		}); err != nil {
			return err
		}
	}
	return nil
}

// writer starts another process that writes, and waits until it is within a transaction.
func writer(t *testing.T, path string, count int, takes time.Duration) {
	t.Helper()
	c := exec.Command(os.Args[0], strconv.Itoa(count), takes.String())
	c.Env, c.Stderr = append(os.Environ(), "STATEFILE_TEST_WRITER="+path), os.Stderr
	out, err := c.StdoutPipe()
	if err == nil {
		err = c.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	if !lines.Scan() {
		t.Fatal("the other process never wrote")
	}
	ended := make(chan error, 1)
	go func() {
		for lines.Scan() {
		}
		ended <- c.Wait()
	}()
	t.Cleanup(func() {
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

// look reads all pairs, which must be of one transaction, and answers how long that took.
func look(t *testing.T, f *File) (number string, took time.Duration) {
	t.Helper()
	began := time.Now()
	if err := f.View(func(tx kubetest.Tx) error {
		first, err := tx.Get("pair0")
		number = string(first)
		for i := range pairs {
			v, getErr := tx.Get(fmt.Sprint("pair", i))
			if err = errors.Join(err, getErr); string(v) != number {
				return fmt.Errorf("pair 0 is of transaction %q and pair %d of %q", number, i, v)
			}
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return number, time.Since(began)
}

func TestReaderWaitsForALongTransactionOfAnotherProcess(t *testing.T) {
	path := filepath.Join(t.TempDir(), "cluster")
	f, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	const takes = 500 * time.Millisecond
	writer(t, path, 1, takes)
	number, took := look(t, f)
	if t.Logf("it took %v", took); number != "0" || took > takes+10*time.Second {
		t.Errorf("saw %q after %v, want the outcome of the transaction soon after it", number, took)
	}
}

// Long transactions with no more than an instant between two of them leave room for a reader.
func TestReaderBesideAWriterThatNeverRests(t *testing.T) {
	path := filepath.Join(t.TempDir(), "cluster")
	f, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	writer(t, path, 40, 100*time.Millisecond)
	var slowest time.Duration
	looks := 0
	for number := ""; number != "39"; looks++ {
		var took time.Duration
		number, took = look(t, f)
		slowest = max(slowest, took)
	}
	if t.Logf("%d looks, the slowest took %v", looks, slowest); slowest > 2*time.Second {
		t.Errorf("a look took %v", slowest)
	}
}

func TestFileIsForItsOwnerOnly(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("there are no such permissions")
	}
	folder := filepath.Join(t.TempDir(), "a")
	path := filepath.Join(folder, "cluster")
	if _, err := Open(path); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]fs.FileMode{path: 0o600, folder: fs.ModeDir | 0o700} {
		if info, err := os.Stat(name); err != nil || info.Mode() != want {
			t.Errorf("%s: %v (%v), want %v", name, info.Mode(), err, want)
		}
	}
}

func TestPlaceThatCannotBeWrittenTo(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	closed := filepath.Join(dir, "closed")
	if err := os.Mkdir(closed, 0o500); err != nil {
		t.Fatal(err)
	}
	for name, path := range map[string]string{
		"below a file":              filepath.Join(file, "cluster"),
		"in a folder that is shut":  filepath.Join(closed, "cluster"),
		"below a folder that is so": filepath.Join(closed, "a", "cluster"),
	} {
		t.Run(name, func(t *testing.T) {
			if os.Geteuid() == 0 && strings.HasPrefix(path, closed) {
				t.Skip("root may write everywhere")
			}
			_, err := Open(path)
			var access *fs.PathError
			if !errors.As(err, &access) || !strings.HasPrefix(err.Error(), "state file: ") || !strings.Contains(err.Error(), dir) {
				t.Errorf("Open: %v, want an error with the path and the reason", err)
			}
			t.Log(err)
		})
	}
}

// A process may be killed after it made the file and before it put anything into it.
func TestFileThatWasJustMade(t *testing.T) {
	for name, make := range map[string]func(path string) error{
		"nothing in it": func(path string) error { return os.WriteFile(path, nil, 0o600) },
		"no cluster in it": func(path string) error {
			db, err := bolt.Open(path, 0o600, nil)
			if err != nil {
				return err
			}
			return db.Close()
		},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "cluster")
			if err := make(path); err != nil {
				t.Fatal(err)
			}
			f, err := Open(path)
			if err != nil {
				t.Fatal(err)
			}
			if err := kubetest.TestStore(f); err != nil {
				t.Error(err)
			}
		})
	}
}

// A bbolt file of another program is not ours to fill.
func TestFileOfAnotherProgram(t *testing.T) {
	path := filepath.Join(t.TempDir(), "cluster")
	db, err := bolt.Open(path, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	err = db.Update(func(tx *bolt.Tx) error {
		_, err := tx.CreateBucket([]byte("theirs"))
		return err
	})
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
	_, err = Open(path)
	var damaged *DamagedError
	if !errors.As(err, &damaged) {
		t.Errorf("Open: %v", err)
	}
}

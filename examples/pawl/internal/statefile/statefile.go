// Package statefile keeps an embedded cluster in one file, shared by any number of processes.
//
// The file is opened for each transaction and locked for no longer, so that a second terminal may
// pause or look while the first one runs. A transaction is in the file as a whole or not at all,
// whenever the process is killed.
package statefile

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"
	"sync"
	"time"

	bolt "go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"

	"github.com/gopawl/pawl/rollout/kube/kubetest"
)

// File is a [kubetest.Store] in a bbolt file.
type File struct {
	path string
	mu   sync.RWMutex // spares this process's own goroutines the wait for the file's lock
}

// patience is how long a transaction waits for those of other processes.
const patience = 30 * time.Second

var bucket = []byte("cluster")

// DamagedError says that a file is not one of ours, or no longer whole.
type DamagedError struct {
	Path string
	Err  error
}

// Error names the file, what is wrong, and the way out.
func (e *DamagedError) Error() string {
	return fmt.Sprintf("state file %s: %v; move it away to start with an empty cluster, or name another one with --state", e.Path, e.Err)
}

// Unwrap returns the cause.
func (e *DamagedError) Unwrap() error { return e.Err }

// Open returns the store in a file, which is made where there is none, with its folders. A file
// that cannot be read to its end is a [*DamagedError] and is left as it is.
func Open(path string) (*File, error) {
	f := &File{path: path}
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) || err == nil && info.Size() == 0 {
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return nil, fmt.Errorf("state file: %w", err)
		}
		return f, f.Update(func(kubetest.Tx) error { return nil })
	}
	if err != nil {
		return nil, fmt.Errorf("state file: %w", err)
	}
	if info.IsDir() {
		return nil, &DamagedError{path, errors.New("is a folder")}
	}
	switch err := f.check(); {
	case errors.Is(err, errEmpty):
		return f, f.Update(func(kubetest.Tx) error { return nil })
	case err != nil:
		return nil, err
	}
	return f, nil
}

// errEmpty says that the process which made the file was killed before it put anything there.
var errEmpty = errors.New("is empty")

// check reads everything once. A damaged file makes bbolt panic, or read where there is nothing;
// both are the file's fault here.
func (f *File) check() (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if r := recover(); r != nil {
			err = &DamagedError{f.path, fmt.Errorf("cannot be read: %v", r)}
		}
	}()
	return f.open(true, func(db *bolt.DB) error {
		return db.View(func(tx *bolt.Tx) error {
			err := walk(tx, f.path)
			if err == nil || errors.Is(err, errEmpty) {
				return err
			}
			return &DamagedError{f.path, err}
		})
	})
}

func walk(tx *bolt.Tx, path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if tx.Size() > info.Size() {
		return fmt.Errorf("is cut off: %d of %d bytes", info.Size(), tx.Size())
	}
	file, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if err := inspect(file, tx.DB().Info().PageSize); err != nil {
		return err
	}
	for found := range tx.Check() { // to the end: it waits for a reader
		err = errors.Join(err, found)
	}
	if err != nil {
		return err
	}
	if first, _ := tx.Cursor().First(); first == nil {
		return errEmpty
	}
	if tx.Bucket(bucket) == nil {
		return errors.New("does not hold a cluster")
	}
	return nil
}

// View calls the function with what the file holds now.
func (f *File) View(read func(kubetest.Tx) error) error {
	f.mu.RLock()
	defer f.mu.RUnlock()
	return f.open(true, func(db *bolt.DB) error {
		return db.View(func(tx *bolt.Tx) error { return read(transaction{tx.Bucket(bucket)}) })
	})
}

// Update commits what the function wrote, or nothing.
func (f *File) Update(change func(kubetest.Tx) error) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.open(false, func(db *bolt.DB) error {
		return db.Update(func(tx *bolt.Tx) error {
			b, err := tx.CreateBucketIfNotExists(bucket)
			if err != nil {
				return err
			}
			return change(transaction{b})
		})
	})
}

func (f *File) open(readOnly bool, use func(*bolt.DB) error) error {
	db, err := bolt.Open(f.path, 0o600, &bolt.Options{ReadOnly: readOnly, Timeout: patience, FreelistType: bolt.FreelistMapType, OpenFile: openInTurn})
	var access *fs.PathError
	switch {
	case errors.Is(err, bolterrors.ErrTimeout):
		return fmt.Errorf("state file %s: another process has held it for %v: %w", f.path, patience, err)
	case errors.As(err, &access):
		return fmt.Errorf("state file: %w", err)
	case err != nil:
		return &DamagedError{f.path, err}
	}
	return errors.Join(use(db), db.Close())
}

// transaction is a bucket as a [kubetest.Tx].
type transaction struct{ bucket *bolt.Bucket }

func (t transaction) Get(key string) ([]byte, error)     { return t.bucket.Get([]byte(key)), nil }
func (t transaction) Put(key string, value []byte) error { return t.bucket.Put([]byte(key), value) }
func (t transaction) Delete(key string) error            { return t.bucket.Delete([]byte(key)) }

func (t transaction) Scan(from, to string, visit func(string, []byte) error) error {
	c, end := t.bucket.Cursor(), []byte(to)
	for k, v := c.Seek([]byte(from)); k != nil && bytes.Compare(k, end) < 0; k, v = c.Next() {
		if err := visit(string(k), v); err != nil {
			return err
		}
	}
	return nil
}

package manifest

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// MaxFileBytes bounds one file, and what its YAML aliases may expand it to.
// It is the API server's own limit for a request.
const MaxFileBytes = 3 << 20

// Stdin is the path which stands for standard input.
const Stdin = "-"

var extensions = []string{".json", ".yaml", ".yml"}

// file is a manifest which has been read, not yet understood.
type file struct {
	name string
	data []byte
}

// reader reads paths; a path which fails leaves an error and no file.
type reader struct {
	stdin     io.Reader
	recursive bool
	files     []file
	errs      Errors
}

func (r *reader) path(path string) {
	if path == Stdin {
		r.standardInput()
		return
	}
	info, err := os.Stat(path)
	switch {
	case err != nil:
		r.errs = append(r.errs, pathError(path, err))
	case info.IsDir():
		r.folder(path)
	default:
		r.file(path)
	}
}

// standardInput can be had once: a second "-" would silently be empty.
func (r *reader) standardInput() {
	if r.stdin == nil {
		r.errs = append(r.errs, &PathError{Path: "stdin", Err: fmt.Errorf("standard input can be read only once")})
		return
	}
	r.read("stdin", r.stdin)
	r.stdin = nil
}

func (r *reader) folder(root string) {
	names, err := manifests(root, r.recursive)
	if err == nil && len(names) == 0 {
		err = fmt.Errorf("recognized file extensions are %v", extensions)
	}
	if err != nil {
		r.errs = append(r.errs, pathError(root, err))
		return
	}
	for _, name := range names {
		r.file(name)
	}
}

func (r *reader) file(name string) {
	f, err := os.Open(name)
	if err != nil {
		r.errs = append(r.errs, pathError(name, err))
		return
	}
	defer func() { _ = f.Close() }()
	r.read(name, f)
}

func (r *reader) read(name string, from io.Reader) {
	data, err := io.ReadAll(io.LimitReader(from, MaxFileBytes+1))
	if err == nil && len(data) > MaxFileBytes {
		err = fmt.Errorf("too large: a manifest may not be more than %d bytes", MaxFileBytes)
	}
	if err != nil {
		r.errs = append(r.errs, pathError(name, err))
		return
	}
	r.files = append(r.files, file{name, data})
}

// manifests lists the manifests in a folder in lexical order. What is neither
// a regular file nor a symbolic link is left out: a pipe would never end.
func manifests(root string, recursive bool) ([]string, error) {
	var names []string
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && path != root && !recursive:
			return fs.SkipDir
		case d.Type()&^fs.ModeSymlink == 0 && slices.Contains(extensions, filepath.Ext(path)):
			names = append(names, path)
		}
		return nil
	})
	return names, err
}

package tutorials

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

func (s *story) write(name, text string) {
	s.Helper()
	path := filepath.Join(s.dir, name)
	s.must(errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(text), 0o600)))
}

func (s *story) edit(name, from, to string) {
	s.Helper()
	data, err := os.ReadFile(filepath.Join(s.dir, name))
	s.must(err)
	if strings.Count(string(data), from) != 1 {
		s.Fatalf("%s: %q is there %d times", name, from, strings.Count(string(data), from))
	}
	s.write(name, strings.TrimSuffix(strings.Replace(string(data), from, to, 1), "\n")+"\n")
}

func (s *story) files() map[string]string {
	s.Helper()
	all := map[string]string{}
	s.must(filepath.WalkDir(s.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		all[path] = string(data)
		return err
	}))
	return all
}

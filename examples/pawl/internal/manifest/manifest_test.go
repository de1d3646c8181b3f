package manifest

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// web is a valid Deployment, which tests bend by replacing parts of it.
const web = `apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  replicas: 3
  selector:
    matchLabels:
      app: web
  template:
    metadata:
      labels:
        app: web
    spec:
      containers:
      - name: web
        image: web:v1
`

// folder is a new folder with files in it, given as name and content in turn.
func folder(t *testing.T, files ...string) string {
	t.Helper()
	dir := t.TempDir()
	for i := 0; i < len(files); i += 2 {
		name := filepath.Join(dir, files[i])
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(files[i+1]), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// load reads one file app.yaml; errors name it without its folder.
func load(t *testing.T, content string) ([]Object, error) {
	t.Helper()
	t.Chdir(folder(t, "app.yaml", content))
	return Load([]string{"app.yaml"}, nil, false)
}

func mustLoad(t *testing.T, content string) []Object {
	t.Helper()
	objects, err := load(t, content)
	if err != nil {
		t.Fatal(err)
	}
	return objects
}

// refused checks that nothing came of a load, and the text of its error.
func refused(t *testing.T, objects []Object, err error, want string) {
	t.Helper()
	if objects != nil {
		t.Errorf("with an error there are %d objects, want none", len(objects))
	}
	if got := fmt.Sprint(err); got != want {
		t.Errorf("error\n  %s\nwant\n  %s", got, want)
	}
	typed(t, err)
}

// typed checks that every error is one of those which doc.go promises.
func typed(t *testing.T, err error) {
	t.Helper()
	var all Errors
	if !errors.As(err, &all) {
		t.Fatalf("%T is not Errors: %v", err, err)
	}
	for _, err := range all {
		var object *Error
		var path *PathError
		if !errors.As(err, &object) && !errors.As(err, &path) && !errors.Is(err, ErrNoObjects) {
			t.Errorf("%T is not a documented error: %v", err, err)
		}
	}
}

// edit replaces old, which must be there, by new in a copy of web.
func edit(t *testing.T, old, new string) string {
	t.Helper()
	if !strings.Contains(web, old) {
		t.Fatalf("web has no %q", old)
	}
	return strings.Replace(web, old, new, 1)
}

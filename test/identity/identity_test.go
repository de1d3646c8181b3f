package identity

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

var tidy = flag.Bool("tidy", false, "tidy the modules of the minors first")

const (
	program = "testdata/identities/main.go"
	sources = "../../hashing"
	frozen  = sources + "/testdata/vectors.json"

	leastMinors    = 4
	leastTemplates = 25 // of each form, in each minor
)

// vector is one of package hashing's.
type vector struct {
	Name     string `json:"name"`
	Form     string `json:"form"`
	Identity string `json:"identity"`
}

// answer and output are what the program writes.
type answer struct {
	Unknown    string `json:"unknown"`
	Identity   string `json:"identity"`
	Kubernetes uint32 `json:"kubernetes"`
}

type output struct {
	Libraries map[string]string `json:"libraries"`
	Answers   []answer          `json:"answers"`
}

func TestNoMinorOfKubernetesChangesAnIdentity(t *testing.T) {
	minors, err := filepath.Glob("v*/go.mod")
	if err != nil || len(minors) < leastMinors {
		t.Fatalf("%d minors, want %d at least: %v", len(minors), leastMinors, err)
	}
	vectors, text := readVectors(t)
	var rows []row
	for _, file := range minors {
		dir := filepath.Dir(file)
		t.Run(dir, func(t *testing.T) {
			rows = append(rows, compare(t, vectors, ask(t, dir, text)))
		})
	}
	t.Log("\n" + table(rows))
}

func readVectors(t *testing.T) ([]vector, []byte) {
	t.Helper()
	text, err := os.ReadFile(frozen)
	if err != nil {
		t.Fatal(err)
	}
	var all struct {
		Templates []vector `json:"templates"`
	}
	if err := json.Unmarshal(text, &all); err != nil {
		t.Fatal(err)
	}
	return all.Templates, text
}

// ask compiles the program in the module of a minor and has it answer the vectors.
func ask(t *testing.T, dir string, vectors []byte) output {
	t.Helper()
	overlay := overlaid(t, dir)
	if *tidy {
		command(t, dir, nil, "go", "mod", "tidy", overlay)
	}
	binary := filepath.Join(t.TempDir(), "identities.exe") // the name that every system runs
	command(t, dir, nil, "go", "build", "-buildvcs=false", overlay, "-o", binary, ".")
	var out output
	if err := json.Unmarshal(command(t, dir, vectors, binary), &out); err != nil {
		t.Fatal(err)
	}
	for _, library := range []string{"k8s.io/api", "k8s.io/apimachinery"} {
		if !strings.HasPrefix(out.Libraries[library], dir+".") {
			t.Fatalf("compiled with %s %s, want %s", library, out.Libraries[library], dir)
		}
	}
	return out
}

// overlaid returns the flag of the go command that adds the sources to a module.
func overlaid(t *testing.T, dir string) string {
	t.Helper()
	files, err := filepath.Glob(sources + "/*.go")
	if err != nil {
		t.Fatal(err)
	}
	replace := map[string]string{absolute(t, dir, "main.go"): absolute(t, program)}
	for _, file := range files {
		if !strings.HasSuffix(file, "_test.go") {
			replace[absolute(t, dir, "hashing", filepath.Base(file))] = absolute(t, file)
		}
	}
	text, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), "overlay.json")
	if err := os.WriteFile(name, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return "-overlay=" + name
}

func absolute(t *testing.T, parts ...string) string {
	t.Helper()
	path, err := filepath.Abs(filepath.Join(parts...))
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func command(t *testing.T, dir string, stdin []byte, name string, args ...string) []byte {
	t.Helper()
	c := exec.CommandContext(t.Context(), name, args...)
	var stderr bytes.Buffer
	c.Dir, c.Stdin, c.Stderr = dir, bytes.NewReader(stdin), &stderr
	c.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=") // the module as it stands here
	out, err := c.Output()
	if err != nil {
		t.Fatalf("%s: %v: %v\n%s", dir, c, err, &stderr)
	}
	return out
}

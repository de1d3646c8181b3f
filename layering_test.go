package pawl_test

import (
	"bytes"
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/gopawl/pawl"

// layer is what a package may do. Tests are free, but for [dependencies].
type layer struct {
	// imports are what it may import beside the standard library: packages of this module by
	// their place in it, others in full and with what is below them.
	imports []string
	// pure packages have no context, log, random number or way to the outside.
	pure bool
	// free packages talk to a cluster: they may tell the time, wait and have variables.
	free bool
	// clock is the only file of another package that may tell the time or wait.
	clock string
	// vars are its variables beside errors and types, each with the reason why it is no state.
	vars map[string]string
}

// layers are all packages of the module, by their directory. Arrows point one way:
//
//	strategies, history ──► rollout ◄── sim, gates
//	                           ▲
//	hashing ◄── kube ──────────┴─► history      kubetest stands alone
//	             ▲
//	            jobs
var layers = map[string]layer{
	".":                   {},
	"rollout":             {imports: []string{"golang.org/x/sync", "github.com/cenkalti/backoff/v4"}, clock: "run.go"},
	"rollout/rollouttest": {imports: []string{"rollout", "rollout/sim", "github.com/cockroachdb/datadriven"}, free: true},
	"rollout/gates":       {imports: []string{"rollout"}},
	"rollout/sim":         {imports: []string{"rollout"}, vars: map[string]string{"epoch": "where virtual time begins, never assigned"}},
	"strategies":          {imports: []string{"rollout"}, pure: true},
	"history":             {imports: []string{"rollout"}, pure: true},
	"hashing": {imports: []string{"k8s.io/api", "k8s.io/apimachinery"}, pure: true, vars: map[string]string{
		"nodes":   "plans by type: a cache that changes no answer",
		"writers": "a pool of buffers",
	}},
	"internal/faults":       {free: true},
	"rollout/kube":          {imports: []string{"rollout", "hashing", "history", "k8s.io/api", "k8s.io/apimachinery", "k8s.io/client-go"}, free: true},
	"rollout/kube/jobs":     {imports: []string{"rollout", "rollout/kube", "hashing", "k8s.io/api", "k8s.io/apimachinery", "k8s.io/client-go"}},
	"rollout/kube/kubetest": {imports: []string{"k8s.io/api", "k8s.io/apimachinery", "k8s.io/client-go", "gopkg.in/evanphx/json-patch.v4"}, free: true},
}

// dependencies are the modules that go.mod may require directly, and for what. ARCHITECTURE.md
// has the reason for each.
var dependencies = map[string]string{
	"k8s.io/api":                        "library",
	"k8s.io/apimachinery":               "library",
	"k8s.io/client-go":                  "library",
	"golang.org/x/sync":                 "library",
	"github.com/cenkalti/backoff/v4":    "library",
	"gopkg.in/evanphx/json-patch.v4":    "library",
	"github.com/cockroachdb/datadriven": "library",
	"github.com/google/go-cmp":          "tests",
}

// impure are imports that no pure package needs.
var impure = []string{"context", "log", "log/slog", "math/rand", "math/rand/v2", "crypto/rand", "os", "os/exec", "net", "net/http", "syscall"}

func TestLayering(t *testing.T) {
	found := map[string]bool{}
	err := filepath.WalkDir(".", func(file string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && file != "." && (ownModule(file) || d.Name() == "testdata" || d.Name()[0] == '.'):
			return fs.SkipDir
		case d.IsDir() || !strings.HasSuffix(file, ".go"):
			return nil
		}
		checkFile(t, filepath.ToSlash(file), found)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for dir := range layers {
		if !found[dir] {
			t.Errorf("layers: there is no package %s", dir)
		}
	}
}

func ownModule(dir string) bool {
	found, _ := filepath.Glob(filepath.Join(dir, "go.mod"))
	return len(found) > 0
}

// source is one file under the rules of its package.
type source struct {
	*testing.T
	layer
	file, dir string
	fset      *token.FileSet
	tree      *ast.File
}

func checkFile(t *testing.T, file string, found map[string]bool) {
	fset := token.NewFileSet()
	tree, err := parser.ParseFile(fset, filepath.FromSlash(file), nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	dir := path.Dir(file)
	rules, ok := layers[dir]
	if !ok {
		t.Errorf("%s: package %s is not in the table of layers", file, dir)
	}
	s := source{t, rules, file, dir, fset, tree}
	if strings.HasSuffix(file, "_test.go") {
		s.checkTest()
		return
	}
	found[dir] = true
	s.checkImports()
	if !s.free && s.clock != path.Base(file) {
		s.checkClock()
	}
	if !s.free {
		s.checkState()
	}
}

func (s source) wrong(at token.Pos, format string, args ...any) {
	s.Helper()
	s.Errorf("%s:%d: "+format, append([]any{s.file, s.fset.Position(at).Line}, args...)...)
}

// checkTest: not even a test imports the examples.
func (s source) checkTest() {
	for _, spec := range s.tree.Imports {
		name, _ := strconv.Unquote(spec.Path.Value)
		place, own := strings.CutPrefix(name, module+"/")
		if _, ok := layers[place]; own && !ok {
			s.wrong(spec.Pos(), "must not import %q: the library knows nothing of what is built on it", name)
		}
	}
}

func (s source) checkImports() {
	for _, spec := range s.tree.Imports {
		name, _ := strconv.Unquote(spec.Path.Value)
		switch {
		case s.pure && slices.Contains(impure, name):
			s.wrong(spec.Pos(), "%s must not import %q: it is pure, the same answer for the same input", s.dir, name)
		case !strings.Contains(strings.Split(name, "/")[0], "."):
		case !slices.ContainsFunc(s.imports, func(allowed string) bool { return under(name, allowed) }):
			s.wrong(spec.Pos(), "%s must not import %q, only the standard library and %q", s.dir, name, s.imports)
		}
	}
}

// under reports whether an import is the allowed one or, in another module, below it.
func under(name, allowed string) bool {
	return name == module+"/"+allowed || name == allowed || strings.HasPrefix(name, allowed+"/")
}

// clocks are the functions of package time that tell the time or wait.
var clocks = []string{"Now", "Since", "Until", "Sleep", "After", "AfterFunc", "Tick", "NewTimer", "NewTicker"}

func (s source) checkClock() {
	known := "" // the name by which the file knows package time
	for _, spec := range s.tree.Imports {
		if spec.Path.Value == `"time"` {
			known = "time"
			if spec.Name != nil {
				known = spec.Name.Name
			}
		}
	}
	ast.Inspect(s.tree, func(n ast.Node) bool {
		if from, name := selected(n); from != "" && from == known && slices.Contains(clocks, name) {
			s.wrong(n.Pos(), "%s must not use time.%s: the time comes in from outside", s.dir, name)
		}
		return true
	})
}

// selected splits x.Sel; other expressions have no parts.
func selected(n ast.Node) (x, name string) {
	if sel, ok := n.(*ast.SelectorExpr); ok {
		if x, ok := sel.X.(*ast.Ident); ok {
			return x.Name, sel.Sel.Name
		}
	}
	return "", ""
}

// checkState finds inits, and variables that may be state.
func (s source) checkState() {
	for _, d := range s.tree.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			if d.Recv == nil && d.Name.Name == "init" {
				s.wrong(d.Pos(), "%s must not have an init", s.dir)
			}
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				if v, ok := spec.(*ast.ValueSpec); ok && d.Tok == token.VAR {
					s.checkVar(v)
				}
			}
		}
	}
}

func (s source) checkVar(v *ast.ValueSpec) {
	for i, name := range v.Names {
		_, listed := s.vars[name.Name]
		if !listed && name.Name != "_" && !(i < len(v.Values) && fixed(v.Values[i])) {
			s.wrong(name.Pos(), "variable %s: %s keeps no state; if this is none, list it in layers with the reason", name.Name, s.dir)
		}
	}
}

// fixed reports whether a value is errors.New(…) or reflect.TypeFor[…]().
func fixed(value ast.Expr) bool {
	call, ok := value.(*ast.CallExpr)
	if !ok {
		return false
	}
	function := call.Fun
	if index, ok := function.(*ast.IndexExpr); ok {
		function = index.X
	}
	x, name := selected(function)
	return x == "errors" && name == "New" || x == "reflect" && name == "TypeFor"
}

// TestNothingReachesKubernetesFromRollout asks the go command, which sees every import behind
// the imports.
func TestNothingReachesKubernetesFromRollout(t *testing.T) {
	for dir, without := range map[string]string{
		"rollout": "k8s.io/", "rollout/gates": "k8s.io/", "rollout/sim": "k8s.io/", "strategies": "k8s.io/", "history": "k8s.io/",
		"hashing": "k8s.io/client-go/",
	} {
		for _, dep := range strings.Fields(string(run(t, "go", "list", "-deps", "./"+dir))) {
			if strings.HasPrefix(dep, without) {
				t.Errorf("%s reaches %s", dir, dep)
				break
			}
		}
	}
}

func TestDependencies(t *testing.T) {
	var mod struct {
		Require []struct {
			Path     string
			Indirect bool
		}
	}
	if err := json.Unmarshal(run(t, "go", "mod", "edit", "-json", "go.mod"), &mod); err != nil {
		t.Fatal(err)
	}
	for _, r := range mod.Require {
		if dependencies[r.Path] == "" && !r.Indirect {
			t.Errorf("go.mod: %s is not in the table of dependencies", r.Path)
		}
	}
	for dir, l := range layers {
		for _, name := range l.imports {
			if dependencies[name] == "tests" {
				t.Errorf("layers: %s may import %s, which is for tests only", dir, name)
			}
		}
	}
}

func run(t *testing.T, name string, args ...string) []byte {
	t.Helper()
	command := exec.Command(name, args...)
	var stderr bytes.Buffer
	command.Stderr = &stderr
	out, err := command.Output()
	if err != nil {
		t.Fatalf("%v: %v\n%s", command, err, &stderr)
	}
	return out
}

package manifest

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"errors"

	"github.com/google/go-cmp/cmp"
)

func names(objects []Object) []string {
	var list []string
	for _, o := range objects {
		list = append(list, fmt.Sprintf("%s %s/%s", o.Source, o.GetKind(), o.GetName()))
	}
	return list
}

func config(name string) string {
	return "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: " + name + "\n"
}

func TestTestdataIsValid(t *testing.T) {
	objects, err := Load([]string{"../../testdata"}, nil, false)
	if objects != nil || !strings.Contains(fmt.Sprint(err), "Duplicate value") {
		t.Fatalf("versions of one Deployment together: %v, want duplicates only", err)
	}
	files, err := filepath.Glob("../../testdata/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no testdata: %v", err)
	}
	for _, file := range files {
		if _, err := Load([]string{file}, nil, false); err != nil {
			t.Error(err)
		}
	}
}

func TestOrderIsThatOfNeed(t *testing.T) {
	service := "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {ports: [{port: 80}]}\n"
	namespace := "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n"
	secret := "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\n"
	all := strings.Join([]string{web, service, config("b"), secret, config("a"), namespace}, "---\n")
	want := []string{
		"app.yaml (document 6, line 38) Namespace/shop",
		"app.yaml (document 3, line 24) ConfigMap/b",
		"app.yaml (document 5, line 33) ConfigMap/a",
		"app.yaml (document 4, line 29) Secret/s",
		"app.yaml (document 2, line 19) Service/web",
		"app.yaml Deployment/web",
	}
	if diff := cmp.Diff(want, names(mustLoad(t, all))); diff != "" {
		t.Error(diff)
	}
}

func TestFoldersAreReadInOrderAndBelowOnlyIfAsked(t *testing.T) {
	t.Chdir(folder(t,
		"k/b.yml", config("b"), "k/a.yaml", config("a"), "k/c.json", `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"c"}}`,
		"k/README.md", "no manifest", "k/sub/d.yaml", config("d"), "plain", config("plain")))
	if err := os.Symlink("../plain", "k/z.yaml"); err != nil {
		t.Fatal(err)
	}
	flat := []string{"k/a.yaml ConfigMap/a", "k/b.yml ConfigMap/b", "k/c.json ConfigMap/c"}
	for _, test := range []struct {
		recursive bool
		want      []string
	}{
		{false, append(flat[:3:3], "k/z.yaml ConfigMap/plain")},
		{true, append(flat[:3:3], "k/sub/d.yaml ConfigMap/d", "k/z.yaml ConfigMap/plain")},
	} {
		objects, err := Load([]string{"k"}, nil, test.recursive)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(test.want, names(objects)); diff != "" {
			t.Errorf("recursive %v:\n%s", test.recursive, diff)
		}
	}
}

func TestStandardInputIsReadOnce(t *testing.T) {
	objects, err := Load([]string{"-"}, strings.NewReader(config("a")), false)
	if diff := cmp.Diff([]string{"stdin ConfigMap/a"}, names(objects)); err != nil || diff != "" {
		t.Error(err, diff)
	}
	objects, err = Load([]string{"-", "-"}, strings.NewReader(config("a")), false)
	refused(t, objects, err, "error reading [stdin]: standard input can be read only once")
	objects, err = Load([]string{"-"}, iotest.ErrReader(errors.New("broken pipe")), false)
	refused(t, objects, err, "error reading [stdin]: broken pipe")
}

func TestUnreadablePaths(t *testing.T) {
	t.Chdir(folder(t, "empty/notes.txt", "", "large.yaml", strings.Repeat("#", MaxFileBytes+1)))
	for path, want := range map[string]string{
		"app.yaml":   `the path "app.yaml" does not exist`,
		"folder/":    `the path "folder/" does not exist`,
		"":           `the path "" does not exist`,
		"empty":      `error reading [empty]: recognized file extensions are [.json .yaml .yml]`,
		"large.yaml": `error reading [large.yaml]: too large: a manifest may not be more than 3145728 bytes`,
	} {
		objects, err := Load([]string{path}, nil, false)
		refused(t, objects, err, want)
		if missing := strings.Contains(want, "exist"); errors.Is(err, fs.ErrNotExist) != missing {
			t.Errorf("%q: errors.Is(err, fs.ErrNotExist) = %v, want %v", path, !missing, missing)
		}
	}
}

func TestNothingFoundIsAnError(t *testing.T) {
	for _, content := range []string{"", "\n\n", "# a comment\n", "---\n---\n...\n", "null", "apiVersion: v1\nkind: List\nitems: []\n"} {
		objects, err := load(t, content)
		refused(t, objects, err, "no objects passed to apply")
		if !errors.Is(err, ErrNoObjects) {
			t.Errorf("%q: %v is not ErrNoObjects", content, err)
		}
	}
	objects, err := Load(nil, nil, false)
	refused(t, objects, err, "no objects passed to apply")
}

func TestMalformedFiles(t *testing.T) {
	bomb := "a: &a [" + strings.Repeat("lol, ", 9) + "lol]\n"
	for c := 'b'; c < 'k'; c++ {
		bomb += fmt.Sprintf("%c: &%c [%s*%c]\n", c, c, strings.Repeat(fmt.Sprintf("*%c, ", c-1), 9), c-1)
	}
	long := "a: &a " + strings.Repeat("x", 1<<20) + "\nb: [*a, *a, *a]\n"
	for name, test := range map[string]struct{ content, want string }{
		"bad mapping":        {web + "---\na: b\nc: d: e\n", "app.yaml: line 20: mapping values are not allowed in this context"},
		"tab":                {"a:\n\tb: c\n", "app.yaml: line 2: found character that cannot start any token"},
		"unclosed":           {web + "---\na: b\nc: {d\n", "app.yaml: line 20: did not find expected ',' or '}'"},
		"dedent":             {"x: y\na:\n  b: 1\n c: 2\n", "app.yaml: line 4: did not find expected key"},
		"first line":         {"}\n", "app.yaml: line 1: did not find expected node content"},
		"end of file":        {"a: 'b\n\n", "app.yaml: line 1: found unexpected end of stream"},
		"two in braces":      {"{a: b}\n{c: d}\n", "app.yaml: line 2: did not find expected <document start>"},
		"second document":    {web + "---\na: *b\n", "app.yaml (document 2, line 19): unknown anchor 'b' referenced"},
		"duplicate keys":     {web + "---\n\na: 1\nb: 2\na: 3\nb: 4\n", "app.yaml: line 22: key \"a\" already set in map\napp.yaml: line 23: key \"b\" already set in map"},
		"duplicate JSON":     {`{"apiVersion": "v1", "data": {"a": "1", "a": "2"}}`, `app.yaml: duplicate field "data.a"`},
		"binary":             {"\x7fELF\x02\x01\xff\xfe", "app.yaml: not UTF-8 text: a manifest must be YAML or JSON"},
		"control characters": {"a: \x00\x01", "app.yaml: control characters are not allowed"},
		"no number in JSON":  {"a: .inf", "app.yaml: json: unsupported value: +Inf"},
		"unknown anchor":     {"a: *b", "app.yaml: unknown anchor 'b' referenced"},
		"anchor in itself":   {"a: &a [*a]", "app.yaml: anchor 'a' value contains itself"},
		"anchor bomb":        {bomb, "app.yaml: document contains excessive aliasing"},
		"long aliases":       {long, "app.yaml: aliases expand the document to more than 3145728 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			objects, err := load(t, test.content)
			refused(t, objects, err, test.want)
		})
	}
}

func TestDocumentsAreToldApart(t *testing.T) {
	// YAML has no escapes of two halves, JSON has.
	const smile = `{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "%s"}, "data": {"x": "\ud83d\ude00"}}`
	const object = `{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "%s"}}`
	for name, test := range map[string]struct {
		content string
		want    []string
	}{
		"comment before":   {"# license\n---\n" + config("a"), []string{"app.yaml ConfigMap/a"}},
		"empty between":    {config("a") + "---\n# none\n---\n\n" + config("b"), []string{"app.yaml ConfigMap/a", "app.yaml (document 2, line 9) ConfigMap/b"}},
		"end marker":       {config("a") + "...\n" + config("b"), []string{"app.yaml ConfigMap/a", "app.yaml (document 2, line 6) ConfigMap/b"}},
		"marker with text": {"--- # first\n" + config("a") + "--- " + fmt.Sprintf(object, "b"), []string{"app.yaml ConfigMap/a", "app.yaml (document 2, line 6) ConfigMap/b"}},
		"Windows":          {"\uFEFF" + strings.ReplaceAll(config("a")+"---\n"+config("b"), "\n", "\r\n"), []string{"app.yaml ConfigMap/a", "app.yaml (document 2, line 6) ConfigMap/b"}},
		"JSON in a row":    {fmt.Sprintf(object+"\n\n"+object+object, "a", "b", "c"), []string{"app.yaml ConfigMap/a", "app.yaml (document 2, line 3) ConfigMap/b", "app.yaml (document 3, line 3) ConfigMap/c"}},
		"JSON with mark":   {"\uFEFF" + fmt.Sprintf(smile, "a") + "\n--- " + fmt.Sprintf(smile, "b"), []string{"app.yaml ConfigMap/a", "app.yaml (document 2, line 2) ConfigMap/b"}},
		"braces":           {"{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}", []string{"app.yaml ConfigMap/a"}},
		"List":             {"apiVersion: v1\nkind: List\nitems:\n- " + fmt.Sprintf(object, "a") + "\n- " + fmt.Sprintf(object, "b"), []string{"app.yaml (items[0]) ConfigMap/a", "app.yaml (items[1]) ConfigMap/b"}},
		"marker in text":   {config("a") + "data:\n  x: |\n    ---\n    y\n", []string{"app.yaml ConfigMap/a"}},
		"aliases":          {"kind: ConfigMap\napiVersion: v1\nmetadata: {name: &n a, labels: {app: *n}}\n", []string{"app.yaml ConfigMap/a"}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, names(mustLoad(t, test.content))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestUnknownFieldsAndNumbersAreKept(t *testing.T) {
	text := edit(t, "replicas: 3", "replcas: 3\n  future: {big: 9007199254740993, part: 0.5}")
	text = strings.Replace(text, "image: web:v1", "image: web:v1\n        newField: 1", 1)
	o := mustLoad(t, text)[0]
	want := []string{
		`unknown field "spec.future"`,
		`unknown field "spec.replcas"`,
		`unknown field "spec.template.spec.containers[0].newField"`,
	}
	if diff := cmp.Diff(want, o.Warnings); diff != "" {
		t.Error(diff)
	}
	future := map[string]any{"big": int64(9007199254740993), "part": 0.5}
	if diff := cmp.Diff(future, child(child(o.Object, "spec"), "future")); diff != "" {
		t.Error(diff)
	}
}

package hashing_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/gopawl/pawl/hashing"
)

// Vectors that have an answer are frozen: -add answers the new ones and changes no other.
var add = flag.Bool("add", false, "answer the vectors that have no answer yet")

const vectorsFile = "testdata/vectors.json"

type vectors struct {
	Templates []*templateVector `json:"templates"`
	Labels    []*labelVector    `json:"labels"`
	Names     []*nameVector     `json:"names"`
}

type templateVector struct {
	Name     string          `json:"name"`
	Form     string          `json:"form"` // typed: corev1.PodTemplateSpec; unstructured
	Own      []string        `json:"own,omitempty"`
	Template json.RawMessage `json:"template"`
	Identity string          `json:"identity"`
}

type labelVector struct {
	Identity  string `json:"identity"`
	Collision int    `json:"collision"`
	Label     string `json:"label"`
}

type nameVector struct {
	Owner string `json:"owner"`
	Label string `json:"label"`
	Name  string `json:"name"`
}

func readVectors(t testing.TB) vectors {
	t.Helper()
	text, err := os.ReadFile(vectorsFile)
	if err != nil {
		t.Fatal(err)
	}
	var v vectors
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// value returns the template in the vector's form.
func (v *templateVector) value(t testing.TB) any {
	t.Helper()
	if v.Form == "unstructured" {
		return decode(t, string(v.Template))
	}
	d := json.NewDecoder(bytes.NewReader(v.Template))
	d.DisallowUnknownFields()
	spec := new(corev1.PodTemplateSpec)
	if err := d.Decode(spec); err != nil {
		t.Fatalf("%s: %v", v.Name, err)
	}
	return spec
}

func TestFrozenVectors(t *testing.T) {
	all := readVectors(t)
	for _, v := range all.Templates {
		got, err := hashing.Template(v.value(t), v.Own...)
		if err != nil {
			t.Fatalf("%s: %v", v.Name, err)
		}
		frozen(t, v.Name+", "+v.Form, got, &v.Identity)
	}
	for _, v := range all.Labels {
		frozen(t, "label of "+v.Identity, hashing.Label(v.Identity, v.Collision), &v.Label)
	}
	for _, v := range all.Names {
		frozen(t, "name of "+v.Owner, hashing.Name(v.Owner, v.Label), &v.Name)
	}
	if *add {
		writeVectors(t, all)
	}
}

func frozen(t *testing.T, what, got string, want *string) {
	t.Helper()
	switch {
	case *want == "" && *add:
		*want = got
	case *want != got:
		t.Errorf("%s: got %s, frozen as %q", what, got, *want)
	}
}

func writeVectors(t *testing.T, all vectors) {
	t.Helper()
	var b bytes.Buffer
	b.WriteString("{\n")
	section(t, &b, "templates", all.Templates)
	b.WriteString(",\n")
	section(t, &b, "labels", all.Labels)
	b.WriteString(",\n")
	section(t, &b, "names", all.Names)
	b.WriteString("\n}\n")
	if err := os.WriteFile(vectorsFile, b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}

// section writes one vector a line, so that a diff shows what was added.
func section[T any](t *testing.T, b *bytes.Buffer, name string, list []T) {
	t.Helper()
	b.WriteString(`"` + name + "\": [\n")
	for i, v := range list {
		line, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		if i > 0 {
			b.WriteString(",\n")
		}
		b.Write(line)
	}
	b.WriteString("\n]")
}

// decode reads JSON as Kubernetes' clients do: whole numbers as int64.
func decode(t testing.TB, text string) map[string]any {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader([]byte(text)))
	d.UseNumber()
	var m map[string]any
	if err := d.Decode(&m); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return numbers(m).(map[string]any)
}

// numbers turns every json.Number into an int64 or a float64.
func numbers(x any) any {
	switch x := x.(type) {
	case map[string]any:
		for k, v := range x {
			x[k] = numbers(v)
		}
	case []any:
		for i, v := range x {
			x[i] = numbers(v)
		}
	case json.Number:
		if i, err := x.Int64(); err == nil {
			return i
		}
		f, _ := x.Float64()
		return f
	}
	return x
}

func identity(t testing.TB, template any, own ...string) string {
	t.Helper()
	id, err := hashing.Template(template, own...)
	if err != nil {
		t.Fatalf("%v: %v", template, err)
	}
	return id
}

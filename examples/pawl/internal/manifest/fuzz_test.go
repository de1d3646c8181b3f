package manifest

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// FuzzLoad: whatever is read, Load gives valid objects or documented errors,
// never both and never neither.
func FuzzLoad(f *testing.F) {
	files, err := filepath.Glob("../../testdata/*.yaml")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	for _, seed := range []string{
		"", "---", "...", "a: [", "a: &a [*a]", "? {a: b}\n: c", "!!binary a: b", "<<: [{a: 1}]", "\uFEFF{}{}",
		`{"apiVersion":"v1","kind":"List","items":[{"kind":"List"},null,1]}`,
		"apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {a: b}\ndata: null\n",
		"apiVersion: v1\nkind: Service\nmetadata: {name: s}\nspec: {ports: [null]}\n",
		"apiVersion: extensions/v1beta1\nkind: Deployment\nmetadata: [1]\nspec: {template: {metadata: {labels: {a: 1}}}}\n",
		"apiVersion: apps/v1beta1\nkind: Deployment\nmetadata: {name: a}\nspec: {template: {metadata: {labels: {a: b}}, spec: {containers: [{name: a, image: a}]}}}\n",
		"apiVersion: apps/v1beta2\nkind: Deployment\nmetadata: {name: a}\nspec: {rollbackTo: {revision: 1}, selector: {matchLabels: {a: b}}, template: {metadata: {labels: {a: b}}, spec: {containers: [{name: a, image: a}]}}}\n",
		"apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\nspec: {strategy: {rollingUpdate: {maxSurge: 1e3}}}\n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		objects, err := Load([]string{Stdin}, bytes.NewReader(data), false)
		if err != nil {
			if objects != nil {
				t.Fatal("objects and an error")
			}
			_ = err.Error()
			typed(t, err)
			return
		}
		if len(objects) == 0 {
			t.Fatal("neither objects nor an error")
		}
		for _, o := range objects {
			loaded(t, o)
		}
	})
}

// loaded checks what Load promises about an object.
func loaded(t *testing.T, o Object) {
	if o.GetName() == "" || o.Source.File == "" || o.Source.Document < 1 || o.Source.Line < 1 {
		t.Fatalf("%q from %+v", o.GetName(), o.Source)
	}
	stored := AppsV1(o.Unstructured)
	if diff := cmp.Diff(stored, AppsV1(stored)); diff != "" {
		t.Fatalf("AppsV1 is not idempotent: %s", diff)
	}
	if o.GetKind() != "Deployment" {
		return
	}
	want, errs := Deployment(o.Unstructured)
	got, again := Deployment(stored)
	if diff := cmp.Diff(want, got); len(errs)+len(again) > 0 || diff != "" {
		t.Fatalf("errors %v and %v, stored differs: %s", errs, again, diff)
	}
}

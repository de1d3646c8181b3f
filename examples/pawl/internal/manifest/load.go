package manifest

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// Load reads the objects in files, in folders (.yaml, .yml and .json in them,
// in lexical order, below them only if recursive) and, for "-", in stdin.
// A file may hold several documents, and Lists.
//
// The result is in the order in which objects need each other: Namespaces,
// ConfigMaps, Secrets, Services, Deployments, and as read within a kind.
// Either all of it is valid, and no object is there twice, or there is no
// result and the error is an [Errors].
func Load(paths []string, stdin io.Reader, recursive bool) ([]Object, error) {
	r := reader{stdin: stdin, recursive: recursive}
	for _, path := range paths {
		r.path(path)
	}
	return r.load()
}

// Parse reads the objects in a text as [Load] does those of a file, which errors call by the name.
func Parse(name string, text []byte) ([]Object, error) {
	r := reader{}
	r.read(name, bytes.NewReader(text))
	return r.load()
}

func (r *reader) load() ([]Object, error) {
	objects, errs := r.objects()
	errs = append(errs, duplicates(objects)...)
	if len(errs) == 0 && len(objects) == 0 {
		errs = Errors{ErrNoObjects}
	}
	if len(errs) > 0 {
		return nil, errs
	}
	slices.SortStableFunc(objects, func(a, b Object) int {
		return cmp.Compare(rank(a), rank(b))
	})
	return objects, nil
}

// objects is what the files hold. A bad object is there as well, so that its
// duplicates are found in the same run.
func (r *reader) objects() ([]Object, Errors) {
	var objects []Object
	errs := r.errs
	for _, f := range r.files {
		docs, bad := f.decode()
		errs = append(errs, bad...)
		for _, d := range docs {
			warnings, list := d.check()
			errs = append(errs, d.located(list)...)
			u := &unstructured.Unstructured{Object: d.object}
			objects = append(objects, Object{Unstructured: u, Source: d.source, Warnings: warnings})
		}
	}
	return objects, errs
}

// duplicates reports objects which are there twice, naming both places. The
// API version is no part of an object's identity.
func duplicates(objects []Object) Errors {
	var errs Errors
	seen := map[[3]string]Source{}
	for _, o := range objects {
		d := document{o.Source, o.Object}
		if d.name() == "" {
			continue
		}
		id := [3]string{d.text("kind"), o.GetNamespace(), d.name()}
		first, twice := seen[id]
		if !twice {
			seen[id] = o.Source
			continue
		}
		err := field.Duplicate(field.NewPath("metadata", "name"), d.name())
		err.Detail = fmt.Sprintf("already in %s", first)
		errs = append(errs, d.located(field.ErrorList{err})...)
	}
	return errs
}

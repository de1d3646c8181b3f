package manifest

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation/field"
)

// ErrNoObjects reports paths which were all readable and held no object.
var ErrNoObjects = errors.New("no objects passed to apply")

// Errors is everything wrong with a set of manifests, one line each, in the
// order of reading.
type Errors []error

// Error joins the errors with line breaks.
func (e Errors) Error() string {
	lines := make([]string, len(e))
	for i, err := range e {
		lines[i] = err.Error()
	}
	return strings.Join(lines, "\n")
}

// Unwrap makes each error reachable for errors.Is and errors.As.
func (e Errors) Unwrap() []error { return e }

// Error is one thing wrong with one object, or with a document which did not
// become one.
type Error struct {
	Source     Source
	Kind, Name string // as written, empty when unknown
	Err        error  // a *field.Error unless the document is malformed
}

// Error reads like `app.yaml: Deployment "web": spec.replicas: Invalid value: -1: …`.
func (e *Error) Error() string {
	parts := []string{e.Source.String()}
	switch {
	case e.Kind != "" && e.Name != "":
		parts = append(parts, fmt.Sprintf("%s %q", e.Kind, e.Name))
	case e.Kind != "":
		parts = append(parts, e.Kind)
	}
	return strings.Join(append(parts, e.Err.Error()), ": ")
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// PathError is a path which cannot be read.
type PathError struct {
	Path string
	Err  error // errors.Is(err, fs.ErrNotExist) for a missing one
}

// Error is kubectl's wording.
func (e *PathError) Error() string {
	if errors.Is(e.Err, fs.ErrNotExist) {
		return fmt.Sprintf("the path %q does not exist", e.Path)
	}
	return fmt.Sprintf("error reading [%s]: %v", e.Path, e.Err)
}

// Unwrap returns the cause.
func (e *PathError) Unwrap() error { return e.Err }

// pathError wraps err without the path and the system call it repeats.
func pathError(path string, err error) *PathError {
	var in *fs.PathError
	if errors.As(err, &in) {
		err = in.Err
	}
	return &PathError{Path: path, Err: err}
}

// located puts errors about fields in their place.
func (d document) located(list field.ErrorList) Errors {
	errs := make(Errors, 0, len(list))
	for _, err := range list {
		errs = append(errs, &Error{Source: d.source, Kind: d.text("kind"), Name: d.name(), Err: err})
	}
	return errs
}

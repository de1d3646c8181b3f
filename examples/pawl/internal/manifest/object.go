package manifest

import (
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// Object is one valid object of a manifest, as written.
type Object struct {
	*unstructured.Unstructured
	Source Source
	// Warnings names what was kept without being understood, such as
	// `unknown field "spec.replcas"`.
	Warnings []string
}

// Source is the place an object was read from.
type Source struct {
	File     string // as given or found in a folder; "stdin" for "-"
	Document int    // from 1, not counting empty documents
	Line     int    // of the first line of the document, from 1
	Item     string // its place within a List, such as "items[2]"
}

// String is the file, followed by what tells the object from others in it.
func (s Source) String() string {
	var in []string
	if s.Document > 1 {
		in = append(in, fmt.Sprintf("document %d, line %d", s.Document, s.Line))
	}
	if s.Item != "" {
		in = append(in, s.Item)
	}
	if len(in) == 0 {
		return s.File
	}
	return s.File + " (" + strings.Join(in, ", ") + ")"
}

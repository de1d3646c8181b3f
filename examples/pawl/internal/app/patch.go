package app

import (
	"encoding/json"
	"errors"
	"fmt"

	jsonpatch "gopkg.in/evanphx/json-patch.v4"
	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/strategicpatch"

	"github.com/gopawl/pawl/examples/pawl/internal/manifest"
)

// PatchType is the language of a patch, by kubectl's name for it.
type PatchType string

// The types of patches.
const (
	StrategicPatch PatchType = "strategic" // merges lists as the type of a Deployment says
	MergePatch     PatchType = "merge"     // RFC 7386
	JSONPatch      PatchType = "json"      // RFC 6902
)

// PatchError says that a patch cannot be read, or not be applied to what is there.
type PatchError struct {
	Type PatchType
	Err  error
}

// Error names the type of the patch, which is a usual reason.
func (e *PatchError) Error() string {
	return fmt.Sprintf("a patch of type %q cannot be applied: %v", string(e.Type), e.Err)
}

// Unwrap returns the cause.
func (e *PatchError) Unwrap() error { return e.Err }

// Patched is a Deployment with a patch, in JSON, applied to it, and what the patch took away of the
// defaults filled in again. Whether the result is valid is not checked, but that it is a Deployment
// of the same API version. The error is a [*PatchError].
func Patched(deployment *unstructured.Unstructured, language PatchType, patch []byte) (*unstructured.Unstructured, error) {
	text, err := patched(deployment, language, patch)
	if err != nil {
		return nil, &PatchError{language, err}
	}
	u, err := parse(string(text))
	if err != nil {
		return nil, &PatchError{language, err}
	}
	if now, was := u.GroupVersionKind(), deployment.GroupVersionKind(); now != was {
		return nil, &PatchError{language, fmt.Errorf("what it is in the data (%v) does not match what is expected (%v)", now, was)}
	}
	return manifest.AppsV1(u), nil
}

// patched is the text of the result. The libraries panic on some patches that make no sense, such as
// a test without a value.
func patched(deployment *unstructured.Unstructured, language PatchType, patch []byte) (text []byte, err error) {
	defer func() {
		if recover() != nil {
			text, err = nil, errors.New("it makes no sense, as a test of everything without a value does")
		}
	}()
	now, err := json.Marshal(deployment.Object)
	if err != nil {
		return nil, err
	}
	if language == JSONPatch {
		return operate(now, patch)
	}
	if _, err := parse(string(patch)); err != nil {
		return nil, err
	}
	if language == MergePatch {
		return jsonpatch.MergePatch(now, patch)
	}
	return strategicpatch.StrategicMergePatch(now, patch, appsv1.Deployment{})
}

// operate carries out the operations one by one: a copy doubles the document at most, and a few
// dozen of them in a row would fill the memory.
func operate(doc, patch []byte) ([]byte, error) {
	operations, err := jsonpatch.DecodePatch(patch)
	if err != nil {
		return nil, err
	}
	for i, operation := range operations {
		if doc, err = (jsonpatch.Patch{operation}).Apply(doc); err != nil {
			return nil, fmt.Errorf("operation %d: %w", i+1, err)
		}
		if len(doc) > manifest.MaxFileBytes {
			return nil, errors.New("the result is too large")
		}
	}
	return doc, nil
}

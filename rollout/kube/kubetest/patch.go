package kubetest

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	jsonpatch "gopkg.in/evanphx/json-patch.v4"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	utiljson "k8s.io/apimachinery/pkg/util/json"
	"k8s.io/apimachinery/pkg/util/mergepatch"
	"k8s.io/apimachinery/pkg/util/strategicpatch"
)

// patch is a function from one form of an object to the next. It may change its argument.
type patch func(obj map[string]any) (map[string]any, error)

// patch reads the body as the kind of patch that its media type names. The schema of a
// strategic merge patch is the Go type; kinds without one do not take it.
func (r *request) patch(schema runtime.Object) (patch, error) {
	kind := types.PatchType(r.mediaType())
	accepted := []string{string(types.JSONPatchType), string(types.MergePatchType)}
	if schema != nil {
		accepted = append(accepted, string(types.StrategicMergePatchType))
	}
	data, err := r.body()
	if err != nil {
		return nil, err
	}
	switch {
	case kind == types.JSONPatchType:
		return jsonPatch(data)
	case kind == types.MergePatchType:
		return mergePatch(data)
	case kind == types.StrategicMergePatchType && schema != nil:
		return strategicPatch(data, schema)
	}
	return nil, errUnsupportedMediaType(accepted...)
}

func jsonPatch(data []byte) (patch, error) {
	operations, err := jsonpatch.DecodePatch(data)
	if err != nil {
		return nil, apierrors.NewBadRequest(err.Error())
	}
	return overJSON(func(doc []byte) ([]byte, error) {
		patched, err := operate(operations, doc)
		if err != nil { // a failed test among others
			err = errUnprocessable(err)
		}
		return patched, err
	}), nil
}

// operate applies operations. The library panics on some that make no sense, such as a test of the
// whole document without a value; a real API server then drops the connection.
func operate(operations jsonpatch.Patch, doc []byte) (patched []byte, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("the patch makes no sense: %v", r)
		}
	}()
	return operations.Apply(doc)
}

func errUnprocessable(err error) error {
	return apierrors.NewGenericServerResponse(http.StatusUnprocessableEntity, "", schema.GroupResource{}, "", err.Error(), 0, false)
}

func mergePatch(data []byte) (patch, error) {
	if !isJSONObject(data) {
		return nil, apierrors.NewBadRequest("error decoding patch: a merge patch is a JSON object")
	}
	return overJSON(func(doc []byte) ([]byte, error) {
		patched, err := jsonpatch.MergePatch(doc, data)
		if err != nil {
			err = apierrors.NewBadRequest(err.Error())
		}
		return patched, err
	}), nil
}

func isJSONObject(data []byte) bool {
	var obj map[string]any
	return json.Unmarshal(data, &obj) == nil && obj != nil
}

func strategicPatch(data []byte, schema runtime.Object) (patch, error) {
	var changes map[string]any
	if err := utiljson.Unmarshal(data, &changes); err != nil || changes == nil {
		return nil, apierrors.NewBadRequest(fmt.Sprintf("error decoding patch: %v", err))
	}
	return func(obj map[string]any) (map[string]any, error) {
		// Applying a patch consumes it.
		patched, err := strategicpatch.StrategicMergeMapPatch(obj, runtime.DeepCopyJSON(changes), schema)
		if err != nil {
			return nil, strategicError(err)
		}
		return patched, nil
	}, nil
}

func strategicError(err error) error {
	for _, bad := range []error{
		mergepatch.ErrBadJSONDoc, mergepatch.ErrBadPatchFormatForPrimitiveList,
		mergepatch.ErrBadPatchFormatForRetainKeys, mergepatch.ErrBadPatchFormatForSetElementOrderList,
		mergepatch.ErrUnsupportedStrategicMergePatchFormat,
	} {
		if errors.Is(err, bad) {
			return apierrors.NewBadRequest(err.Error())
		}
	}
	return errUnprocessable(err)
}

// overJSON lifts a patch of documents to one of objects.
func overJSON(apply func([]byte) ([]byte, error)) patch {
	return func(obj map[string]any) (map[string]any, error) {
		doc, err := json.Marshal(obj)
		if err != nil {
			return nil, err
		}
		if doc, err = apply(doc); err != nil {
			return nil, err
		}
		var patched map[string]any
		return patched, decodeObject(doc, &patched)
	}
}

func (c *Cluster) servePatch(w http.ResponseWriter, r *request) error {
	var schema runtime.Object
	if r.res.builtin != nil {
		schema = r.res.builtin.typed()
	}
	apply, err := r.patch(schema)
	if err != nil {
		return err
	}
	return c.write(w, r, http.StatusOK, func(s *session) (*record, error) {
		old, err := s.get(r.res, r.namespace, r.name)
		if err != nil {
			return nil, err
		}
		patched, err := apply(old.edit().Object)
		if err != nil {
			return nil, err
		}
		if err := checkMetaShape(patched); err != nil {
			return nil, err
		}
		u := &unstructured.Unstructured{Object: patched}
		if err := r.fitKind(u); err != nil {
			return nil, err
		}
		if err := r.fitName(u); err != nil {
			return nil, err
		}
		return s.modify(old, u, r.subresource)
	})
}

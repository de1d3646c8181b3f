package kubetest

import (
	"encoding/json"
	"fmt"
	"net/http"

	jsonpatch "gopkg.in/evanphx/json-patch.v4"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	utiljson "k8s.io/apimachinery/pkg/util/json"
	"k8s.io/apimachinery/pkg/util/mergepatch"
	"k8s.io/apimachinery/pkg/util/strategicpatch"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// patch changes one form of an object into the next.
type patch struct {
	// apply may change its argument.
	apply func(obj map[string]any) (map[string]any, error)
	// sent is the patch, if refusals of its outcome show that and not the outcome.
	sent string
	// repeated are fields that it has twice.
	repeated []error
}

// patch reads the body as the kind of patch that its media type names. The schema of a
// strategic merge patch is the Go type; kinds without one do not take it.
func (r *request) patch(schema runtime.Object) (patch, error) {
	kind := types.PatchType(r.mediaType())
	if kind != types.JSONPatchType && kind != types.MergePatchType && (kind != types.StrategicMergePatchType || schema == nil) {
		return patch{}, errPatchType(schema)
	}
	data, err := r.body()
	if err != nil {
		return patch{}, err
	}
	if !json.Valid(data) {
		return patch{}, apierrors.NewBadRequest("invalid JSON patch")
	}
	if kind == types.JSONPatchType {
		return jsonPatch(data)
	}
	p, err := mergePatch(data)
	if kind == types.StrategicMergePatchType {
		p, err = strategicPatch(data, schema)
	}
	if err == nil && r.res.builtin != nil {
		p.repeated = r.res.repeated(data)
	}
	return p, err
}

// errPatchType is what two layers of the API server say, of which one knows the kinds with a Go
// type alone.
func errPatchType(schema runtime.Object) error {
	if schema == nil {
		return errUnsupportedMediaType(string(types.JSONPatchType), string(types.MergePatchType))
	}
	return withDetails(http.StatusUnsupportedMediaType, metav1.StatusReasonUnsupportedMediaType, "415: Unsupported Media Type")
}

func jsonPatch(data []byte) (patch, error) {
	var shape []struct{}
	if err := json.Unmarshal(data, &shape); err != nil {
		return patch{}, apierrors.NewBadRequest("error decoding patch: json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp")
	}
	operations, err := jsonpatch.DecodePatch(data)
	if err != nil {
		return patch{}, apierrors.NewBadRequest(err.Error())
	}
	return patch{apply: overJSON(func(doc []byte) ([]byte, error) {
		patched, err := operate(operations, doc)
		if err != nil { // a failed test among others
			err = errUnprocessable(err)
		}
		return patched, err
	})}, nil
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
	var changes map[string]any
	if err := json.Unmarshal(data, &changes); err != nil {
		return patch{}, apierrors.NewBadRequest("error decoding patch: " + err.Error())
	}
	return patch{apply: overJSON(func(doc []byte) ([]byte, error) {
		patched, err := jsonpatch.MergePatch(doc, data)
		if err != nil {
			err = apierrors.NewBadRequest(err.Error())
		}
		return patched, err
	})}, nil
}

func strategicPatch(data []byte, schema runtime.Object) (patch, error) {
	changes := map[string]any{}
	if err := utiljson.Unmarshal(data, &changes); err != nil {
		return patch{}, apierrors.NewBadRequest(err.Error())
	}
	return patch{
		sent: fmt.Sprintf("%+v", changes),
		apply: func(obj map[string]any) (map[string]any, error) {
			// Applying a patch consumes it.
			patched, err := strategicpatch.StrategicMergeMapPatch(obj, runtime.DeepCopyJSON(changes), schema)
			if err != nil {
				return nil, strategicError(err)
			}
			return patched, nil
		},
	}, nil
}

// strategicError tells the patches that could never be applied from those that could not be applied
// to this object; all others are the server's own failures.
func strategicError(err error) error {
	switch err { //nolint:errorlint // as the API server does
	case mergepatch.ErrBadJSONDoc, mergepatch.ErrBadPatchFormatForPrimitiveList,
		mergepatch.ErrBadPatchFormatForRetainKeys, mergepatch.ErrBadPatchFormatForSetElementOrderList,
		mergepatch.ErrUnsupportedStrategicMergePatchFormat:
		return apierrors.NewBadRequest(err.Error())
	case mergepatch.ErrNoListOfLists, mergepatch.ErrPatchContentNotMatchRetainKeys:
		return errUnprocessable(err)
	}
	return err
}

// overJSON lifts a patch of documents to one of objects.
func overJSON(apply func([]byte) ([]byte, error)) func(map[string]any) (map[string]any, error) {
	return func(obj map[string]any) (map[string]any, error) {
		doc, err := json.Marshal(obj)
		if err != nil {
			return nil, err
		}
		if doc, err = apply(doc); err != nil {
			return nil, err
		}
		patched := map[string]any{}
		if err := utiljson.Unmarshal(doc, &patched); err != nil {
			return nil, apierrors.NewBadRequest(err.Error())
		}
		return patched, nil
	}
}

func (c *Cluster) servePatch(w http.ResponseWriter, r *request) error {
	var schema runtime.Object
	if r.res.builtin != nil {
		schema = r.res.builtin.typed()
	}
	p, err := r.patch(schema)
	if err != nil {
		return err
	}
	return c.write(w, r, http.StatusOK, func(s *session) (*record, error) {
		old, err := s.get(r.res, r.namespace, r.name)
		if err != nil {
			return nil, err
		}
		patched, err := p.apply(old.edit().Object)
		if err != nil {
			return nil, err
		}
		u := &unstructured.Unstructured{Object: patched}
		if err := r.fitPatched(u, old, p); err != nil {
			return nil, err
		}
		return s.modify(old, u, r.subresource)
	})
}

// fitPatched fits the outcome of a patch to the place where it belongs.
func (r *request) fitPatched(u *unstructured.Unstructured, old *record, p patch) error {
	err := r.checkPatched(u, old, p)
	if err == nil {
		err = checkMetaShape(u.Object)
	}
	if err != nil {
		return errPatch(u.Object, p, err)
	}
	return r.fitName(u)
}

// checkPatched refuses an outcome that is of another kind or not of the kind's Go type. Of fields
// that the type does not have only those count that the object did not have before.
func (r *request) checkPatched(u *unstructured.Unstructured, old *record, p patch) error {
	data, err := json.Marshal(u.Object)
	if err == nil {
		err = r.saysWhatItIs(u.Object, data)
	}
	if err == nil {
		err = r.fitKind(u)
	}
	if err != nil || r.res.builtin == nil {
		return err
	}
	unknown, err := r.res.misfits(data)
	switch {
	case err != nil && p.sent != "": // strategic merge patches are read by another decoder
		return runtime.DefaultUnstructuredConverter.FromUnstructured(u.Object, r.res.builtin.typed())
	case err != nil:
		return err
	case len(unknown) > 0:
		before, _ := r.res.misfits(old.raw) // it was of the type when it was stored
		unknown = added(unknown, before)
	}
	return r.judge(append(p.repeated, unknown...))
}

func errPatch(patched map[string]any, p patch, why error) error {
	sent := p.sent
	if sent == "" {
		data, err := json.Marshal(patched)
		if err != nil {
			return err
		}
		sent = string(data)
	}
	return apierrors.NewInvalid(schema.GroupKind{}, "", field.ErrorList{field.Invalid(field.NewPath("patch"), sent, why.Error())})
}

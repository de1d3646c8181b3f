package kubetest

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	serializerjson "k8s.io/apimachinery/pkg/runtime/serializer/json"
	utiljson "k8s.io/apimachinery/pkg/util/json"
	"k8s.io/client-go/kubernetes/scheme"
)

// strict decodes Kubernetes' own kinds and also tells of fields that they do not have, or that
// were given twice, with a strict decoding error.
var strict = serializerjson.NewSerializerWithOptions(serializerjson.DefaultMetaFactory, scheme.Scheme, scheme.Scheme,
	serializerjson.SerializerOptions{Strict: true})

// object reads the body and fits it to the place where it was sent.
func (r *request) object() (*unstructured.Unstructured, error) {
	data, err := r.jsonBody()
	if err != nil {
		return nil, err
	}
	u := &unstructured.Unstructured{}
	if err := decodeObject(data, r.res.Kind, &u.Object); err != nil {
		return nil, err
	}
	if err := r.saysWhatItIs(u.Object, data); err != nil {
		return nil, errUnrecognized(r.res.Kind, err, data)
	}
	if err := r.fitKind(u); err != nil {
		return nil, err
	}
	if err := r.checkFields(data); err != nil {
		return nil, err
	}
	if err := checkMetaShape(u.Object); err != nil {
		return nil, apierrors.NewBadRequest(err.Error())
	}
	return u, r.fitName(u)
}

// decodeObject reads a JSON object. null is an empty one.
func decodeObject(data []byte, kind string, into *map[string]any) error {
	err := utiljson.Unmarshal(data, into)
	if err == nil && *into == nil {
		*into = map[string]any{}
	}
	if err == nil {
		return nil
	}
	if _, metaErr := serializerjson.DefaultMetaFactory.Interpret(data); metaErr != nil {
		err = metaErr
	}
	return errUnrecognized(kind, err, data)
}

func errUnrecognized(kind string, why error, data []byte) error {
	return apierrors.NewBadRequest(fmt.Sprintf("the object provided is unrecognized (must be of type %s): %v (%s)", kind, why, summary(data)))
}

// saysWhatItIs asks that of objects without a Go type.
func (r *request) saysWhatItIs(obj map[string]any, data []byte) error {
	if kind, _ := obj["kind"].(string); kind != "" || r.res.builtin != nil {
		return nil
	}
	return runtime.NewMissingKindErr(string(data))
}

// summary is the beginning of a body, as refusals show it.
func summary(data []byte) string {
	const length = 30
	switch {
	case len(data) == 0:
		return "<empty>"
	case data[0] == '{' && len(data) > length:
		return string(data[:length]) + " ..."
	case data[0] == '{':
		return string(data)
	case len(data) > length:
		return fmt.Sprintf("%x ...", data[:length])
	}
	return fmt.Sprintf("%x", data)
}

// checkFields refuses a body that is not of the kind's Go type. Of fields that the type does not
// have it warns, or refuses them too, as the client wishes; they survive where they are not refused.
func (r *request) checkFields(data []byte) error {
	if r.res.builtin == nil {
		return nil
	}
	cannot := func(err error) error {
		return apierrors.NewBadRequest(fmt.Sprintf("%s in version %q cannot be handled as a %s: %v", r.res.Kind, r.res.Version, r.res.Kind, err))
	}
	unknown, err := r.res.misfits(data)
	if err != nil {
		return cannot(err)
	}
	if err := r.judge(unknown); err != nil {
		return cannot(err)
	}
	return nil
}

// misfits answers which fields a kind does not have or has twice; the error is about values of
// the wrong type.
func (r *resource) misfits(data []byte) ([]error, error) {
	gvk := r.gvk()
	_, _, err := strict.Decode(data, &gvk, r.builtin.typed())
	if found, ok := runtime.AsStrictDecodingError(err); ok {
		return found.Errors(), nil
	}
	return nil, err
}

// judge warns of the errors, or answers them as one, as the client's field validation says.
func (r *request) judge(errs []error) error {
	switch {
	case len(errs) == 0 || r.fieldValidation == metav1.FieldValidationIgnore:
	case r.fieldValidation == metav1.FieldValidationStrict:
		return runtime.NewStrictDecodingError(errs)
	default:
		for _, err := range errs {
			r.warn(err.Error())
		}
	}
	return nil
}

// repeated answers which fields a patch has twice.
func (r *resource) repeated(data []byte) []error {
	errs, _ := r.misfits(data) // whether its outcome fits is another question
	return slices.DeleteFunc(errs, func(err error) bool { return !strings.HasPrefix(err.Error(), "duplicate field") })
}

// added answers the errors that are not among others.
func added(errs, others []error) []error {
	return slices.DeleteFunc(errs, func(err error) bool {
		return slices.ContainsFunc(others, func(other error) bool { return other.Error() == err.Error() })
	})
}

// checkMetaShape refuses metadata that is not of the types that the accessors expect, which
// would take it for absent.
func checkMetaShape(obj map[string]any) error {
	meta, ok := obj["metadata"]
	if !ok || meta == nil {
		obj["metadata"] = map[string]any{}
		return nil
	}
	data, err := json.Marshal(meta)
	if err == nil {
		err = json.Unmarshal(data, &metav1.ObjectMeta{})
	}
	if _, isMap := meta.(map[string]any); !isMap && err == nil {
		err = errors.New("not an object")
	}
	return err
}

func (r *request) fitKind(u *unstructured.Unstructured) error {
	return fitKind(u, r.res.gvk())
}

// fitKind gives an object without a kind the one of the place where it was sent, and refuses
// another.
func fitKind(u *unstructured.Unstructured, gvk schema.GroupVersionKind) error {
	if v, _ := u.Object["apiVersion"].(string); v != "" && v != gvk.GroupVersion().String() {
		return apierrors.NewBadRequest("the API version in the data (" + v +
			") does not match the expected API version (" + gvk.GroupVersion().String() + ")")
	}
	if k, _ := u.Object["kind"].(string); k != "" && k != gvk.Kind {
		return apierrors.NewBadRequest(k + " in version \"" + gvk.Version + "\" cannot be handled as a " + gvk.Kind)
	}
	u.SetGroupVersionKind(gvk)
	return nil
}

func (r *request) fitName(u *unstructured.Unstructured) error {
	switch {
	case r.name != "" && u.GetName() == "":
		return apierrors.NewBadRequest("the name of the object (" + r.name + " based on URL) was undeterminable: name must be provided")
	case r.name != "" && u.GetName() != r.name:
		return apierrors.NewBadRequest("the name of the object (" + u.GetName() +
			") does not match the name on the URL (" + r.name + ")")
	}
	if ns := u.GetNamespace(); ns != "" && ns != r.namespace {
		return apierrors.NewBadRequest("the namespace of the provided object does not match the namespace sent on the request")
	}
	if r.namespace != "" {
		u.SetNamespace(r.namespace)
	}
	return nil
}

package kubetest

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer/protobuf"
	"k8s.io/client-go/kubernetes/scheme"
)

// maxBodyBytes is the API server's limit on requests.
const maxBodyBytes = 3 << 20

const jsonType = "application/json"

// accepts tells whether plain JSON is among what the client takes. Tables, protobuf and
// aggregated discovery are not served: clients list JSON behind them.
func accepts(headers []string) bool {
	if len(headers) == 0 {
		return true
	}
	for _, clause := range strings.Split(strings.Join(headers, ","), ",") {
		kind, parameters, err := mime.ParseMediaType(clause)
		if err != nil || parameters["as"] != "" {
			continue
		}
		if kind == jsonType || kind == "*/*" || kind == "application/*" {
			return true
		}
	}
	return false
}

func newStatus(code int32, reason metav1.StatusReason, message string) error {
	return &apierrors.StatusError{ErrStatus: metav1.Status{
		Status: metav1.StatusFailure, Code: code, Reason: reason, Message: message,
	}}
}

// withDetails answers the error with details that say nothing, as the API server's generic errors
// have them.
func withDetails(code int32, reason metav1.StatusReason, message string) error {
	return &apierrors.StatusError{ErrStatus: metav1.Status{
		Status: metav1.StatusFailure, Code: code, Reason: reason, Message: message, Details: &metav1.StatusDetails{},
	}}
}

func errNotAcceptable() error {
	return withDetails(http.StatusNotAcceptable, metav1.StatusReasonNotAcceptable,
		"406: Not Acceptable\n\nAvailable representations: "+jsonType)
}

func errUnsupportedMediaType(accepted ...string) error {
	return newStatus(http.StatusUnsupportedMediaType, metav1.StatusReasonUnsupportedMediaType,
		"the body of the request was in an unknown format - accepted media types include: "+strings.Join(accepted, ", "))
}

func errNoRoute() error {
	return withDetails(http.StatusNotFound, metav1.StatusReasonNotFound, "the server could not find the requested resource")
}

func errMethod() error {
	return withDetails(http.StatusMethodNotAllowed, metav1.StatusReasonMethodNotAllowed,
		"the server does not allow this method on the requested resource")
}

// body reads the whole body up to the limit.
func (r *request) body() ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r.Body, maxBodyBytes+1))
	if err != nil {
		return nil, apierrors.NewBadRequest("reading the request body: " + err.Error())
	}
	if len(data) > maxBodyBytes {
		return nil, apierrors.NewRequestEntityTooLargeError(fmt.Sprintf("limit is %d", maxBodyBytes))
	}
	return data, nil
}

// mediaType answers the body's type without parameters; none is JSON.
func (r *request) mediaType() string {
	header := r.Header.Get("Content-Type")
	if header == "" {
		return jsonType
	}
	kind, _, err := mime.ParseMediaType(header)
	if err != nil {
		return header
	}
	return kind
}

// jsonBody reads the body as JSON. Protobuf, which typed clients send unless they are told
// otherwise, is turned into JSON where it is of a type that client-go knows.
func (r *request) jsonBody() ([]byte, error) {
	kind := r.mediaType()
	if kind != jsonType && (kind != runtime.ContentTypeProtobuf || r.res.builtin == nil) {
		return nil, errUnsupportedMediaType(jsonType)
	}
	data, err := r.body()
	if err != nil || kind == jsonType || len(data) == 0 {
		return data, err
	}
	obj, _, err := protobuf.NewSerializer(scheme.Scheme, scheme.Scheme).Decode(data, nil, nil)
	if err != nil {
		return nil, apierrors.NewBadRequest(err.Error())
	}
	return json.Marshal(obj)
}

// statusOf shows an error as the API does. One that is not of the API is an internal one.
func statusOf(err error) metav1.Status {
	status := metav1.Status{
		Status: metav1.StatusFailure, Code: http.StatusInternalServerError, Message: err.Error(),
	}
	if api := apierrors.APIStatus(nil); errors.As(err, &api) {
		status = api.Status()
	}
	status.TypeMeta = metav1.TypeMeta{Kind: "Status", APIVersion: "v1"}
	return status
}

func writeError(w http.ResponseWriter, err error) {
	status := statusOf(err)
	if d := status.Details; d != nil && d.RetryAfterSeconds > 0 {
		w.Header().Set("Retry-After", fmt.Sprint(d.RetryAfterSeconds))
	}
	writeJSON(w, int(status.Code), status)
}

func writeJSON(w http.ResponseWriter, code int, body any) {
	data, err := json.Marshal(body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	writeRaw(w, code, data)
}

// writeRaw sends JSON. An error means that the client has gone, and nobody is left to tell.
func writeRaw(w http.ResponseWriter, code int, data []byte) {
	w.Header().Set("Content-Type", jsonType)
	w.Header().Set("Cache-Control", "no-cache, private")
	w.WriteHeader(code)
	_, _ = w.Write(data)
}

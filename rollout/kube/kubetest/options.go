package kubetest

import (
	"net/http"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	internalscheme "k8s.io/apimachinery/pkg/apis/meta/internalversion/scheme"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	metav1validation "k8s.io/apimachinery/pkg/apis/meta/v1/validation"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// writeOptions are what a client wishes for its POST, PUT or PATCH.
type writeOptions struct {
	dryRun          bool
	fieldValidation string
}

// readWriteOptions reads the query.
func (r *request) readWriteOptions() error {
	switch r.Method {
	case http.MethodPost:
		o := &metav1.CreateOptions{}
		err := r.decodeQuery(o, "CreateOptions", func() field.ErrorList { return metav1validation.ValidateCreateOptions(o) })
		r.writeOptions = writeOptions{len(o.DryRun) > 0, o.FieldValidation}
		return err
	case http.MethodPut:
		o := &metav1.UpdateOptions{}
		err := r.decodeQuery(o, "UpdateOptions", func() field.ErrorList { return metav1validation.ValidateUpdateOptions(o) })
		r.writeOptions = writeOptions{len(o.DryRun) > 0, o.FieldValidation}
		return err
	case http.MethodPatch:
		o := &metav1.PatchOptions{}
		err := r.decodeQuery(o, "PatchOptions", func() field.ErrorList {
			return metav1validation.ValidatePatchOptions(o, types.PatchType(r.mediaType()))
		})
		r.writeOptions = writeOptions{len(o.DryRun) > 0, o.FieldValidation}
		return err
	}
	return nil
}

func (r *request) decodeQuery(into runtime.Object, kind string, validate func() field.ErrorList) error {
	if err := internalscheme.ParameterCodec.DecodeParameters(r.URL.Query(), metav1.SchemeGroupVersion, into); err != nil {
		return apierrors.NewBadRequest(err.Error())
	}
	if errs := validate(); len(errs) > 0 {
		return apierrors.NewInvalid(schema.GroupKind{Group: metav1.GroupName, Kind: kind}, "", errs)
	}
	return nil
}

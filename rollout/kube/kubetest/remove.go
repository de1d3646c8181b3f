package kubetest

import (
	"encoding/json"
	"fmt"
	"net/http"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/internalversion"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	metav1validation "k8s.io/apimachinery/pkg/apis/meta/v1/validation"
	"k8s.io/apimachinery/pkg/runtime/schema"
	serializerjson "k8s.io/apimachinery/pkg/runtime/serializer/json"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// deleteOptions reads them from the body or, if there is none, from the query.
func (r *request) deleteOptions() (*metav1.DeleteOptions, error) {
	data, err := r.jsonBody()
	if err != nil {
		return nil, err
	}
	options := &metav1.DeleteOptions{}
	validate := func() field.ErrorList { return metav1validation.ValidateDeleteOptions(options) }
	if len(data) == 0 {
		return options, r.decodeQuery(options, "DeleteOptions", validate)
	}
	if err := decodeDeleteOptions(data, options); err != nil {
		return nil, apierrors.NewBadRequest(err.Error())
	}
	if errs := validate(); len(errs) > 0 {
		return nil, apierrors.NewInvalid(schema.GroupKind{Group: metav1.GroupName, Kind: "DeleteOptions"}, "", errs)
	}
	return options, nil
}

func decodeDeleteOptions(data []byte, into *metav1.DeleteOptions) error {
	gvk, err := serializerjson.DefaultMetaFactory.Interpret(data)
	if err != nil {
		return err
	}
	if gvk.Kind != "" && gvk.Kind != "DeleteOptions" {
		return fmt.Errorf("%s is not DeleteOptions", gvk.Kind)
	}
	return json.Unmarshal(data, into)
}

func (c *Cluster) serveDelete(w http.ResponseWriter, r *request) error {
	options, err := r.deleteOptions()
	if err != nil {
		return err
	}
	var last *record
	var gone bool
	err = c.update(len(options.DryRun) > 0, func(s *session) error {
		old, err := s.get(r.res, r.namespace, r.name)
		if err == nil {
			last, gone, err = s.erase(old, options)
		}
		return err
	})
	if err != nil {
		return err
	}
	if gone && !(r.res.builtin != nil && r.res.builtin.echo) {
		writeJSON(w, http.StatusOK, success(last))
	} else {
		writeRaw(w, http.StatusOK, last.raw)
	}
	return nil
}

func success(last *record) metav1.Status {
	return metav1.Status{
		TypeMeta: metav1.TypeMeta{Kind: "Status", APIVersion: "v1"},
		Status:   metav1.StatusSuccess,
		Details: &metav1.StatusDetails{
			Name: last.GetName(), Group: last.res.Group, Kind: last.res.Plural, UID: last.GetUID(),
		},
	}
}

func (c *Cluster) serveDeleteCollection(w http.ResponseWriter, r *request) error {
	options, err := r.deleteOptions()
	if err != nil {
		return err
	}
	listing, err := r.listOptions()
	if err != nil {
		return err
	}
	deleted, revision, err := c.deleteCollection(r, options, listing)
	if err == nil {
		writeRaw(w, http.StatusOK, encodeList(r.res, revision, deleted))
	}
	return err
}

func (c *Cluster) deleteCollection(r *request, options *metav1.DeleteOptions, listing *internalversion.ListOptions) (deleted []*record, revision uint64, err error) {
	sel, err := r.selection(listing)
	if err != nil {
		return nil, 0, err
	}
	err = c.update(len(options.DryRun) > 0, func(s *session) error {
		picked, err := s.pick(r.res, sel)
		if err != nil {
			return err
		}
		for _, old := range picked {
			if _, _, err := s.erase(old, options); err != nil {
				return err
			}
			deleted = append(deleted, old) // as it was
		}
		revision, err = s.revision()
		return err
	})
	return deleted, revision, err
}

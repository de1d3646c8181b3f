package kubetest

import (
	"encoding/json"
	"net/http"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/internalversion"
	internalscheme "k8s.io/apimachinery/pkg/apis/meta/internalversion/scheme"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	metav1validation "k8s.io/apimachinery/pkg/apis/meta/v1/validation"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// deleteOptions reads them from the body or, if there is none, from the query.
func (r *request) deleteOptions() (*metav1.DeleteOptions, error) {
	data, err := r.jsonBody()
	if err != nil {
		return nil, err
	}
	options := &metav1.DeleteOptions{}
	if len(data) > 0 {
		err = json.Unmarshal(data, options)
	} else {
		err = internalscheme.ParameterCodec.DecodeParameters(r.URL.Query(), metav1.SchemeGroupVersion, options)
	}
	if err != nil {
		return nil, apierrors.NewBadRequest(err.Error())
	}
	if errs := metav1validation.ValidateDeleteOptions(options); len(errs) > 0 {
		gk := schema.GroupKind{Group: metav1.GroupName, Kind: "DeleteOptions"}
		return nil, apierrors.NewInvalid(gk, "", errs)
	}
	return options, nil
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
			last, _, err := s.erase(old, options)
			if err != nil {
				return err
			}
			deleted = append(deleted, last)
		}
		revision, err = s.revision()
		return err
	})
	return deleted, revision, err
}

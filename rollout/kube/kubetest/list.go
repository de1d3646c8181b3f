package kubetest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"strconv"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/internalversion"
	internalscheme "k8s.io/apimachinery/pkg/apis/meta/internalversion/scheme"
	internalvalidation "k8s.io/apimachinery/pkg/apis/meta/internalversion/validation"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// selection is what a list, a watch or a deletecollection looks at.
type selection struct {
	namespace string
	labels    labels.Selector
	fields    fields.Selector
}

func (sel selection) matches(a attributes) bool {
	if sel.namespace != "" && a.Namespace != sel.namespace {
		return false
	}
	return sel.labels.Matches(labels.Set(a.Labels)) && (sel.fields.Empty() || sel.fields.Matches(fieldSet{a}))
}

// fieldSet shows attributes as fields.
type fieldSet struct{ attributes }

func (f fieldSet) Has(string) bool { return true }

func (f fieldSet) Get(path string) string {
	switch path {
	case "metadata.name":
		return f.Name
	case "metadata.namespace":
		return f.Namespace
	}
	return f.Fields[path]
}

// listOptions reads the query, as the API server does.
func (r *request) listOptions() (*internalversion.ListOptions, error) {
	options := &internalversion.ListOptions{}
	if err := internalscheme.ParameterCodec.DecodeParameters(r.URL.Query(), metav1.SchemeGroupVersion, options); err != nil {
		return nil, apierrors.NewBadRequest(err.Error())
	}
	internalversion.SetListOptionsDefaults(options, true)
	if errs := internalvalidation.ValidateListOptions(options, true); len(errs) > 0 {
		gk := schema.GroupKind{Group: metav1.GroupName, Kind: "ListOptions"}
		return nil, apierrors.NewInvalid(gk, "", errs)
	}
	return options, nil
}

func (r *request) selection(options *internalversion.ListOptions) (selection, error) {
	sel := selection{r.namespace, labels.Everything(), fields.Everything()}
	if options.LabelSelector != nil {
		sel.labels = options.LabelSelector
	}
	if options.FieldSelector != nil {
		sel.fields = options.FieldSelector
	}
	if r.name != "" {
		sel.fields = fields.AndSelectors(sel.fields, fields.OneTermEqualSelector("metadata.name", r.name))
	}
	for _, term := range sel.fields.Requirements() {
		if !r.res.hasField(term.Field) {
			return sel, r.res.errField(term.Field)
		}
	}
	return sel, nil
}

// errField is worded differently for kinds that have no fields of their own to select by.
func (r *resource) errField(path string) error {
	if r.builtin != nil && len(r.builtin.fields) == 0 {
		return apierrors.NewBadRequest(fmt.Sprintf(`%q is not a known field selector: only "metadata.name", "metadata.namespace"`, path))
	}
	return apierrors.NewBadRequest("field label not supported: " + path)
}

func (r *resource) hasField(path string) bool {
	if path == "metadata.name" || path == "metadata.namespace" {
		return true
	}
	if r.builtin != nil {
		for _, known := range r.builtin.fields {
			if known == path {
				return true
			}
		}
	}
	return false
}

// pick lists what the selection matches.
func (s *session) pick(res *resource, sel selection) ([]*record, error) {
	all, err := s.list(res, sel.namespace)
	if err != nil {
		return nil, err
	}
	var picked []*record
	for _, r := range all {
		if sel.matches(attributesOf(r)) {
			picked = append(picked, r)
		}
	}
	return picked, nil
}

func (c *Cluster) serveList(w http.ResponseWriter, r *request) error {
	options, err := r.listOptions()
	if err != nil {
		return err
	}
	sel, err := r.selection(options)
	if err != nil {
		return err
	}
	var picked []*record
	var revision uint64
	err = c.view(func(s *session) (err error) {
		if revision, err = s.revision(); err != nil {
			return err
		}
		if err := checkListVersion(options, revision); err != nil {
			return err
		}
		picked, err = s.pick(r.res, sel)
		return err
	})
	if err != nil {
		return err
	}
	writeRaw(w, http.StatusOK, encodeList(r.res, revision, picked))
	return nil
}

// checkListVersion refuses states that are not yet, or no longer, known: only the present one
// can be listed.
func checkListVersion(options *internalversion.ListOptions, current uint64) error {
	wanted, err := parseVersion(options.ResourceVersion)
	switch {
	case err != nil:
		return apierrors.NewBadRequest("invalid resource version: " + err.Error())
	case wanted > current:
		return errFutureVersion(wanted, current)
	case options.ResourceVersionMatch == metav1.ResourceVersionMatchExact && wanted != current:
		return apierrors.NewResourceExpired("The resourceVersion for the provided list is too old.")
	}
	return nil
}

// parseVersion reads a resource version; none is 0.
func parseVersion(rv string) (uint64, error) {
	if rv == "" {
		return 0, nil
	}
	n, err := strconv.ParseUint(rv, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("resourceVersion: Invalid value: %q: %w", rv, err)
	}
	return n, nil
}

// checkReached refuses a resource version that is still to come.
func (s *session) checkReached(wanted uint64) error {
	current, err := s.revision()
	if err == nil && wanted > current {
		return errFutureVersion(wanted, current)
	}
	return err
}

func errFutureVersion(wanted, current uint64) error {
	err := apierrors.NewTimeoutError(fmt.Sprintf("Too large resource version: %d, current: %d", wanted, current), 1)
	err.ErrStatus.Details.Causes = []metav1.StatusCause{{
		Type: metav1.CauseTypeResourceVersionTooLarge, Message: "Too large resource version",
	}}
	return err
}

func encodeList(res *resource, revision uint64, items []*record) []byte {
	var out bytes.Buffer
	fmt.Fprintf(&out, `{"kind":"%sList","apiVersion":%q,"metadata":{"resourceVersion":"%d"},"items":[`,
		res.Kind, res.groupVersion(), revision)
	for i, item := range items {
		if i > 0 {
			out.WriteByte(',')
		}
		out.Write(item.listed())
	}
	out.WriteString("]}")
	return out.Bytes()
}

// listed is the object as a list holds it: a built-in kind does not say there what it is.
func (r *record) listed() json.RawMessage {
	if r.res.builtin == nil {
		return r.raw
	}
	r.bareOnce.Do(func() {
		bare := maps.Clone(r.Object)
		delete(bare, "apiVersion")
		delete(bare, "kind")
		if r.bare, _ = json.Marshal(bare); r.bare == nil { // it was encoded before, so it can be
			r.bare = r.raw
		}
	})
	return r.bare
}

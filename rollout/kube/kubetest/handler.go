package kubetest

import (
	"net/http"
	"strconv"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	metav1validation "k8s.io/apimachinery/pkg/apis/meta/v1/validation"
)

// ServeHTTP implements [http.Handler]: the Kubernetes API.
func (c *Cluster) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !accepts(r.Header.Values("Accept")) {
		writeError(w, errNotAcceptable())
		return
	}
	if c.discover(w, r) {
		return
	}
	rt, ok := c.catalog.parseRoute(r.URL.Path)
	if !ok {
		writeError(w, errNoRoute())
		return
	}
	if err := c.serve(w, &request{r, rt}); err != nil {
		writeError(w, err)
	}
}

// request is one request for a resource.
type request struct {
	*http.Request
	route
}

// serve answers the request, or an error when nothing has been written yet.
func (c *Cluster) serve(w http.ResponseWriter, r *request) error {
	switch {
	case r.subresource == "scale":
		return c.serveScale(w, r)
	case r.name == "":
		return c.serveCollection(w, r)
	case r.Method == http.MethodGet && isWatch(r):
		return c.watch(w, r)
	case r.Method == http.MethodGet:
		return c.serveGet(w, r)
	case r.Method == http.MethodPut:
		return c.servePut(w, r)
	case r.Method == http.MethodPatch:
		return c.servePatch(w, r)
	case r.Method == http.MethodDelete && r.subresource == "":
		return c.serveDelete(w, r)
	}
	return r.unsupported()
}

func (c *Cluster) serveCollection(w http.ResponseWriter, r *request) error {
	switch {
	case r.Method == http.MethodGet && isWatch(r):
		return c.watch(w, r)
	case r.Method == http.MethodGet:
		return c.serveList(w, r)
	case r.Method == http.MethodPost && (r.namespace != "" || r.res.ClusterScoped):
		return c.servePost(w, r)
	case r.Method == http.MethodDelete && (r.namespace != "" || r.res.ClusterScoped):
		return c.serveDeleteCollection(w, r)
	}
	return r.unsupported()
}

func isWatch(r *request) bool {
	watch, _ := strconv.ParseBool(r.URL.Query().Get("watch"))
	return watch
}

func (r *request) unsupported() error {
	err := apierrors.NewMethodNotSupported(r.res.groupResource(), strings.ToLower(r.Method))
	err.ErrStatus.Message = "the server does not allow this method on the requested resource"
	return err
}

// dryRun reads the query's dryRun, whose only value is All.
func (r *request) dryRun() (bool, error) {
	values := r.URL.Query()["dryRun"]
	if errs := metav1validation.ValidateDryRun(nil, values); len(errs) > 0 {
		return false, apierrors.NewInvalid(metav1.SchemeGroupVersion.WithKind("Options").GroupKind(), "", errs)
	}
	return len(values) > 0, nil
}

// write runs a change of the store and answers the object that it leaves.
func (c *Cluster) write(w http.ResponseWriter, r *request, code int, change func(*session) (*record, error)) error {
	dry, err := r.dryRun()
	if err != nil {
		return err
	}
	var out *record
	err = c.update(dry, func(s *session) (err error) {
		out, err = change(s)
		return err
	})
	if err == nil {
		writeRaw(w, code, out.raw)
	}
	return err
}

func (c *Cluster) serveGet(w http.ResponseWriter, r *request) error {
	var found *record
	err := c.view(func(s *session) (err error) {
		found, err = s.get(r.res, r.namespace, r.name)
		return err
	})
	if err == nil {
		writeRaw(w, http.StatusOK, found.raw)
	}
	return err
}

func (c *Cluster) servePost(w http.ResponseWriter, r *request) error {
	u, err := r.object()
	if err != nil {
		return err
	}
	return c.write(w, r, http.StatusCreated, func(s *session) (*record, error) { return s.create(r.res, u) })
}

func (c *Cluster) servePut(w http.ResponseWriter, r *request) error {
	u, err := r.object()
	if err != nil {
		return err
	}
	return c.write(w, r, http.StatusOK, func(s *session) (*record, error) {
		old, err := s.get(r.res, r.namespace, r.name)
		if err != nil {
			return nil, err
		}
		return s.modify(old, u, r.subresource)
	})
}

// object reads the body and fits it to the place where it was sent.
func (r *request) object() (*unstructured.Unstructured, error) {
	u, err := r.decodeBody()
	if err != nil {
		return nil, err
	}
	if err := r.fitKind(u); err != nil {
		return nil, err
	}
	return u, r.fitName(u)
}

func (r *request) fitKind(u *unstructured.Unstructured) error {
	if v := u.GetAPIVersion(); v != "" && v != r.res.groupVersion().String() {
		return apierrors.NewBadRequest("the API version in the data (" + v +
			") does not match the expected API version (" + r.res.groupVersion().String() + ")")
	}
	if k := u.GetKind(); k != "" && k != r.res.Kind {
		return apierrors.NewBadRequest(k + " in version \"" + r.res.Version + "\" cannot be handled as a " + r.res.Kind)
	}
	u.SetGroupVersionKind(r.res.gvk())
	return nil
}

func (r *request) fitName(u *unstructured.Unstructured) error {
	if r.name != "" && u.GetName() != r.name {
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

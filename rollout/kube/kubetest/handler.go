package kubetest

import (
	"net/http"
	"strconv"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	utilnet "k8s.io/apimachinery/pkg/util/net"
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
		c.notFound(w, r.URL.Path)
		return
	}
	if err := c.serve(w, &request{Request: r, route: rt, reply: w.Header()}); err != nil {
		writeError(w, err)
	}
}

// notFound answers in plain text where not even the group is known.
func (c *Cluster) notFound(w http.ResponseWriter, path string) {
	if c.catalog.knowsGroup(path) {
		writeError(w, errNoRoute())
		return
	}
	http.Error(w, "404 page not found", http.StatusNotFound)
}

// request is one request for a resource.
type request struct {
	*http.Request
	route
	reply http.Header
	writeOptions
}

// warn tells the client something that it may show to its user.
func (r *request) warn(text string) {
	if header, err := utilnet.NewWarningHeader(299, "-", text); err == nil {
		r.reply.Add("Warning", header)
	}
}

// serve answers the request, or an error when nothing has been written yet.
func (c *Cluster) serve(w http.ResponseWriter, r *request) error {
	if err := r.readWriteOptions(); err != nil {
		return err
	}
	switch {
	case r.subresource == "scale":
		return c.serveScale(w, r)
	case r.name == "":
		return c.serveCollection(w, r)
	case r.Method == http.MethodGet:
		return c.serveGet(w, r)
	case r.Method == http.MethodPut:
		return c.servePut(w, r)
	case r.Method == http.MethodPatch:
		return c.servePatch(w, r)
	case r.Method == http.MethodDelete && r.subresource == "":
		return c.serveDelete(w, r)
	}
	return errMethod()
}

func (c *Cluster) serveCollection(w http.ResponseWriter, r *request) error {
	switch {
	case r.Method == http.MethodGet && isWatch(r):
		return c.watch(w, r)
	case r.Method == http.MethodGet:
		return c.serveList(w, r)
	case r.Method == http.MethodPost && (r.namespace != "" || r.res.ClusterScoped):
		return c.servePost(w, r)
	case r.Method == http.MethodDelete && (r.namespace != "" || r.res.ClusterScoped) && !r.res.finalizedBySpec():
		return c.serveDeleteCollection(w, r)
	}
	return errMethod()
}

func isWatch(r *request) bool {
	watch, _ := strconv.ParseBool(r.URL.Query().Get("watch"))
	return watch
}

// write runs a change of the store and answers the object that it leaves.
func (c *Cluster) write(w http.ResponseWriter, r *request, code int, change func(*session) (*record, error)) error {
	var out *record
	err := c.update(r.dryRun, func(s *session) (err error) {
		out, err = change(s)
		return err
	})
	if err == nil {
		writeRaw(w, code, out.raw)
	}
	return err
}

func (c *Cluster) serveGet(w http.ResponseWriter, r *request) error {
	wanted, err := parseVersion(r.URL.Query().Get("resourceVersion"))
	if err != nil {
		return err
	}
	var found *record
	err = c.view(func(s *session) (err error) {
		if err := s.checkReached(wanted); err != nil {
			return err
		}
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
	return c.write(w, r, http.StatusCreated, func(s *session) (*record, error) {
		made, err := s.create(r.res, u)
		if err == nil && r.dryRun { // it never had a version
			o := made.edit()
			o.SetResourceVersion("")
			made, err = encodeRecord(r.res, o)
		}
		return made, err
	})
}

func (c *Cluster) servePut(w http.ResponseWriter, r *request) error {
	u, err := r.object()
	if err != nil {
		return err
	}
	return c.put(w, r, u)
}

// put replaces an object. Some kinds are created if they are not there.
func (c *Cluster) put(w http.ResponseWriter, r *request, u *unstructured.Unstructured) error {
	code := http.StatusOK
	var out *record
	err := c.update(r.dryRun, func(s *session) error {
		old, err := s.get(r.res, r.namespace, r.name)
		switch {
		case apierrors.IsNotFound(err) && r.res.upserts() && r.subresource == "":
			u.SetResourceVersion("")
			code = http.StatusCreated
			out, err = s.create(r.res, u)
		case err == nil:
			if err = checkUID(old, u); err == nil {
				out, err = s.modify(old, u, r.subresource)
			}
		}
		return err
	})
	if err == nil {
		writeRaw(w, code, out.raw)
	}
	return err
}

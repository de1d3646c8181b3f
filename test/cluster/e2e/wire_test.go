package e2e

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"

	"k8s.io/apimachinery/pkg/util/sets"
	apirequest "k8s.io/apiserver/pkg/endpoints/request"
	"k8s.io/client-go/rest"
)

// wire is a client's way to the API server. It remembers every request, and may lose answers.
// The zero value is ready.
type wire struct {
	// Lose, if set, says of a request that was carried out whether its answer is lost.
	Lose func(call) bool

	mu    sync.Mutex
	calls []call
}

// call is a request as RBAC sees it, and its answer.
type call struct {
	verb, resource, name string // resource is "replicasets.apps" or "configmaps"
	dryRun               bool
	code                 int
}

func (c call) String() string { return fmt.Sprintf("%s %s/%s: %d", c.verb, c.resource, c.name, c.code) }

// wrote reports whether the call changed something.
func (c call) wrote() bool {
	return !slices.Contains([]string{"get", "list", "watch"}, c.verb) && !c.dryRun && c.code < http.StatusMultipleChoices
}

// over returns the configuration with the wire in it.
func (w *wire) over(config *rest.Config) *rest.Config {
	config = rest.CopyConfig(config)
	config.Wrap(func(next http.RoundTripper) http.RoundTripper { return trip{w, next} })
	return config
}

// writes are the calls so far that changed something, events left out.
func (w *wire) writes() []call {
	return slices.DeleteFunc(w.all(), func(c call) bool { return !c.wrote() || c.resource == "events" })
}

func (w *wire) all() []call {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.calls)
}

type trip struct {
	*wire
	next http.RoundTripper
}

var (
	errLost = errors.New("connection reset by the test")
	// parser is the API server's own, which RBAC gets its verbs from.
	parser = apirequest.RequestInfoFactory{APIPrefixes: sets.NewString("api", "apis"), GrouplessAPIPrefixes: sets.NewString("api")}
)

func (t trip) RoundTrip(r *http.Request) (*http.Response, error) {
	info, err := parser.NewRequestInfo(r)
	if err != nil {
		return nil, err
	}
	resp, err := t.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	c := call{info.Verb, resourceName(info), info.Name, r.URL.Query().Has("dryRun"), resp.StatusCode}
	t.mu.Lock()
	t.calls = append(t.calls, c)
	t.mu.Unlock()
	if t.Lose != nil && t.Lose(c) {
		resp.Body.Close()
		return nil, errLost
	}
	return resp, nil
}

// resourceName is that of kubectl: the resource, its group, its subresource.
func resourceName(info *apirequest.RequestInfo) string {
	name := info.Resource
	if info.APIGroup != "" {
		name += "." + info.APIGroup
	}
	if info.Subresource != "" {
		name += "/" + info.Subresource
	}
	return name
}

package suite

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

// Wire is a client's way to the API server. It remembers every request, and may lose answers.
// The zero value is ready.
type Wire struct {
	// Lose, if set, says of a request that was carried out whether its answer is lost.
	Lose func(Call) bool

	mu    sync.Mutex
	calls []Call
}

// Call is a request as RBAC sees it, and its answer.
type Call struct {
	Verb, Resource, Name string // resource is "replicasets.apps" or "configmaps"
	DryRun               bool
	Code                 int
}

func (c Call) String() string { return fmt.Sprintf("%s %s/%s: %d", c.Verb, c.Resource, c.Name, c.Code) }

// Wrote reports whether the call changed something.
func (c Call) Wrote() bool {
	return !slices.Contains([]string{"get", "list", "watch"}, c.Verb) && !c.DryRun && c.Code < http.StatusMultipleChoices
}

// Over returns the configuration with the wire in it.
func (w *Wire) Over(config *rest.Config) *rest.Config {
	config = rest.CopyConfig(config)
	config.Wrap(func(next http.RoundTripper) http.RoundTripper { return trip{w, next} })
	return config
}

// Writes are the calls so far that changed something, events left out.
func (w *Wire) Writes() []Call {
	return slices.DeleteFunc(w.All(), func(c Call) bool { return !c.Wrote() || c.Resource == "events" })
}

// All are the calls so far.
func (w *Wire) All() []Call {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.calls)
}

type trip struct {
	*Wire
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
	c := Call{info.Verb, resourceName(info), info.Name, r.URL.Query().Has("dryRun"), resp.StatusCode}
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

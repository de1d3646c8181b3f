package faults

import (
	"net/http"
	"strings"
)

// Call is one request of a client.
type Call struct {
	// Verb is that of RBAC, or "dry-run" for a write that changes nothing.
	Verb string
	// Resource is one such as "replicasets", with its subresource as in "replicasets/scale".
	// A request for no resource has its path here.
	Resource string
	// Name is "" for a list, a watch and a create.
	Name string
}

func (c Call) String() string { return strings.TrimSuffix(c.Verb+" "+c.Resource+"/"+c.Name, "/") }

// Writes reports whether the call changes something.
func (c Call) Writes() bool {
	switch c.Verb {
	case "create", "update", "patch", "delete", "deletecollection":
		return true
	}
	return false
}

// CallOf reads a request such as one for /apis/apps/v1/namespaces/default/replicasets/web-1.
func CallOf(r *http.Request) Call {
	resource, name := split(r.URL.Path)
	query := r.URL.Query()
	verb := map[string]string{
		http.MethodGet: "get", http.MethodHead: "get", http.MethodPost: "create",
		http.MethodPut: "update", http.MethodPatch: "patch", http.MethodDelete: "delete",
	}[r.Method]
	switch {
	case query.Get("dryRun") != "":
		verb = "dry-run"
	case verb == "get" && query.Get("watch") != "":
		verb = "watch"
	case verb == "get" && name == "":
		verb = "list"
	case verb == "delete" && name == "":
		verb = "deletecollection"
	}
	return Call{verb, resource, name}
}

// split parts the resource and the name out of a path.
func split(path string) (resource, name string) {
	parts := strings.Split(strings.Trim(path, "/"), "/")
	switch {
	case parts[0] == "api" && len(parts) > 2: // api/VERSION/…
		parts = parts[2:]
	case parts[0] == "apis" && len(parts) > 3: // apis/GROUP/VERSION/…
		parts = parts[3:]
	default:
		return path, ""
	}
	if parts[0] == "namespaces" && len(parts) > 2 {
		parts = parts[2:]
	}
	parts = append(parts, "", "")
	return strings.TrimSuffix(parts[0]+"/"+parts[2], "/"), parts[1]
}

package kubetest

import "strings"

// route is what a path of the API names.
type route struct {
	res         *resource
	namespace   string
	name        string
	subresource string
}

// parseRoute reads /api/v1/… and /apis/GROUP/VERSION/…; it answers false for what is no
// resource of the cluster.
func (c *catalog) parseRoute(path string) (route, bool) {
	parts := strings.Split(strings.Trim(path, "/"), "/")
	var group, version string
	switch {
	case len(parts) >= 3 && parts[0] == "api":
		version, parts = parts[1], parts[2:]
	case len(parts) >= 4 && parts[0] == "apis":
		group, version, parts = parts[1], parts[2], parts[3:]
	default:
		return route{}, false
	}
	var rt route
	if parts[0] == "namespaces" && len(parts) >= 3 && parts[2] != "status" && parts[2] != "finalize" {
		rt.namespace, parts = parts[1], parts[2:]
	}
	rt.res = c.find(group, version, parts[0])
	if len(parts) > 1 {
		rt.name = parts[1]
	}
	if len(parts) > 2 {
		rt.subresource = strings.Join(parts[2:], "/")
	}
	return rt, rt.valid()
}

// valid tells whether the resource exists and is asked for where it is served.
func (rt route) valid() bool {
	if rt.res == nil || rt.res.ClusterScoped && rt.namespace != "" {
		return false
	}
	if rt.name != "" && !rt.res.ClusterScoped && rt.namespace == "" {
		return false
	}
	switch rt.subresource {
	case "":
		return true
	case "status":
		return rt.res.Status
	case "scale":
		return rt.res.Scale
	case "finalize":
		return rt.res.finalizedBySpec()
	}
	return false
}

package kubetest

import (
	"net/http"
	"slices"
	"strings"

	autoscalingv1 "k8s.io/api/autoscaling/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/version"
)

// serverVersion is what the cluster says it is.
var serverVersion = version.Info{
	Major: "1", Minor: "37", GitVersion: "v1.37.1+kubetest", GitTreeState: "clean",
	Compiler: "gc", Platform: "go/in-process",
}

// discover answers the paths that describe the API. It answers false for any other.
func (c *Cluster) discover(w http.ResponseWriter, r *http.Request) bool {
	path := strings.Trim(r.URL.Path, "/")
	body := c.catalog.describe(path)
	switch {
	case path == "healthz" || path == "readyz" || path == "livez":
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = w.Write([]byte("ok"))
		return true
	case body == nil:
		return false
	case r.Method != http.MethodGet:
		writeError(w, errMethod())
		return true
	}
	writeJSON(w, http.StatusOK, body)
	return true
}

// describe answers the document at a discovery path, or nil.
func (c *catalog) describe(path string) any {
	switch {
	case path == "version":
		return serverVersion
	case path == "api":
		return &metav1.APIVersions{
			TypeMeta:                   metav1.TypeMeta{Kind: "APIVersions"},
			Versions:                   []string{"v1"},
			ServerAddressByClientCIDRs: []metav1.ServerAddressByClientCIDR{},
		}
	case path == "apis":
		return &metav1.APIGroupList{
			TypeMeta: metav1.TypeMeta{Kind: "APIGroupList", APIVersion: "v1"}, Groups: c.groups(),
		}
	}
	root, rest, _ := strings.Cut(path, "/")
	group, version, full := strings.Cut(rest, "/")
	switch {
	case root == "api" && !full:
		return c.resourceList("", rest)
	case root == "apis" && full:
		return c.resourceList(group, version)
	case root == "apis":
		return c.group(group)
	}
	return nil
}

func (c *catalog) group(name string) any {
	for _, g := range c.groups() {
		if g.Name == name {
			g.TypeMeta = metav1.TypeMeta{Kind: "APIGroup", APIVersion: "v1"}
			return &g
		}
	}
	return nil
}

// groups are the named groups, their versions in the order of the catalog.
func (c *catalog) groups() []metav1.APIGroup {
	var groups []metav1.APIGroup
	for _, r := range c.all {
		if r.Group == "" {
			continue
		}
		at := slices.IndexFunc(groups, func(g metav1.APIGroup) bool { return g.Name == r.Group })
		v := metav1.GroupVersionForDiscovery{GroupVersion: r.groupVersion().String(), Version: r.Version}
		if at < 0 {
			at = len(groups)
			groups = append(groups, metav1.APIGroup{Name: r.Group, PreferredVersion: v})
		}
		if !slices.Contains(groups[at].Versions, v) {
			groups[at].Versions = append(groups[at].Versions, v)
		}
	}
	return groups
}

func (c *catalog) resourceList(group, version string) any {
	list := &metav1.APIResourceList{TypeMeta: metav1.TypeMeta{Kind: "APIResourceList", APIVersion: "v1"}}
	for _, r := range c.all {
		if r.Group == group && r.Version == version {
			list.GroupVersion = r.groupVersion().String()
			list.APIResources = append(list.APIResources, r.describe()...)
		}
	}
	if list.GroupVersion == "" {
		return nil
	}
	return list
}

// describe lists the resource and its subresources.
func (r *resource) describe() []metav1.APIResource {
	main := metav1.APIResource{
		Name: r.Plural, SingularName: r.singular(), Namespaced: !r.ClusterScoped, Kind: r.Kind,
		ShortNames: r.ShortNames,
		Verbs:      metav1.Verbs{"create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"},
	}
	if r.finalizedBySpec() {
		main.Verbs = slices.DeleteFunc(main.Verbs, func(verb string) bool { return verb == "deletecollection" })
	}
	if slices.Contains([]string{"pods", "services", "replicationcontrollers", "replicasets"}, r.Plural) {
		main.Categories = []string{"all"}
	}
	all := []metav1.APIResource{main}
	change := metav1.Verbs{"get", "patch", "update"}
	if r.Status {
		all = append(all, metav1.APIResource{
			Name: r.Plural + "/status", Namespaced: !r.ClusterScoped, Kind: r.Kind, Verbs: change,
		})
	}
	if r.finalizedBySpec() {
		all = append(all, metav1.APIResource{Name: r.Plural + "/finalize", Kind: r.Kind, Verbs: metav1.Verbs{"update"}})
	}
	if r.Scale {
		all = append(all, metav1.APIResource{
			Name: r.Plural + "/scale", Namespaced: !r.ClusterScoped, Kind: "Scale", Verbs: change,
			Group: autoscalingv1.GroupName, Version: "v1",
		})
	}
	return all
}

package suite

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"
)

// CommandRules are what the command needs beside kube.Rules: its own ConfigMap and Lease. ConfigMaps
// are listed to complete names. A Lease is deleted with an app whose pods go on, since nobody would
// own it; otherwise the garbage collector does that.
var CommandRules = []rbacv1.PolicyRule{
	{APIGroups: []string{""}, Resources: []string{"configmaps"}, Verbs: []string{"get", "list", "watch", "create", "patch", "delete"}},
	{APIGroups: []string{"coordination.k8s.io"}, Resources: []string{"leases"}, Verbs: []string{"get", "create", "update", "delete"}},
}

// ServiceRules are what each other kind that manifests hold needs, here Services.
var ServiceRules = []rbacv1.PolicyRule{
	{APIGroups: []string{""}, Resources: []string{"services"}, Verbs: []string{"get", "create", "update", "delete"}},
}

// seldom is what is needed where the API server cannot begin a watch with what there is, where one
// event comes twice, and where a pod does not start.
var seldom = []string{"list pods", "list replicasets.apps", "patch events", "list events"}

// CheckRole checks that the calls were all allowed, those included whose failure nobody is told, and
// that they made use of all that the rules allow.
func CheckRole(t *testing.T, calls []Call, rules []rbacv1.PolicyRule) {
	t.Helper()
	used := map[string]bool{}
	for _, c := range calls {
		used[c.Verb+" "+c.Resource] = true
		if c.Code == http.StatusForbidden || c.Resource == "events" && c.Code >= http.StatusMultipleChoices {
			t.Errorf("%v", c)
		}
	}
	t.Logf("used:\n\t%s", strings.Join(slices.Sorted(maps.Keys(used)), "\n\t"))
	for _, verb := range allowed(rules) {
		if !used[verb] && !slices.Contains(seldom, verb) {
			t.Errorf("allowed and never used: %s", verb)
		}
	}
}

// allowed are the rules' verbs, in the form "create replicasets.apps".
func allowed(rules []rbacv1.PolicyRule) []string {
	var all []string
	for _, rule := range rules {
		for _, group := range rule.APIGroups {
			for _, resource := range rule.Resources {
				for _, verb := range rule.Verbs {
					all = append(all, strings.TrimSuffix(verb+" "+resource+"."+group, "."))
				}
			}
		}
	}
	return all
}

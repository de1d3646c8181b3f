package kube

import rbacv1 "k8s.io/api/rbac/v1"

// Rules are all the verbs that this package uses on the cluster: the least that its user must be
// allowed. What the embedder does with the owner is not among them; where the admission plugin
// OwnerReferencesPermissionEnforcement is on, that includes update of the owner's finalizers. Reading through a cache needs
// watch as well as list. Without list of events all works, but nobody says why a volume is not mounted.
func Rules() []rbacv1.PolicyRule {
	return []rbacv1.PolicyRule{
		{APIGroups: []string{"apps"}, Resources: []string{"replicasets"}, Verbs: []string{"get", "list", "watch", "create", "patch", "delete"}},
		{APIGroups: []string{""}, Resources: []string{"pods"}, Verbs: []string{"list", "watch"}},
		{APIGroups: []string{""}, Resources: []string{"events"}, Verbs: []string{"list"}},
		{APIGroups: []string{""}, Resources: []string{"events"}, Verbs: []string{"create", "patch"}}, // with Client.Events only
	}
}

// RouteRules are what is needed beside them with [Target.Routes].
func RouteRules() []rbacv1.PolicyRule {
	return []rbacv1.PolicyRule{
		{APIGroups: []string{""}, Resources: []string{"services"}, Verbs: []string{"get", "patch"}},
		{APIGroups: []string{"discovery.k8s.io"}, Resources: []string{"endpointslices"}, Verbs: []string{"list"}},
	}
}

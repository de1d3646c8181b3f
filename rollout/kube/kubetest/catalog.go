package kubetest

import (
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/api/validation"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// catalog is every resource that a cluster serves.
type catalog struct {
	all []*resource // groups together, the core group first

	// Those that the stand-ins work with.
	namespaces, nodes, pods, services, events *resource
	configMaps, secrets                       *resource
	controllers, replicaSets, endpointSlices  *resource
}

func newCatalog(extra []Resource) *catalog {
	c := &catalog{}
	c.namespaces = c.add(Resource{Version: "v1", Kind: "Namespace", Plural: "namespaces", ShortNames: []string{"ns"}, ClusterScoped: true, Status: true},
		builtin{typed: of[corev1.Namespace], fields: []string{"status.phase"}, fill: filler(fillNamespace), check: checker(checkNamespace), nameIs: validation.ValidateNamespaceName})
	c.nodes = c.add(Resource{Version: "v1", Kind: "Node", Plural: "nodes", ShortNames: []string{"no"}, ClusterScoped: true, Status: true},
		builtin{typed: of[corev1.Node], fields: []string{"spec.unschedulable"}})
	c.pods = c.add(Resource{Version: "v1", Kind: "Pod", Plural: "pods", ShortNames: []string{"po"}, Status: true},
		builtin{typed: of[corev1.Pod], generation: true, fields: podFields, fill: filler(fillPod), check: checker(checkPod), echo: true})
	c.services = c.add(Resource{Version: "v1", Kind: "Service", Plural: "services", ShortNames: []string{"svc"}, Status: true},
		builtin{typed: of[corev1.Service], fields: []string{"spec.clusterIP", "spec.type"}, fill: filler(fillService), check: checker(checkService), echo: true, upsert: true, nameIs: validation.NameIsDNSLabel})
	c.configMaps = c.add(Resource{Version: "v1", Kind: "ConfigMap", Plural: "configmaps", ShortNames: []string{"cm"}},
		builtin{typed: of[corev1.ConfigMap], check: checker(checkConfigMap)})
	c.secrets = c.add(Resource{Version: "v1", Kind: "Secret", Plural: "secrets"},
		builtin{typed: of[corev1.Secret], fields: []string{"type"}, fill: filler(fillSecret), check: checker(checkSecret)})
	c.events = c.add(Resource{Version: "v1", Kind: "Event", Plural: "events", ShortNames: []string{"ev"}},
		builtin{typed: of[corev1.Event], fields: eventFields, check: checker(checkEvent), upsert: true, nameIs: anyName})
	c.controllers = c.add(Resource{Version: "v1", Kind: "ReplicationController", Plural: "replicationcontrollers", ShortNames: []string{"rc"}, Status: true, Scale: true},
		builtin{typed: of[corev1.ReplicationController], generation: true, fields: []string{"status.replicas"}, fill: filler(fillReplicationController), check: checker(checkReplicationController)})
	c.replicaSets = c.add(Resource{Group: "apps", Version: "v1", Kind: "ReplicaSet", Plural: "replicasets", ShortNames: []string{"rs"}, Status: true, Scale: true},
		builtin{typed: of[appsv1.ReplicaSet], generation: true, fill: filler(fillReplicaSet), check: checker(checkReplicaSet)})
	c.add(Resource{Group: "apps", Version: "v1", Kind: "ControllerRevision", Plural: "controllerrevisions"},
		builtin{typed: of[appsv1.ControllerRevision], check: checker(checkControllerRevision)})
	c.endpointSlices = c.add(Resource{Group: "discovery.k8s.io", Version: "v1", Kind: "EndpointSlice", Plural: "endpointslices"},
		builtin{typed: of[discoveryv1.EndpointSlice], generation: true, fill: filler(fillEndpointSlice), check: checker(checkEndpointSlice)})
	c.add(Resource{Group: "coordination.k8s.io", Version: "v1", Kind: "Lease", Plural: "leases"},
		builtin{typed: of[coordinationv1.Lease], check: checker(checkLease), upsert: true, versioned: true})
	for _, r := range extra {
		c.all = append(c.all, &resource{Resource: r})
	}
	return c
}

var (
	podFields = []string{
		"spec.hostNetwork", "spec.nodeName", "spec.restartPolicy", "spec.schedulerName", "spec.serviceAccountName",
		"status.nominatedNodeName", "status.phase", "status.podIP",
	}
	eventFields = []string{
		"involvedObject.kind", "involvedObject.namespace", "involvedObject.name", "involvedObject.uid",
		"involvedObject.apiVersion", "involvedObject.resourceVersion", "involvedObject.fieldPath",
		"reason", "reportingComponent", "source", "type",
	}
)

func (c *catalog) add(r Resource, b builtin) *resource {
	res := &resource{r, &b}
	c.all = append(c.all, res)
	return res
}

func (c *catalog) find(group, version, plural string) *resource {
	for _, r := range c.all {
		if r.Group == group && r.Version == version && r.Plural == plural {
			return r
		}
	}
	return nil
}

// knowsGroup tells whether a path is one of a group that is served, in any version.
func (c *catalog) knowsGroup(path string) bool {
	parts := strings.Split(strings.Trim(path, "/"), "/")
	switch {
	case parts[0] == "api":
		return true
	case parts[0] == "apis" && len(parts) > 1:
		return slices.ContainsFunc(c.all, func(r *resource) bool { return r.Group != "" && r.Group == parts[1] })
	}
	return false
}

// kind finds the resource of an owner reference.
func (c *catalog) kind(apiVersion, kind string) *resource {
	for _, r := range c.all {
		if r.groupVersion().String() == apiVersion && r.Kind == kind {
			return r
		}
	}
	return nil
}

// of makes a zero value, as the runtime.Object that its pointer is.
func of[T any]() runtime.Object {
	obj, _ := any(new(T)).(runtime.Object)
	return obj
}

func filler[T any](fill func(*T)) func(runtime.Object) {
	return func(obj runtime.Object) {
		if typed, ok := any(obj).(*T); ok {
			fill(typed)
		}
	}
}

// checker adapts a check whose old object is nil at creation.
func checker[T any](check func(obj, old *T) field.ErrorList) func(obj, old runtime.Object) field.ErrorList {
	return func(obj, old runtime.Object) field.ErrorList {
		now, _ := any(obj).(*T)
		before, _ := any(old).(*T)
		return check(now, before)
	}
}

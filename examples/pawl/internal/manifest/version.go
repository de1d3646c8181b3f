package manifest

import (
	"math"
	"reflect"

	appsv1 "k8s.io/api/apps/v1"
	appsv1beta1 "k8s.io/api/apps/v1beta1"
	appsv1beta2 "k8s.io/api/apps/v1beta2"
	extensionsv1beta1 "k8s.io/api/extensions/v1beta1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// version is one API version of Deployment and how it defaulted what was not
// written. A further version is a further row in versions.
type version struct {
	name                   string
	schema                 reflect.Type
	surge, unavailable     any
	historyLimit, deadline int64
	labels                 bool // selector and labels default to those of the template
	rollbackTo             bool // has the field spec.rollbackTo
}

// versions takes its defaults from pkg/apis/{apps,extensions}/*/defaults.go of
// Kubernetes, where math.MaxInt32 stands for no limit and no deadline.
func versions() []version {
	return []version{
		{
			name: "apps/v1", schema: reflect.TypeFor[appsv1.Deployment](),
			surge: "25%", unavailable: "25%", historyLimit: 10, deadline: 600,
		},
		{
			name: "apps/v1beta2", schema: reflect.TypeFor[appsv1beta2.Deployment](),
			surge: "25%", unavailable: "25%", historyLimit: 10, deadline: 600,
		},
		{
			name: "apps/v1beta1", schema: reflect.TypeFor[appsv1beta1.Deployment](),
			surge: "25%", unavailable: "25%", historyLimit: 2, deadline: 600,
			labels: true, rollbackTo: true,
		},
		{
			name: "extensions/v1beta1", schema: reflect.TypeFor[extensionsv1beta1.Deployment](),
			surge: int64(1), unavailable: int64(1), historyLimit: math.MaxInt32, deadline: math.MaxInt32,
			labels: true, rollbackTo: true,
		},
	}
}

// AppsV1 is the Deployment in the form which the API server stores: apps/v1,
// with the defaults of the version it was written in. spec.replicas and the
// pod template stay as they are. Other objects, and fields of a wrong type,
// are returned unchanged; u itself is never changed.
func AppsV1(u *unstructured.Unstructured) *unstructured.Unstructured {
	u = u.DeepCopy()
	if u.GetKind() != "Deployment" {
		return u
	}
	for _, v := range versions() {
		if v.name == u.GetAPIVersion() {
			v.defaults(u.Object)
			u.SetAPIVersion("apps/v1")
			break
		}
	}
	return u
}

func (v version) defaults(object map[string]any) {
	fill(object, "spec", map[string]any{})
	spec := child(object, "spec")
	if v.labels {
		defaultLabels(object, spec)
	}
	fill(spec, "revisionHistoryLimit", v.historyLimit)
	fill(spec, "progressDeadlineSeconds", v.deadline)
	fill(spec, "strategy", map[string]any{})
	strategy := child(spec, "strategy")
	if strategy["type"] == "" {
		delete(strategy, "type")
	}
	fill(strategy, "type", string(appsv1.RollingUpdateDeploymentStrategyType))
	if strategy["type"] == string(appsv1.RollingUpdateDeploymentStrategyType) {
		fill(strategy, "rollingUpdate", map[string]any{})
		rolling := child(strategy, "rollingUpdate")
		fill(rolling, "maxSurge", v.surge)
		fill(rolling, "maxUnavailable", v.unavailable)
	}
}

// defaultLabels is what the versions before apps/v1 and apps/v1beta2 did.
func defaultLabels(object, spec map[string]any) {
	labels := child(child(child(spec, "template"), "metadata"), "labels")
	if len(labels) == 0 {
		return
	}
	fill(spec, "selector", map[string]any{"matchLabels": clone(labels)})
	fill(object, "metadata", map[string]any{})
	metadata := child(object, "metadata")
	if len(child(metadata, "labels")) == 0 {
		delete(metadata, "labels")
		fill(metadata, "labels", clone(labels))
	}
}

func clone(labels map[string]any) map[string]any {
	return (&unstructured.Unstructured{Object: labels}).DeepCopy().Object
}

// fill sets a key which is absent or null. A nil map is left alone.
func fill(m map[string]any, key string, value any) {
	if m != nil && m[key] == nil {
		m[key] = value
	}
}

// child is the object under a key, nil when there is none.
func child(m map[string]any, key string) map[string]any {
	c, _ := m[key].(map[string]any)
	return c
}

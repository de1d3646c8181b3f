package kube_test

import (
	"errors"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gopawl/pawl/rollout"
	"github.com/gopawl/pawl/rollout/kube"
)

func valid() kube.Target {
	return kube.Target{
		Owner:    kube.Owner{APIVersion: "v1", Kind: "ConfigMap", Namespace: "default", Name: "web", UID: "u"},
		Selector: &metav1.LabelSelector{MatchLabels: map[string]string{"app": "web"}},
		Template: template("web:1"),
	}
}

func TestBadTargetIsNamed(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*kube.Target)
		path   string
	}{
		"no uid":            {func(t *kube.Target) { t.Owner.UID = "" }, "owner"},
		"no name":           {func(t *kube.Target) { t.Owner.Name = "" }, "owner"},
		"no kind":           {func(t *kube.Target) { t.Owner.Kind = "" }, "owner"},
		"no apiVersion":     {func(t *kube.Target) { t.Owner.APIVersion = "" }, "owner"},
		"no namespace":      {func(t *kube.Target) { t.Owner.Namespace = "" }, "owner.namespace"},
		"negative replicas": {func(t *kube.Target) { t.Replicas = -1 }, "replicas"},
		"negative seconds":  {func(t *kube.Target) { t.MinReadySeconds = -1 }, "minReadySeconds"},
		"negative number":   {func(t *kube.Target) { t.Number = -1 }, "number"},
		"absurd number":     {func(t *kube.Target) { t.Number = 1<<63 - 1 }, "number"},
		"no selector":       {func(t *kube.Target) { t.Selector = nil }, "selector"},
		"empty selector":    {func(t *kube.Target) { t.Selector = &metav1.LabelSelector{} }, "selector"},
		"unknown operator": {func(t *kube.Target) {
			t.Selector.MatchExpressions = []metav1.LabelSelectorRequirement{{Key: "a", Operator: "Near"}}
		}, "selector"},
		"no template":           {func(t *kube.Target) { t.Template = nil }, "template"},
		"nil template":          {func(t *kube.Target) { t.Template = (*corev1.PodTemplateSpec)(nil) }, "template"},
		"a number for template": {func(t *kube.Target) { t.Template = 7 }, "template"},
		"not JSON":              {func(t *kube.Target) { t.Template = map[string]any{"a": make(chan int)} }, "template"},
		"selects another":       {func(t *kube.Target) { t.Selector.MatchLabels["app"] = "other" }, "template.metadata.labels"},
		"selects by our label":  {func(t *kube.Target) { t.Selector.MatchLabels[kube.HashLabel] = "x" }, "template.metadata.labels"},
		"labels of no strings": {func(t *kube.Target) {
			t.Template = map[string]any{"metadata": map[string]any{"labels": map[string]any{"app": 7}}}
		}, "template.metadata.labels"},
		"route without a service": {func(t *kube.Target) { t.Routes = []kube.Route{{}} }, "routes.service"},
		"two routes of one service": {func(t *kube.Target) {
			t.Routes = []kube.Route{{Service: "web"}, {Service: "web", Key: "app"}}
		}, "routes.service"},
		"key of no label":     {func(t *kube.Target) { t.Routes = []kube.Route{{Service: "web", Key: "a b"}} }, "routes[web].key"},
		"key without a value": {func(t *kube.Target) { t.Routes = []kube.Route{{Service: "web", Key: "version"}} }, "routes[web].key"},
		"metadata of no kind": {func(t *kube.Target) { t.Template = map[string]any{"metadata": 7} }, "template.metadata.labels"},
	} {
		t.Run(name, func(t *testing.T) {
			target := valid()
			c.change(&target)
			_, err := (&kube.Client{}).Workload(target)
			var invalid *rollout.InvalidError
			if !errors.As(err, &invalid) || invalid.Path != c.path || invalid.Allowed == "" {
				t.Errorf("got %v, want it invalid at %s", err, c.path)
			}
		})
	}
}

func TestTemplateFormsThatAreTaken(t *testing.T) {
	typed := template("web:1")
	for _, form := range []any{
		typed, &typed,
		map[string]any{"metadata": map[string]any{"labels": map[string]any{"app": "web", kube.HashLabel: "old"}}},
	} {
		target := valid()
		target.Template = form
		if w, err := (&kube.Client{}).Workload(target); err != nil || w.Identity() == "" {
			t.Errorf("%T: %v", form, err)
		}
	}
}

func TestNameMayBeAnother(t *testing.T) {
	e := still(t)
	target := e.target("web:1", 0)
	target.Name = "shop"
	e.reconcile(&kube.Client{API: e.api}, target)
	if rs := e.only(); rs.Name != "shop-"+rs.Labels[kube.HashLabel] {
		t.Errorf("name %q", rs.Name)
	}
}

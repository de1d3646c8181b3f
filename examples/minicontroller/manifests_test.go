package main

import (
	"os"
	"regexp"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	rbacv1 "k8s.io/api/rbac/v1"
	"sigs.k8s.io/yaml"

	"github.com/gopawl/pawl/rollout/kube"
)

// The controller is as small as it is said to be: lines that are neither blank nor comments.
func TestAtMost150Lines(t *testing.T) {
	source, err := os.ReadFile("main.go")
	if err != nil {
		t.Fatal(err)
	}
	code := regexp.MustCompile(`(?m)^\s*[^\s/].*$|^\s*/[^/].*$`)
	if n := len(code.FindAll(source, -1)); n > 150 || n < 100 {
		t.Errorf("%d lines, want at most 150", n)
	}
}

func TestRoleIsTheLeast(t *testing.T) {
	text, err := os.ReadFile("role.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var role rbacv1.Role
	if err := yaml.UnmarshalStrict(text, &role); err != nil {
		t.Fatal(err)
	}
	want := slices.Concat(kube.Rules(), []rbacv1.PolicyRule{
		{APIGroups: []string{"examples.gopawl.io"}, Resources: []string{"minis"}, Verbs: []string{"get", "list", "watch"}},
		{APIGroups: []string{"examples.gopawl.io"}, Resources: []string{"minis/status"}, Verbs: []string{"update"}},
		{APIGroups: []string{"coordination.k8s.io"}, Resources: []string{"leases"}, Verbs: []string{"get", "create", "update"}},
	})
	if d := cmp.Diff(want, role.Rules); d != "" {
		t.Errorf("role.yaml, -want +got:\n%s", d)
	}
}

package kubectl

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gopawl/pawl/rollout/kube"
	"github.com/gopawl/pawl/test/cluster/suite"
)

// What belongs to an owner goes with it, before it, or not at all, as kubectl is told.
func TestDeletedOwnerCascades(t *testing.T) {
	for _, test := range []struct {
		cascade string
		left    int // pods
	}{{"background", 0}, {"foreground", 0}, {"orphan", 3}} {
		t.Run(test.cascade, func(t *testing.T) {
			t.Parallel()
			s := begin(t)
			s.wants("web:2", "0s")
			s.completes()
			s.says("delete configmap web --cascade=" + test.cascade)
			s.Eventually(wait, func(ctx context.Context) error {
				_, err := s.Client.CoreV1().ConfigMaps(s.Namespace).Get(ctx, "web", metav1.GetOptions{})
				if pods, sets := s.PodsNow(), s.Sets(); !apierrors.IsNotFound(err) || len(pods) != test.left || (len(sets) > 0) != (test.left > 0) {
					return fmt.Errorf("owner: %v, %d pods, %d replica sets", err, len(pods), len(sets))
				}
				return nil
			})
			s.says("get rs,pods -o custom-columns=KIND:.kind,NAME:.metadata.name,OWNER:.metadata.ownerReferences[*].kind")
			s.isWritten("delete-" + test.cascade)
		})
	}
}

// The owner can be written by server-side apply: nothing in it is ours.
func TestOwnerIsApplied(t *testing.T) {
	t.Parallel()
	s := begin(t)
	file := s.kubectl.File("web.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: web, labels: {team: a}}\ndata: {note: mine}\n")
	before := s.child("web:1").ResourceVersion
	s.says("diff --server-side -f " + file)
	s.says("apply --server-side -f " + file)
	s.says("diff --server-side -f " + file)
	s.says("get configmap web --show-labels")
	s.settles()
	if after := s.child("web:1").ResourceVersion; after != before {
		t.Errorf("the replica set was touched: version %s after %s", after, before)
	}
	s.isWritten("apply")
}

// What somebody else applies to the command's own record of an app stays there.
func TestAppOfTheCommandIsApplied(t *testing.T) {
	t.Parallel()
	f := suite.New(t)
	pawl, kubectl := f.Command(nil, slices.Concat(kube.Rules(), suite.CommandRules)...), f.Kubectl(nil)
	pawl.Does("run", "-f", suite.Manifest("httpd.v1.yaml"))
	file := kubectl.File("app.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: pawl.httpd, labels: {team: a}}\n")
	kubectl.Prints(kubectl.Does("apply", "--server-side", "-f", file), "configmap/pawl.httpd serverside-applied")
	pawl.Does("run", "-f", suite.Manifest("httpd.v2.yaml"))
	pawl.Does("scale", "httpd", "--replicas=2")
	kubectl.Prints(kubectl.Does("get", "configmap", "-l", "team=a", "-o", "name"), "configmap/pawl.httpd")
	if out := kubectl.Does("diff", "--server-side", "-f", file); out != "" {
		t.Errorf("what was applied is no longer there:\n%s", out)
	}
}

// A user with the rules of the library may do what it does, and no more.
func TestAuthCanI(t *testing.T) {
	t.Parallel()
	f := suite.New(t)
	const group = "rollers"
	f.Grant(group, kube.Rules()...)
	config, err := suite.Cluster().ConfigFor("rita", group)
	if err != nil {
		t.Fatal(err)
	}
	k := f.Kubectl(config)
	f.Eventually(wait, func(ctx context.Context) error { // the role has to be known first
		_, err := suite.NewClient(t, config).AppsV1().ReplicaSets(f.Namespace).List(ctx, metav1.ListOptions{})
		return err
	})
	for _, rule := range kube.Rules() {
		for _, verb := range rule.Verbs {
			resource := rule.Resources[0]
			if g := rule.APIGroups[0]; g != "" {
				resource += "." + g
			}
			if out := k.Does("auth", "can-i", verb, resource); out != "yes\n" {
				t.Errorf("%s %s: %s", verb, resource, out)
			}
		}
	}
	for _, no := range []string{"update replicasets.apps", "patch replicasets.apps --subresource=status", "delete pods", "get secrets", "get configmaps"} {
		if out := k.Fails(append([]string{"auth", "can-i"}, strings.Fields(no)...)...); out != "no\n" {
			t.Errorf("%s: %s", no, out)
		}
	}
}

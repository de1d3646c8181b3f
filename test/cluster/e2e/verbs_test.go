package e2e

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	appsv1 "k8s.io/api/apps/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"

	"github.com/gopawl/pawl/rollout/kube"
	"github.com/gopawl/pawl/test/cluster/suite"
)

// verbs is the command under the least role, in a namespace of its own, and what it asks of the API
// server. At the end no call has been refused for want of a right.
func verbs(t *testing.T, more ...rbacv1.PolicyRule) (story, *suite.Wire) {
	t.Helper()
	w := &suite.Wire{}
	s := story{suite.New(t).Command(w, slices.Concat(kube.Rules(), suite.CommandRules, more)...)}
	t.Cleanup(func() { suite.CheckRole(t, w.All(), nil) })
	return s, w
}

// slow makes the pods of httpd take a while to become ready; slowToStop, until they are gone.
func slow(delay string) (oldnew []string)       { return annotated("sim/ready-delay", delay) }
func slowToStop(delay string) (oldnew []string) { return annotated("sim/stop-delay", delay) }

func annotated(key, value string) (oldnew []string) {
	const labels = "      labels:\n"
	return []string{labels, "      annotations: {" + key + ": " + value + "}\n" + labels}
}

// field is one of what is wanted of httpd.
func (s story) field(path string) string {
	s.Helper()
	return s.Does("get", "httpd", "-o", "jsonpath={"+path+"}")
}

func TestCommandRestarts(t *testing.T) {
	s, _ := verbs(t)
	s.Does("run", "-f", suite.Manifest("httpd.v1.yaml"))
	before, pods := s.Only(), s.PodUIDs()
	o := s.Observer()
	s.Prints(s.Does("restart", "httpd"), "deployment.apps/httpd restarted\n", "successfully rolled out\n")
	s.within(o.Bounds())
	s.runs("httpd:2.4.16", 3)
	s.Eventually(10*time.Second, s.PodsReady("", 3, 3))
	for name, uid := range s.PodUIDs() {
		if pods[name] == uid {
			t.Errorf("pod %s was not replaced", name)
		}
	}
	now := slices.DeleteFunc(s.Sets(), func(rs appsv1.ReplicaSet) bool { return rs.UID == before.UID })
	if len(now) != 1 {
		t.Fatalf("%d new replica sets, want 1", len(now))
	}
	const restartedAt = "kubectl.kubernetes.io/restartedAt"
	after := now[0].Spec.Template
	if _, err := time.Parse(time.RFC3339, after.Annotations[restartedAt]); err != nil {
		t.Errorf("%s: %v", restartedAt, err)
	}
	was := before.Spec.Template
	delete(after.Annotations, restartedAt)
	was.Labels, after.Labels = nil, nil // one is the hash
	if diff := cmp.Diff(was, after, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("the template: %s", diff)
	}
	s.history("1         pawl run --filename=httpd.v1.yaml\n2         <none>\n")
}

func TestCommandPatches(t *testing.T) {
	s, _ := verbs(t)
	s.Does("run", "-f", suite.Manifest("httpd.v1.yaml"))
	patched := func(args ...string) {
		t.Helper()
		s.Prints(s.Does(append([]string{"patch", "httpd"}, args...)...), "deployment.apps/httpd patched", "successfully rolled out\n")
	}
	patched("-p", `spec: {template: {spec: {containers: [{name: httpd, image: "httpd:2.4.17"}]}}}`)
	s.runs("httpd:2.4.17", 3)
	if got := s.field(".spec.template.spec.containers[0].ports[0].containerPort"); got != "80" {
		t.Errorf("the port: %q, want what it was", got)
	}

	patched("--type=merge", "-p", `{"spec": {"replicas": 2, "template": {"spec": {"containers": [{"name": "httpd", "image": "httpd:2.4.18"}]}}}}`)
	s.runs("httpd:2.4.18", 2)
	if got := s.field(".spec.template.spec.containers[0].ports"); got != "" {
		t.Errorf("ports: %q, want none in a list that was replaced", got)
	}

	const image = "/spec/template/spec/containers/0/image"
	patched("--type=json", "-p", `[{"op": "test", "path": "`+image+`", "value": "httpd:2.4.18"}, {"op": "replace", "path": "`+image+`", "value": "httpd:2.4.19"}]`)
	s.runs("httpd:2.4.19", 2)
	s.Prints(s.Fails("patch", "httpd", "--type=json", "-p", `[{"op": "test", "path": "`+image+`", "value": "httpd:2.4.18"}]`), "testing value "+image+" failed")
	s.Prints(s.Does("patch", "httpd", "-p", `spec: {replicas: 2}`), "patched (no change)\n")
}

func TestCommandEdits(t *testing.T) {
	s, _ := verbs(t)
	s.Does("run", "-f", suite.Manifest("httpd.v1.yaml"))
	s.Env = []string{"EDITOR=sed -i s/2.4.16/2.4.17/", "TMPDIR=" + t.TempDir()}
	s.Prints(s.Does("edit", "httpd"), "deployment.apps/httpd edited\n", "successfully rolled out\n")
	s.runs("httpd:2.4.17", 3)
	s.Prints(s.Does("edit", "httpd"), "Edit cancelled, no changes made.\n")

	// What is not valid is opened once more, with the reason on top; then it is put right.
	script := s.File("editor", `#!/bin/sh
if grep -q 'spec.replicas: Invalid' "$1"; then sed -i 's/replicas: -1/replicas: 2/' "$1"; else sed -i 's/replicas: 3/replicas: -1/' "$1"; fi
`)
	s.Env[0] = "EDITOR=sh " + script
	s.Prints(s.Does("edit", "httpd"), `"httpd" is invalid`, "deployment.apps/httpd edited\n", "from 3 to 2")
	s.runs("httpd:2.4.17", 2)
}

// What a manifest does not say is kept by run and dropped by replace, whoever said it.
func TestCommandReplaces(t *testing.T) {
	s, _ := verbs(t)
	s.Does("run", "-f", suite.Manifest("httpd.v1.yaml"))
	s.Does("patch", "httpd", "-p", `spec: {revisionHistoryLimit: 3, template: {spec: {priority: 0, terminationGracePeriodSeconds: 5}}}`)
	s.Does("run", "-f", suite.Manifest("httpd.v1.yaml"))
	const grace = ".spec.template.spec.terminationGracePeriodSeconds"
	if got := s.field(".spec.revisionHistoryLimit") + s.field(grace); got != "35" {
		t.Errorf("after run: %q, want 3 and 5", got)
	}
	pods := s.PodUIDs()
	s.Prints(s.Does("replace", "-f", suite.Manifest("httpd.v1.yaml")), "deployment.apps/httpd replaced\n", "Went back to", "successfully rolled out\n")
	if got := s.field(".spec.revisionHistoryLimit") + s.field(grace); got != "10" {
		t.Errorf("after replace: %q, want the defaults 10 and none", got)
	}
	for name, uid := range s.PodUIDs() {
		if pods[name] == uid {
			t.Errorf("pod %s is left of the template that was replaced", name)
		}
	}
	s.Prints(s.Fails("replace", "-f", suite.Manifest("hello-deployment.v1.yaml")), `"hello-deployment" not found`)
}

func TestCommandDiffs(t *testing.T) {
	s, w := verbs(t, suite.ServiceRules...)
	s.Env = []string{"TMPDIR=" + t.TempDir()}
	out := s.Exits(1, "diff", "-f", suite.Manifest("kubia.yaml"))
	s.Prints(out, "+  name: kubia-v1\n", "+  - port: 80\n")
	if wrote := w.Writes(); len(wrote) > 0 {
		t.Errorf("diff of what is not there has written: %v", wrote)
	}
	s.Does("run", "-f", suite.Manifest("kubia.yaml"))
	s.Settled(s.Only().Name)
	before, writes := s.versions(), len(w.Writes())
	if out := s.Exits(0, "diff", "-f", suite.Manifest("kubia.yaml")); out != "" {
		t.Errorf("the same differs: %s", out)
	}
	s.Prints(s.Exits(1, "diff", "-f", s.Edited("kubia.yaml", "kubia:v1", "kubia:v2")), "-      - image: luksa/kubia:v1\n", "+      - image: luksa/kubia:v2\n")
	out = s.Exits(1, "diff", "-f", s.Edited("kubia.yaml", "port: 80\n", "port: 81\n"))
	s.Prints(out, "-  - port: 80\n", "+  - port: 81\n")
	if strings.Contains(out, "clusterIP:") {
		t.Errorf("what the server added differs: %s", out)
	}
	s.Exits(2, "diff", "-f", s.Edited("kubia.yaml", "port: 80\n", "port: 0\n"))
	if diff := cmp.Diff(before, s.versions()); diff != "" {
		t.Errorf("something was written: %s", diff)
	}
	if wrote := w.Writes()[writes:]; len(wrote) > 0 {
		t.Errorf("diff has written: %v", wrote)
	}
}

// versions are the resource versions of all that a command could write, events included.
func (s story) versions() map[types.UID]string {
	s.Helper()
	all := map[types.UID]string{}
	add := func(list runtime.Object, err error) {
		s.Helper()
		if err == nil {
			err = meta.EachListItem(list, func(o runtime.Object) error {
				m, err := meta.Accessor(o)
				if err == nil {
					all[m.GetUID()] = m.GetResourceVersion()
				}
				return err
			})
		}
		if err != nil {
			s.Fatal(err)
		}
	}
	ctx, options := s.Context(), metav1.ListOptions{}
	configMaps, err := s.Client.CoreV1().ConfigMaps(s.Namespace).List(ctx, options)
	add(configMaps, err)
	services, err := s.Client.CoreV1().Services(s.Namespace).List(ctx, options)
	add(services, err)
	sets, err := s.Client.AppsV1().ReplicaSets(s.Namespace).List(ctx, options)
	add(sets, err)
	leases, err := s.Client.CoordinationV1().Leases(s.Namespace).List(ctx, options)
	add(leases, err)
	return all
}

func TestCommandDeletesInTheForeground(t *testing.T) {
	s, _ := verbs(t)
	s.Does("run", "-f", s.Edited("httpd.v1.yaml", slowToStop("2s")...))
	s.Prints(s.Does("delete", "httpd", "--cascade=foreground", "--wait=false"), "deleted from ")
	if n := len(s.PodsNow()); n != 3 {
		t.Fatalf("%d pods, want 3: they take two seconds to end", n)
	}
	// Until all of it is gone the app is there, and nobody gets anything done with it.
	const deleting = `deployment "httpd" is being deleted`
	s.Prints(s.Fails("run", "-f", suite.Manifest("httpd.v1.yaml")), deleting)
	s.Prints(s.Fails("scale", "httpd", "--replicas=5"), deleting)
	s.Prints(s.Fails("delete", "httpd", "--cascade=foreground", "--timeout=100ms"), "timed out waiting for the condition on deployments/httpd")
	s.Does("delete", "httpd", "--cascade=foreground")
	if sets, pods := s.Sets(), s.PodsNow(); len(sets)+len(pods) > 0 {
		t.Errorf("%d replica sets and %d pods are left", len(sets), len(pods))
	}
	s.Does("delete", "httpd", "--ignore-not-found")
}

// A deletion in the background returns while much of the app is still there. The next app of that
// name does not get into it.
func TestCommandRunsAgainAfterADeletion(t *testing.T) {
	s, _ := verbs(t)
	s.Does("run", "-f", suite.Manifest("httpd.v1.yaml"))
	for range 3 {
		s.Does("delete", "httpd")
		s.Prints(s.Does("run", "-f", suite.Manifest("httpd.v1.yaml")), "deployment.apps/httpd created\n", "successfully rolled out\n")
	}
	s.runs("httpd:2.4.16", 3)
	s.Eventually(30*time.Second, s.PodsReady("", 3, 3))
	s.Does("delete", "httpd")
	s.isGone()
}

func TestCommandDeletesWhileAnotherRollsOut(t *testing.T) {
	s, _ := verbs(t)
	s.Does("run", "-f", suite.Manifest("httpd.v1.yaml"))
	first := s.Start("run", "-f", s.Edited("httpd.v2.yaml", slow("10s")...))
	s.beginsToRollOut()
	s.Does("delete", "httpd")
	if out, code := first(); code != 1 || !strings.Contains(out, "object has been deleted") {
		t.Errorf("exit code %d, want 1 with the reason", code)
	}
	s.isGone()
}

// beginsToRollOut waits for the second ReplicaSet.
func (s story) beginsToRollOut() {
	s.Helper()
	s.Eventually(20*time.Second, func(context.Context) error {
		if len(s.Sets()) != 2 {
			return errors.New("it has not begun yet")
		}
		return nil
	})
}

// One who does not wait leaves the rollout to another, and a third one watches.
func TestCommandLeavesTheRolloutToAnother(t *testing.T) {
	s, w := verbs(t)
	const nobody = `nobody is rolling out deployment "httpd": 'pawl resume httpd' goes on`
	s.Prints(s.Does("run", "-f", suite.Manifest("httpd.v1.yaml"), "--wait=false"), "deployment.apps/httpd created\n", nobody)
	if sets := s.Sets(); len(sets) > 0 {
		t.Errorf("%d replica sets, want none", len(sets))
	}
	s.Does("resume", "httpd")

	s.Prints(s.Does("set-image", "httpd", "httpd=httpd:2.4.17", "--wait=false"), nobody)
	s.Only()
	watching, writes := s.Start("status", "httpd", "-w"), len(w.Writes())
	time.Sleep(time.Second)
	if wrote := w.Writes()[writes:]; len(wrote) > 0 {
		t.Errorf("status has written: %v", wrote)
	}
	s.Prints(s.Does("resume", "httpd"), "deployment.apps/httpd already resumed\n", "successfully rolled out\n")
	out, code := watching()
	s.Prints(out, nobody, "successfully rolled out\n")
	if code != 0 {
		t.Errorf("status: exit code %d", code)
	}
	s.runs("httpd:2.4.17", 3)
}

// A manifest of a version that the API server has long forgotten. The same in the version of today is
// the same revision.
func TestCommandRunsAnOldManifest(t *testing.T) {
	s, _ := verbs(t)
	const rest = `
kind: Deployment
metadata: {name: httpd}
spec:
  replicas: 2
  template:
    metadata: {labels: {app: httpd}}
    spec: {containers: [{name: httpd, image: "httpd:2.4.16"}]}
`
	s.Does("run", "-f", s.File("v1beta1.yaml", "apiVersion: apps/v1beta1"+rest))
	s.runs("httpd:2.4.16", 2)
	if got := s.field(".apiVersion") + " " + s.field(".spec.selector.matchLabels.app") + " " + s.field(".spec.revisionHistoryLimit"); got != "apps/v1 httpd 2" {
		t.Errorf("wanted: %q, want the defaults of apps/v1beta1", got)
	}
	pods := s.PodUIDs()
	selector := strings.Replace(rest, "spec:\n", "spec:\n  selector: {matchLabels: {app: httpd}}\n", 1)
	for _, version := range []string{"v1beta2", "v1"} {
		s.Does("run", "-f", s.File(version+".yaml", "apiVersion: apps/"+version+selector))
	}
	s.Only()
	if diff := cmp.Diff(pods, s.PodUIDs()); diff != "" {
		t.Errorf("pods: %s", diff)
	}
}

// In a pause the command that scales shares the change out if nobody else rolls the app out, and
// leaves it to that one otherwise. Either way it is done once.
func TestCommandScalesWhilePaused(t *testing.T) {
	for name, alone := range map[string]bool{"nobody rolls out": true, "another does": false} {
		t.Run(name, func(t *testing.T) {
			s, w := verbs(t)
			eight := []string{"replicas: 3\n", "replicas: 8\n"}
			s.Does("run", "-f", s.Edited("httpd.v1.yaml", eight...))
			wait, interrupt := s.Begin("run", "-f", s.Edited("httpd.v2.yaml", append(eight, slow("3s")...)...))
			s.beginsToRollOut()
			s.Does("pause", "httpd")
			if alone {
				interrupt()
				if _, code := wait(); code != 130 {
					t.Errorf("exit code %d, want 130", code)
				}
			}

			o := s.Observer()
			out := s.Does("scale", "httpd", "--replicas=16")
			if alone {
				s.Prints(out, "deployment.apps/httpd scaled\n", "(its share of 16 wanted)\n", `deployment "httpd" is paused`)
			} else {
				s.Prints(out, "deployment.apps/httpd scaled\n", `deployment "httpd" is paused: `, ", which rolls it out, shares out a resize; all else waits for 'pawl resume httpd'\n")
			}
			s.Eventually(20*time.Second, s.sharedOut(16, 20))
			s.Eventually(30*time.Second, s.PodsReady("", 20, 20))
			sizes, resizes := s.Sizes(), resizesIn(w)
			s.Prints(s.Does("scale", "httpd", "--replicas=16"), `deployment "httpd" is paused: `)
			time.Sleep(time.Second)
			if diff := cmp.Diff(sizes, s.Sizes()); diff != "" || resizesIn(w) != resizes {
				t.Errorf("%d writes after the resize was shared out: %s", resizesIn(w)-resizes, diff)
			}
			if err := (suite.Promise{Floor: 6, Ceiling: 20}).Judge(o.Bounds()); err != nil { // the floor is that of 8
				t.Error(err)
			}

			s.Does("scale", "httpd", "--replicas=4")
			s.Eventually(20*time.Second, s.sharedOut(4, 5))
			s.Prints(s.Does("resume", "httpd"), "deployment.apps/httpd resumed\n", "successfully rolled out\n")
			if !alone {
				if _, code := wait(); code != 0 {
					t.Errorf("the other: exit code %d", code)
				}
			}
			s.runs("httpd:2.4.17", 4)
			s.Eventually(30*time.Second, s.PodsReady("", 4, 4))
		})
	}
}

// sharedOut looks for two ReplicaSets of sizes that were worked out for the number of wanted replicas,
// and that ask for the ceiling together.
func (s story) sharedOut(wanted, ceiling int32) func(context.Context) error {
	return func(context.Context) error {
		for _, rs := range s.Sets() {
			if want := fmt.Sprintf("%d/%d", wanted, ceiling); *rs.Spec.Replicas == 0 || basis(&rs) != want {
				return fmt.Errorf("%s has %d of %s, want some of %s", rs.Name, *rs.Spec.Replicas, basis(&rs), want)
			}
		}
		if len(s.Sets()) != 2 || s.asked() != ceiling {
			return fmt.Errorf("%v, want two that ask for %d", s.Sizes(), ceiling)
		}
		return nil
	}
}

// resizesIn is how many writes to ReplicaSets there were.
func resizesIn(w *suite.Wire) (n int) {
	for _, c := range w.Writes() {
		if c.Resource == "replicasets.apps" {
			n++
		}
	}
	return n
}

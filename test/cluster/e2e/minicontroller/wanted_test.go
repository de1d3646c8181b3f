package minicontroller

import (
	"context"
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gopawl/pawl/test/cluster/suite"
)

// says looks for a condition with a reason and a text in its message.
func (c *controller) says(name, reason, text string) func(context.Context) error {
	return func(ctx context.Context) error {
		r, err := c.ready(ctx, name)
		if err == nil && (r.Status != metav1.ConditionFalse || r.Reason != reason || !strings.Contains(r.Message, text)) {
			err = fmt.Errorf("%s is %s, %s: %s; want %s: %q", name, r.Status, r.Reason, r.Message, reason, text)
		}
		return err
	}
}

func TestPauseHolds(t *testing.T) {
	t.Parallel()
	c := start(t)
	c.apply(manifest("web", "web:1", 3))
	c.completes("web")
	o := c.Observer()
	c.patch("web", image("web:2", "500ms"))
	c.Eventually(30*time.Second, c.midway)
	c.patch("web", `{"spec":{"paused":true}}`)
	c.Eventually(30*time.Second, c.says("web", "Paused", ""))
	c.rested()
	held := c.Sizes()
	c.patch("web", image("web:3", ""))
	c.Eventually(30*time.Second, c.says("web", "Paused", ""))
	c.rested()
	if now := c.Sizes(); len(held) != 2 || !maps.Equal(now, held) {
		t.Errorf("replica sets: %v, when paused %v", now, held)
	}
	c.patch("web", `{"spec":{"paused":null}}`)
	c.completes("web")
	c.runs("web:3", 3)
	c.within(o.Bounds(), 3, 4)
}

// midway looks for two versions side by side.
func (c *controller) midway(context.Context) error {
	sizes, running := c.Sizes(), 0
	for _, size := range sizes {
		if size > 0 {
			running++
		}
	}
	if running != 2 {
		return fmt.Errorf("replica sets: %v, want two with replicas", sizes)
	}
	return nil
}

// What cannot be worked with is said in the condition: where it stands, what it is, what is allowed.
// Nothing is made of it, and nobody looks again and again.
func TestBadSpecsAreRefused(t *testing.T) {
	t.Parallel()
	c := start(t)
	bad := map[string]struct{ from, to, instead, message string }{
		"strategy": {"{rollingUpdate:", "", "{type: Canary, rollingUpdate:",
			"strategy.type: invalid value Canary: must be RollingUpdate or Recreate"},
		"percent": {"maxSurge: ", ",", "maxSurge: half,",
			`strategy.rollingUpdate.maxSurge: invalid value "half": must be a number of 0 or more, or a percentage such as "25%"`},
		"negative": {"maxUnavailable: ", "}", "maxUnavailable: -1}",
			`strategy.rollingUpdate.maxUnavailable: invalid value "-1": must be a number of 0 or more, or a percentage such as "25%"`},
		"labels": {"    metadata: ", "\n", "    metadata: {labels: {app: another}}\n",
			"template.metadata.labels: invalid value app=another: must be selected by app=labels"},
		"template": {"  template:", "]}\n", "", "template: invalid value <nil>: must be given"},
	}
	for name, b := range bad {
		before, text, found := strings.Cut(manifest(name, "web:1", 2), b.from)
		_, after, ends := strings.Cut(text, b.to)
		if !found || !ends {
			t.Fatalf("%q to %q is not in %s", b.from, b.to, manifest(name, "web:1", 2))
		}
		c.apply(before + b.instead + after)
	}
	for name, b := range bad {
		c.Eventually(30*time.Second, c.says(name, "Error", b.message))
	}
	if looks := c.rested(); looks > 3*len(bad) {
		t.Errorf("%d looks at %d Minis", looks, len(bad))
	}
	if sets := c.Sizes(); len(sets) > 0 {
		t.Errorf("replica sets: %v", sets)
	}
	for name := range bad {
		c.apply(manifest(name, "web:1", 2))
	}
	for name := range bad {
		c.completes(name)
	}
}

// What only the API server can tell is tried again, ever later, until it is put right.
func TestARefusalIsReported(t *testing.T) {
	t.Parallel()
	c := start(t)
	c.apply(strings.Replace(manifest("web", "web:1", 2), "name: main", "name: Main", 1))
	c.Eventually(30*time.Second, c.says("web", "Error", `spec.template.spec.containers[0].name: Invalid value: "Main"`))
	c.apply(manifest("web", "web:1", 2))
	c.completes("web")
	c.keepsToItsRole()
}

// The rest the API server refuses itself.
func TestTypesAreChecked(t *testing.T) {
	t.Parallel()
	f := suite.New(t)
	install(f)
	kubectl := f.Kubectl(nil)
	kubectl.Does("apply", "-f", kubectl.File("mini.yaml", manifest("web", "web:1", 0)))
	for edit, want := range map[string]string{
		`{"spec":{"replicas":-1}}`:                                        "spec.replicas in body should be greater than or equal to 0",
		`{"spec":{"replicas":2147483648}}`:                                "spec.replicas in body should be less than or equal to 2147483647",
		`{"spec":{"strategy":{"rollingUpdate":{"maxSurge":2147483648}}}}`: "spec.strategy.rollingUpdate.maxSurge in body should be less than or equal to 2147483647",
		`{"spec":{"strategy":{"rollingUpdate":{"maxSurge":1.5}}}}`:        "spec.strategy.rollingUpdate.maxSurge in body must be of type",
		`{"spec":{"template":"none"}}`:                                    "spec.template in body must be of type object",
		`{"spec":{"selector":{"matchLabels":{"app":"other"}}}}`:           "is immutable",
	} {
		kubectl.Prints(kubectl.Fails("patch", "mini", "web", "--type=merge", "-p", edit), want)
	}
}

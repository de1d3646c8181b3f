package minicontroller

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/gopawl/pawl/test/cluster/suite"
)

// undefaulted is a Mini whose template leaves out all that the API server fills in where it knows that
// it is one, and has a field that no API server knows.
const undefaulted = `
apiVersion: examples.gopawl.io/v1
kind: Mini
metadata: {name: web}
spec:
  replicas: 3
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      fieldOfTomorrow: {deep: [1, 2.5, true]}
      containers:
      - name: main
        image: web:1
        ports: [{containerPort: 8080}]
        env: [{name: NAME, valueFrom: {fieldRef: {fieldPath: metadata.name}}}]
        resources: {requests: {cpu: 0.05, memory: 64Mi}}
        readinessProbe: {httpGet: {port: 8080}}
      volumes: [{name: scratch, emptyDir: {}}, {name: config, configMap: {name: config, optional: true}}]
`

// A template in a custom resource is not defaulted, the one in a ReplicaSet is. The two are still one
// and the same at every look, and a look that finds nothing to do writes nothing.
func TestFiftyLooksAtAnUndefaultedTemplate(t *testing.T) {
	t.Parallel()
	c := start(t)
	c.apply(undefaulted)
	c.completes("web")
	c.patch("web", `{"spec":{"template":{"metadata":{"annotations":{"version":"2"}}}}}`)
	c.completes("web")
	mini, err := c.minis.Get(t.Context(), "web", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if field, _, _ := unstructured.NestedFieldNoCopy(mini.Object, "spec", "template", "spec", "fieldOfTomorrow", "deep"); fmt.Sprint(field) != "[1 2.5 true]" {
		t.Errorf("a field that nobody knows became %v", field)
	}
	sizes, looks, calls := c.Sizes(), c.rested(), len(c.wire.All())
	const forced = 50
	for i := range forced {
		c.patch("web", fmt.Sprintf(`{"metadata":{"annotations":{"look":"%d"}}}`, i))
		for n := c.reconciles(); n <= looks+i; n = c.reconciles() {
			time.Sleep(5 * time.Millisecond)
		}
	}
	t.Logf("%d looks; calls meanwhile: %v", c.reconciles()-looks, since(c.wire.All()[calls:]))
	if now := c.Sizes(); len(now) != 2 || !maps.Equal(now, sizes) {
		t.Errorf("replica sets: %v, before %v", now, sizes)
	}
	c.onlyHoldsItsLease(calls)
}

// Where nothing happens, nothing is asked: but for the lease, and watches that the API server ends.
func TestNoCallWhileIdle(t *testing.T) {
	t.Parallel()
	c := start(t)
	c.apply(manifest("one", "web:1", 3) + "---" + manifest("two", "web:1", 0) + "---" + manifest("three", "web:1", 2))
	c.completes("one", "two", "three")
	c.patch("three", `{"spec":{"paused":true}}`) // it is looked at again and again
	c.patch("three", image("web:2", ""))
	c.Eventually(30*time.Second, c.says("three", "Paused", "paused"))
	looks, calls := c.rested(), len(c.wire.All())
	const idle = 12 * time.Second
	time.Sleep(idle) // what is promised is that nothing happens
	t.Logf("in %v: %d looks, calls %v", idle, c.reconciles()-looks, since(c.wire.All()[calls:]))
	if c.reconciles() == looks {
		t.Error("the paused Mini was not looked at")
	}
	c.onlyHoldsItsLease(calls)
}

// rested waits until nothing is left to look at, and returns how often it was looked.
func (c *controller) rested() int {
	c.Helper()
	looks := c.reconciles()
	c.Eventually(30*time.Second, func(ctx context.Context) error {
		before := looks
		select {
		case <-time.After(time.Second):
		case <-ctx.Done():
		}
		if looks = c.reconciles(); looks != before {
			return fmt.Errorf("%d looks, and %d a second before", looks, before)
		}
		return nil
	})
	return looks
}

// onlyHoldsItsLease checks the calls after the first so many.
func (c *controller) onlyHoldsItsLease(calls int) {
	c.Helper()
	for _, call := range c.wire.All()[calls:] {
		if call.Verb != "watch" && call.Resource != "leases.coordination.k8s.io" {
			c.Errorf("called: %v", call)
		}
	}
}

// since counts calls by verb and resource.
func since(calls []suite.Call) string {
	count := map[string]int{}
	for _, call := range calls {
		count[call.Verb+" "+call.Resource]++
	}
	var all []string
	for _, kind := range slices.Sorted(maps.Keys(count)) {
		all = append(all, fmt.Sprintf("%d× %s", count[kind], kind))
	}
	return strings.Join(all, ", ")
}

package main

import (
	"context"
	"errors"
	"os"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/kubernetes"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/yaml"

	"github.com/gopawl/pawl/rollout/kube"
	"github.com/gopawl/pawl/rollout/kube/kubetest"
)

// env is a cluster in the process with the Mini of example.yaml.
type env struct {
	*testing.T
	client client.Client
	r      *reconciler
	key    client.ObjectKey
}

// manager has what a reconciler asks of one; its reads are live.
type manager struct {
	ctrl.Manager
	client client.Client
}

func (m manager) GetClient() client.Client    { return m.client }
func (m manager) GetAPIReader() client.Reader { return m.client }

func start(t *testing.T) *env {
	t.Helper()
	resource := kubetest.Resource{Group: "examples.gopawl.io", Version: "v1", Kind: "Mini", Plural: "minis", Status: true}
	config := kubetest.Start(t, kubetest.Options{StartUp: -1, Resources: []kubetest.Resource{resource}}).Config()
	c, err := client.New(config, client.Options{})
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile("example.yaml")
	if err != nil {
		t.Fatal(err)
	}
	mini := newMini()
	if err := yaml.Unmarshal(text, &mini.Object); err != nil {
		t.Fatal(err)
	}
	mini.SetNamespace("default")
	if err := unstructured.SetNestedField(mini.Object, "RollingUpdate", "spec", "strategy", "type"); err != nil { // as the API server does
		t.Fatal(err)
	}
	if err := c.Create(t.Context(), mini); err != nil {
		t.Fatal(err)
	}
	r := &reconciler{Manager: manager{client: c}, pawl: &kube.Client{API: kubernetes.NewForConfigOrDie(config)}}
	return &env{t, c, r, client.ObjectKeyFromObject(mini)}
}

func (e *env) get() *unstructured.Unstructured {
	e.Helper()
	mini := newMini()
	if err := e.client.Get(e.Context(), e.key, mini); err != nil {
		e.Fatal(err)
	}
	return mini
}

// set changes the specification.
func (e *env) set(value any, path ...string) {
	e.Helper()
	mini := e.get()
	if err := unstructured.SetNestedField(mini.Object, value, append([]string{"spec"}, path...)...); err != nil {
		e.Fatal(err)
	}
	if err := e.client.Update(e.Context(), mini); err != nil {
		e.Fatal(err)
	}
}

// ready is the condition, as its status, reason and message.
func (e *env) ready() [3]string {
	e.Helper()
	conditions, _, _ := unstructured.NestedSlice(e.get().Object, "status", "conditions")
	if len(conditions) != 1 {
		e.Fatalf("conditions: %v, want one", conditions)
	}
	c := conditions[0].(map[string]any)
	return [3]string{c["status"].(string), c["reason"].(string), c["message"].(string)}
}

// completes reconciles until nothing is left to be done.
func (e *env) completes() {
	e.Helper()
	ctx, cancel := context.WithTimeout(e.Context(), 20*time.Second)
	defer cancel()
	for {
		result, err := e.r.Reconcile(ctx, ctrl.Request{NamespacedName: e.key})
		if err != nil {
			e.Fatal(err)
		}
		if result.RequeueAfter == 0 {
			break
		}
		time.Sleep(5 * time.Millisecond) // a queue waits for a change
	}
	if got, want := e.ready(), [3]string{"True", "Complete", "3 of 3 updated replicas are available"}; got != want {
		e.Errorf("ready: %q, want %q", got, want)
	}
}

func TestRollsOut(t *testing.T) {
	e := start(t)
	e.completes()
	e.set(map[string]any{"version": "2"}, "template", "metadata", "annotations")
	e.completes()
	settled := e.get()
	for range 3 {
		if result, err := e.r.Reconcile(t.Context(), ctrl.Request{NamespacedName: e.key}); err != nil || result != (ctrl.Result{}) {
			t.Errorf("nothing to do: %+v, %v", result, err)
		}
	}
	if now := e.get(); now.GetResourceVersion() != settled.GetResourceVersion() {
		t.Errorf("written again: %v, before %v", now.Object["status"], settled.Object["status"])
	}
	e.set(true, "paused") // says something new, and only then is there something to write
	if _, err := e.r.Reconcile(t.Context(), ctrl.Request{NamespacedName: e.key}); err != nil || e.ready()[1] != "Paused" {
		t.Errorf("paused: %q, %v", e.ready(), err)
	}
}

func TestWhatCannotBeDoneIsSaid(t *testing.T) {
	e := start(t)
	e.set("Canary", "strategy", "type")
	_, err := e.r.Reconcile(t.Context(), ctrl.Request{NamespacedName: e.key})
	if !errors.Is(err, reconcile.TerminalError(nil)) {
		t.Errorf("%v, want an error that is not tried again", err)
	}
	if got, want := e.ready(), [3]string{"False", "Error", "strategy.type: invalid value Canary: must be RollingUpdate or Recreate"}; got != want {
		t.Errorf("ready: %q, want %q", got, want)
	}
	e.set("Recreate", "strategy", "type")
	e.completes()
}

func TestWhatIsGoneIsNoError(t *testing.T) {
	e := start(t)
	if err := e.client.Delete(t.Context(), e.get()); err != nil {
		t.Fatal(err)
	}
	if result, err := e.r.Reconcile(t.Context(), ctrl.Request{NamespacedName: e.key}); err != nil || result != (ctrl.Result{}) {
		t.Errorf("%+v, %v", result, err)
	}
}

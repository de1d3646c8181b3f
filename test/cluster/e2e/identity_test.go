package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/gopawl/pawl/rollout"
	"github.com/gopawl/pawl/rollout/kube"
	"github.com/gopawl/pawl/strategies"
	"github.com/gopawl/pawl/test/cluster/suite"
)

// undefaulted is a template as a user writes it into a custom resource: nobody has filled in what
// the API server does for ports, probes, volumes, fields, quantities and the pod.
const undefaulted = `{
	"metadata": {"labels": {"app": "web"}},
	"spec": {
		"containers": [{
			"name": "main", "image": %q,
			"ports": [{"containerPort": 80}],
			"env": [{"name": "POD", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}],
			"resources": {"limits": {"cpu": "1000m", "memory": "0.5Gi"}},
			"readinessProbe": {"httpGet": {"port": 80}},
			"volumeMounts": [{"name": "conf", "mountPath": "/conf"}]
		}],
		"volumes": [{"name": "conf", "configMap": {"name": "conf", "optional": true}}]
	}
}`

// An embedder's template is never defaulted, and the stored one always is: it is found by its stamp
// all the same, by a process that has just started too. Deployment's way, equality, makes one more
// ReplicaSet at every second look.
func TestUndefaultedTemplateHasOneReplicaSet(t *testing.T) {
	for _, test := range []struct {
		form   string
		decode func([]byte) (any, error)
	}{
		{"typed", decode[corev1.PodTemplateSpec]},
		{"unstructured", decode[map[string]any]},
	} {
		t.Run(test.form, func(t *testing.T) {
			e := embedder{Fixture: suite.New(t), decode: test.decode}
			e.target = e.Fixture.Target("web", "", 2)
			images := []string{"web:1", "web:2", "web:3"}
			for i := range 5 { // there and back again
				e.complete(images[i%len(images)])
				e.quiet(images[i%len(images)], 200)
			}
			e.checkSets(images)
			t.Logf("%d reconciles, %d requests, %d of them writes", e.reconciles, len(e.wire.All()), len(e.wire.Writes()))
		})
	}
}

func decode[T any](text []byte) (any, error) {
	var v T
	err := json.Unmarshal(text, &v)
	return v, err
}

// embedder is a controller whose process starts anew now and then.
type embedder struct {
	*suite.Fixture
	decode func([]byte) (any, error)
	target kube.Target

	wire       suite.Wire
	client     *kube.Client
	reconciles int
}

// reconcile makes all but the client anew, the template from what the user wrote.
func (e *embedder) reconcile(ctx context.Context, image string) (rollout.Status, error) {
	if e.reconciles%25 == 0 {
		e.client = e.Over(&e.wire)
	}
	e.reconciles++
	var err error
	if e.target.Template, err = e.decode(fmt.Appendf(nil, undefaulted, image)); err != nil {
		return rollout.Status{}, err
	}
	engine := rollout.Engine{}
	return engine.Reconcile(ctx, e.Workload(e.client, e.target), strategies.Rolling{})
}

// complete reconciles until the template is rolled out.
func (e *embedder) complete(image string) {
	e.Helper()
	e.Eventually(30*time.Second, func(ctx context.Context) error {
		status, err := e.reconcile(ctx, image)
		if err == nil && status.Phase != rollout.Complete {
			err = errors.New(status.Message)
		}
		return err
	})
}

// quiet reconciles so many times more, in which nothing but reads is asked for: no write, and no
// dry run either.
func (e *embedder) quiet(image string, times int) {
	e.Helper()
	before := len(e.wire.All())
	for range times {
		if status, err := e.reconcile(e.Context(), image); err != nil || status.Phase != rollout.Complete || status.Writes > 0 {
			e.Fatalf("%s: %v, %+v", image, err, status)
		}
	}
	for _, c := range e.wire.All()[before:] {
		if c.Verb != "get" && c.Verb != "list" {
			e.Errorf("%s, which is rolled out: %v", image, c)
		}
	}
}

// checkSets wants one ReplicaSet for each image, whose template has defaults that nobody wrote.
func (e *embedder) checkSets(images []string) {
	e.Helper()
	var found []string
	for _, rs := range e.Sets() {
		spec := rs.Spec.Template.Spec
		found = append(found, spec.Containers[0].Image)
		if spec.DNSPolicy == "" || spec.Containers[0].Ports[0].Protocol == "" || spec.Volumes[0].ConfigMap.DefaultMode == nil {
			e.Errorf("%s: stored without defaults, which proves nothing: %+v", rs.Name, spec)
		}
	}
	slices.Sort(found)
	if !slices.Equal(found, images) {
		e.Errorf("replica sets of %v, want one of each of %v", found, images)
	}
}

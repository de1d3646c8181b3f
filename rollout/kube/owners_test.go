package kube_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gopawl/pawl/rollout"
	"github.com/gopawl/pawl/rollout/kube"
	"github.com/gopawl/pawl/rollout/kube/kubetest"
)

func TestOneClientServesManyOwners(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := start(t, kubetest.Options{})
		c := &kube.Client{API: e.api, Cache: e.informers()}
		var all sync.WaitGroup
		for i := range 8 {
			name := fmt.Sprintf("app-%d", i)
			owner := e.newOwner(name)
			target := e.target("web:1", 2)
			tmpl := template("web:1")
			tmpl.Labels = map[string]string{"app": name}
			target.Owner.Name, target.Owner.UID, target.Template = name, owner.UID, tmpl
			target.Owner.Live = func(context.Context) (metav1.Object, error) { return owner, nil }
			target.Selector = &metav1.LabelSelector{MatchLabels: tmpl.Labels}
			all.Go(func() { e.twice(c, target) })
		}
		all.Wait()
		byOwner := map[string]int32{}
		for _, rs := range e.sets() {
			byOwner[rs.OwnerReferences[0].Name] += *rs.Spec.Replicas
		}
		if len(byOwner) != 8 || len(e.sets()) != 16 {
			t.Errorf("%d ReplicaSets, sizes %v", len(e.sets()), byOwner)
		}
		for name, n := range byOwner {
			if n != 2 {
				t.Errorf("%s has %d", name, n)
			}
		}
	})
}

// twice rolls out two templates in its own goroutine.
func (e *env) twice(c *kube.Client, target kube.Target) {
	engine := rollout.Engine{Poll: time.Second}
	for _, image := range []string{"web:1", "web:2"} {
		tmpl := template(image)
		tmpl.Labels = target.Selector.MatchLabels
		target.Template = tmpl
		w, err := c.Workload(target)
		if err == nil {
			_, err = engine.Run(e.Context(), w, rolling)
		}
		if err != nil {
			e.Error(err)
		}
	}
}

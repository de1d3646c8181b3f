package minicontroller

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// A process that is killed leaves a rollout as it is; the next one, when the lease has run out, goes on.
func TestKilledMidway(t *testing.T) {
	t.Parallel()
	c := start(t)
	c.apply(manifest("web", "web:1", 4))
	c.completes("web")
	o := c.Observer()
	c.patch("web", image("web:2", "500ms"))
	c.Eventually(30*time.Second, c.midway)
	c.kill()
	c.run()
	c.completes("web")
	c.runs("web:2", 4)
	c.within(o.Bounds(), 4, 5)
	if sets := c.Sizes(); len(sets) != 2 {
		t.Errorf("replica sets: %v, want one for each template", sets)
	}
}

// Eight rollouts at once: each keeps its own bounds.
func TestEightAtOnce(t *testing.T) {
	t.Parallel()
	c := start(t)
	const n = 8
	var names []string
	for i := range n {
		names = append(names, fmt.Sprintf("web%d", i))
		c.apply(manifest(names[i], "web:1", 3))
	}
	c.completes(names...)
	o := c.Observer()
	for _, name := range names {
		c.patch(name, image("web:2", "300ms"))
	}
	c.completes(names...)
	o.Bounds()
	for _, name := range names {
		c.within(o.BoundsOf("app="+name), 3, 4)
	}
	c.runs("web:2", 3*n)
	if sets := c.Sizes(); len(sets) != 2*n {
		t.Errorf("%d replica sets, want two for each of %d Minis: %v", len(sets), n, sets)
	}
	c.keepsToItsRole()
}

// What a Mini owns goes with it, in whichever way it is deleted, or stays and is taken over again.
func TestDeletion(t *testing.T) {
	t.Parallel()
	c := start(t)
	gone := func(ctx context.Context) error {
		pods, err := c.Pods(ctx, "")
		if err == nil && len(pods)+len(c.Sizes()) > 0 {
			err = fmt.Errorf("%d pods, replica sets %v", len(pods), c.Sizes())
		}
		return err
	}
	for _, cascade := range []string{"background", "foreground"} {
		c.apply(manifest("web", "web:1", 2))
		c.completes("web")
		calls := len(c.wire.All())
		c.kubectl.Does("delete", "mini", "web", "--cascade="+cascade, "--timeout=60s")
		c.Eventually(60*time.Second, gone)
		for _, call := range c.wire.All()[calls:] {
			if call.Resource == "replicasets.apps" && call.Wrote() {
				t.Errorf("while the Mini was deleted, cascading in the %s: %v", cascade, call)
			}
		}
	}
	c.apply(manifest("web", "web:1", 2))
	c.completes("web")
	pods := c.PodUIDs()
	c.kubectl.Does("delete", "mini", "web", "--cascade=orphan", "--timeout=60s")
	c.Eventually(30*time.Second, func(context.Context) error {
		if metav1.GetControllerOf(c.Only()) != nil {
			return errors.New("the replica set still has an owner")
		}
		return nil
	})
	c.apply(manifest("web", "web:1", 2))
	c.completes("web")
	if diff := cmp.Diff(pods, c.PodUIDs()); diff != "" || metav1.GetControllerOf(c.Only()) == nil {
		t.Errorf("the orphans are not taken over as they are: %s", diff)
	}
}

// Of the revisions that nobody runs any more ten are kept.
func TestTenRevisionsAreKept(t *testing.T) {
	t.Parallel()
	c := start(t)
	c.apply(manifest("web", "web:1", 0))
	c.completes("web")
	for i := range 13 {
		c.patch("web", image(fmt.Sprintf("web:%d", i+2), ""))
		c.completes("web")
	}
	if sets := c.Sizes(); len(sets) != 11 {
		t.Errorf("%d replica sets, want ten and the one that is wanted", len(sets))
	}
	c.keepsToItsRole()
}

package minicontroller

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// reports are the statuses that a Mini had, one after another.
type reports struct {
	*controller
	name string

	mu       sync.Mutex
	statuses []string
	version  string // of what was seen last
}

// reports follows a Mini from before its creation.
func (c *controller) reports(name string) *reports {
	c.Helper()
	r := &reports{controller: c, name: name}
	watch, err := c.minis.Watch(c.Context(), metav1.ListOptions{FieldSelector: "metadata.name=" + name})
	if err != nil {
		c.Fatal(err)
	}
	c.Cleanup(watch.Stop)
	go func() {
		for event := range watch.ResultChan() {
			if mini, ok := event.Object.(*unstructured.Unstructured); ok {
				r.take(mini)
			}
		}
	}()
	return r
}

func (r *reports) take(mini *unstructured.Unstructured) {
	status, _ := json.Marshal(mini.Object["status"])
	r.mu.Lock()
	defer r.mu.Unlock()
	r.version = mini.GetResourceVersion()
	if n := len(r.statuses); string(status) != "null" && (n == 0 || r.statuses[n-1] != string(status)) {
		r.statuses = append(r.statuses, string(status))
	}
}

// all returns those so far.
func (r *reports) all() []string {
	r.Helper()
	var all []string
	r.Eventually(10*time.Second, func(ctx context.Context) error {
		mini, err := r.minis.Get(ctx, r.name, metav1.GetOptions{})
		if err != nil {
			return err
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		if all = append([]string(nil), r.statuses...); r.version != mini.GetResourceVersion() {
			return fmt.Errorf("version %s was seen last, %s is there", r.version, mini.GetResourceVersion())
		}
		return nil
	})
	return all
}

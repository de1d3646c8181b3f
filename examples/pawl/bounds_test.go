//go:build unix

package main_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gopawl/pawl/examples/pawl/internal/app"
	"github.com/gopawl/pawl/rollout/kube"
)

// The amounts of every manifest here, which the ledger holds the rollouts to.
const (
	surge       = 2
	unavailable = 1
)

// apply makes a change, and reports what is wrong with the state after it.
func (l *ledger) apply(c change) error {
	before := l.sizes()
	switch o := c.object.(type) {
	case *appsv1.ReplicaSet:
		if l.sets[o.UID] = o; c.gone {
			delete(l.sets, o.UID)
		}
	case *corev1.Pod:
		if l.pods[o.UID] = o; c.gone {
			delete(l.pods, o.UID)
		}
	case *corev1.ConfigMap:
		return l.want(o)
	}
	return errors.Join(l.checkSizes(before), l.checkAvailable(), l.checkTemplates(), l.checkOwners())
}

// want takes note of how many replicas are wanted.
func (l *ledger) want(cm *corev1.ConfigMap) error {
	var wanted struct {
		Spec struct{ Replicas *int }
	}
	if cm.Labels[app.Label] == "" {
		return nil
	}
	if err := json.Unmarshal([]byte(cm.Data["manifest"]), &wanted); err != nil {
		return err
	}
	n := 1
	if wanted.Spec.Replicas != nil {
		n = *wanted.Spec.Replicas
	}
	if l.wanted == 0 {
		l.floor, l.ceiling = n-unavailable, n+surge
	}
	l.wanted = n
	l.floor, l.ceiling = min(l.floor, n-unavailable), max(l.ceiling, n+surge)
	return nil
}

// completed says that a command has seen the rollout through.
func (l *ledger) completed() {
	l.settled, l.floor, l.ceiling = true, l.wanted-unavailable, l.wanted+surge
}

func (l *ledger) sizes() (sum int) {
	for _, rs := range l.sets {
		sum += int(*rs.Spec.Replicas)
	}
	return sum
}

func (l *ledger) available() (n int) {
	for _, p := range l.pods {
		if p.DeletionTimestamp == nil && ready(p) {
			n++
		}
	}
	return n
}

func ready(p *corev1.Pod) bool {
	return slices.ContainsFunc(p.Status.Conditions, func(c corev1.PodCondition) bool {
		return c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue
	})
}

func (l *ledger) checkSizes(before int) error {
	sum := l.sizes()
	if sum > before && sum == l.wanted+surge {
		l.atCeiling++
	}
	if sum > l.ceiling || sum > before && sum > l.wanted+surge {
		return fmt.Errorf("bound broken: sizes went from %d to %d; %d wanted, and at most %d at any time since the last completion", before, sum, l.wanted, l.ceiling)
	}
	return nil
}

func (l *ledger) checkAvailable() error {
	n := l.available()
	if n == l.floor {
		l.atFloor++
	}
	if l.settled && n < l.floor {
		return fmt.Errorf("bound broken: %d available, at least %d must be", n, l.floor)
	}
	return nil
}

func (l *ledger) checkTemplates() error {
	of := map[string]string{}
	for _, rs := range l.sets {
		id := rs.Annotations[kube.DefaultPrefix+"/template"]
		if of[id] != "" {
			return fmt.Errorf("replica sets %s and %s have the same template", of[id], rs.Name)
		}
		of[id] = rs.Name
	}
	return nil
}

func (l *ledger) checkOwners() error {
	for _, p := range l.pods {
		owner := metav1.GetControllerOf(p)
		if p.DeletionTimestamp == nil && (owner == nil || l.sets[owner.UID] == nil) {
			return fmt.Errorf("pod %s has no owner", p.Name)
		}
	}
	return nil
}

// complete checks that what is wanted is there, and nothing else.
func (l *ledger) complete(t *testing.T) {
	t.Helper()
	record, err := app.Store{API: l.api, Namespace: "default"}.Load(t.Context(), "web")
	if err != nil {
		t.Fatal(err)
	}
	want := record.Spec.Template["spec"].(map[string]any)["containers"].([]any)[0].(map[string]any)["image"]
	for _, rs := range l.sets {
		size := 0
		if rs.Spec.Template.Spec.Containers[0].Image == want {
			size = l.wanted
		}
		if int(*rs.Spec.Replicas) != size || int(rs.Status.AvailableReplicas) != size {
			t.Errorf("complete, and yet replica set %s has %d replicas, %d available: %d of %v are wanted", rs.Name, *rs.Spec.Replicas, rs.Status.AvailableReplicas, l.wanted, want)
		}
	}
}

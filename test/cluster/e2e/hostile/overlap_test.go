package hostile

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gopawl/pawl/rollout"
	"github.com/gopawl/pawl/rollout/kube"
	"github.com/gopawl/pawl/strategies"
	"github.com/gopawl/pawl/test/cluster/suite"
)

// A second app whose selector overlaps is refused with both names, before anything of it is made; the
// first does not notice. When the first is gone, the second goes on as it is.
func TestOverlappingAppIsRefused(t *testing.T) {
	t.Parallel()
	s := begin(t)
	sets, pods := s.Settled(s.Only().Name), s.PodUIDs()
	copied := s.Edited("httpd.v2.yaml", "name: httpd\n", "name: copy\n")
	const both = `begin ConfigMap "pawl.copy": its selector app=httpd and that of ConfigMap "pawl.httpd" overlap: one would select the other's pods`
	s.Prints(s.Fails("run", "-f", copied), both)
	s.Prints(s.Fails("status", "copy"), both)
	if diff := cmp.Diff(sets, s.Only()); diff != "" {
		t.Errorf("replica sets: %s", diff)
	}
	if diff := cmp.Diff(pods, s.PodUIDs()); diff != "" {
		t.Errorf("pods: %s", diff)
	}
	s.Does("run", "-f", suite.Manifest("httpd.v2.yaml")) // the first goes on, with the second beside it
	s.over()

	s.Does("delete", "httpd", "--cascade=foreground")
	s.Prints(s.Does("resume", "copy"), "deployment \"copy\" successfully rolled out\n")
	s.serves(newer, 3)
}

// The refusal comes before an orphan is adopted that both select.
func TestOverlapTakesNoOrphan(t *testing.T) {
	t.Parallel()
	f, wire := suite.New(t), &suite.Wire{}
	client := least(f, wire)
	f.Roll(client, f.Target("web", "web:1", 1))
	orphan := suite.ReplicaSet("web", "web:0", 1)
	orphan.Name, orphan.Labels = "orphan", orphan.Spec.Template.Labels
	f.Create(orphan)
	before := f.Settled("orphan")

	second := f.Target("other", "web:2", 1)
	second.Selector, second.Template = orphan.Spec.Selector, orphan.Spec.Template
	writes := len(wire.Writes())
	_, err := f.Reconcile(client, second)
	var refused *kube.RefusedError
	if !errors.As(err, &refused) || refused.Why != kube.SelectorOverlaps || !strings.Contains(err.Error(), `"other"`) || !strings.Contains(err.Error(), `"web"`) {
		t.Errorf("got %v, want a refusal with both names", err)
	}
	if diff := cmp.Diff(before, f.Get("orphan")); diff != "" || len(wire.Writes()) != writes {
		t.Errorf("written: %v; %s", wire.Writes()[writes:], diff)
	}
}

// Two that begin at the same moment see nothing of one another. Controller references keep them
// apart, with the same selector and the same template.
func TestTwoThatBeganAtOnceStayApart(t *testing.T) {
	t.Parallel()
	f := suite.New(t)
	client := least(f, &suite.Wire{})
	a, b := f.Target("a", "web:1", 2), f.Target("b", "web:1", 2)
	b.Selector, b.Template = a.Selector, a.Template
	var planned, ended sync.WaitGroup
	planned.Add(2)
	for _, target := range []kube.Target{a, b} {
		var once sync.Once
		engine := rollout.Engine{Poll: 100 * time.Millisecond, Trace: rollout.Trace{Planned: func(rollout.State, rollout.Plan) {
			once.Do(func() { planned.Done(); planned.Wait() })
		}}}
		workload := f.Workload(client, target)
		ended.Go(func() {
			if status, err := engine.Run(t.Context(), workload, strategies.Rolling{}); err != nil {
				t.Errorf("%s: %+v, %v", target.Owner.Name, status, err)
			}
		})
	}
	ended.Wait()
	of := func(owner kube.Owner) (one appsv1.ReplicaSet) {
		t.Helper()
		for _, rs := range f.Sets() {
			if ref := metav1.GetControllerOf(&rs); ref.UID == owner.UID && *rs.Spec.Replicas > 0 {
				one = rs
			}
		}
		return *f.Settled(one.Name)
	}
	theirs, pods := of(b.Owner), f.PodUIDs()
	a.Template = suite.ReplicaSet("a", "web:2", 0).Spec.Template
	f.Roll(client, a)
	if diff := cmp.Diff(theirs, of(b.Owner)); diff != "" {
		t.Errorf("the other was touched: %s", diff)
	}
	kept := 0
	for name, uid := range f.PodUIDs() {
		if pods[name] == uid {
			kept++
		}
	}
	if counts := f.Observe(f.Workload(client, b)).Counts(); counts.Total != 2 || kept < 2 {
		t.Errorf("%+v of the other, %d pods as before; want its 2", counts, kept)
	}
	if len(f.Sets()) != 3 {
		t.Errorf("%d replica sets, want 3", len(f.Sets()))
	}
}

// A Deployment with the same labels and the same template runs beside, and so does a pod that nobody
// controls. Neither side takes, counts or ends what is the other's.
func TestDeploymentWithTheSameLabelsIsNotTouched(t *testing.T) {
	t.Parallel()
	f := suite.New(t)
	client, target := least(f, &suite.Wire{}), f.Target("web", "web:1", 3)
	like := suite.ReplicaSet("web", "web:1", 2).Spec
	_, err := f.Client.AppsV1().Deployments(f.Namespace).Create(t.Context(), &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Name: "native"},
		Spec:       appsv1.DeploymentSpec{Replicas: like.Replicas, Selector: like.Selector, Template: like.Template},
	}, metav1.CreateOptions{})
	must(f, err)
	_, err = f.Client.CoreV1().Pods(f.Namespace).Create(t.Context(), &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: "bare", Labels: like.Template.Labels}, Spec: like.Template.Spec,
	}, metav1.CreateOptions{})
	must(f, err)
	f.Eventually(waiting, f.PodsReady("app=web", 3, 3))
	native, pods := f.Settled(f.Only().Name), f.PodUIDs()

	f.Roll(client, target)
	f.Roll(client, suite.WithImage(target, "web:2"))
	f.Eventually(waiting, f.PodsReady("app=web", 6, 6))
	if diff := cmp.Diff(native, f.Get(native.Name)); diff != "" {
		t.Errorf("the Deployment's replica set was touched: %s", diff)
	}
	for name, uid := range pods {
		if f.PodUIDs()[name] != uid {
			t.Errorf("pod %s was replaced", name)
		}
	}
	f.Eventually(waiting, func(ctx context.Context) error {
		d, err := f.Client.AppsV1().Deployments(f.Namespace).Get(ctx, "native", metav1.GetOptions{})
		if err == nil && (d.Status.Replicas != 2 || d.Generation != 1) {
			err = errors.New("the Deployment counts others' pods")
		}
		return err
	})
}

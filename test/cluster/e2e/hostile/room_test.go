package hostile

import (
	"context"
	"fmt"
	"strconv"
	"testing"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	schedulingv1 "k8s.io/api/scheduling/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/gopawl/pawl/test/cluster/suite"
)

const place = "example.com/place"

// nodes are fake nodes of this test alone, of four CPUs each. They are tainted, so pods get there by
// what onNodes says.
func nodes(f *suite.Fixture, n int) []string {
	f.Helper()
	api := f.Client.CoreV1().Nodes()
	room := corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("4"), corev1.ResourceMemory: resource.MustParse("8Gi"), corev1.ResourcePods: resource.MustParse("20")}
	var names []string
	for i := range n {
		name := f.Namespace + "-" + strconv.Itoa(i)
		_, err := api.Create(f.Context(), &corev1.Node{
			ObjectMeta: metav1.ObjectMeta{
				Name:        name,
				Labels:      map[string]string{place: f.Namespace},
				Annotations: map[string]string{"kwok.x-k8s.io/node": "fake"},
			},
			Spec:   corev1.NodeSpec{Taints: []corev1.Taint{{Key: place, Value: f.Namespace, Effect: corev1.TaintEffectNoSchedule}}},
			Status: corev1.NodeStatus{Allocatable: room, Capacity: room},
		}, metav1.CreateOptions{})
		must(f, err)
		f.Cleanup(func() {
			if err := api.Delete(context.WithoutCancel(f.Context()), name, metav1.DeleteOptions{}); err != nil {
				f.Error(err)
			}
		})
		f.Eventually(waiting, func(ctx context.Context) error {
			node, err := api.Get(ctx, name, metav1.GetOptions{})
			if err == nil && (len(node.Spec.Taints) != 1 || len(node.Status.Conditions) == 0) {
				err = fmt.Errorf("node %s: taints %v, conditions %v", name, node.Spec.Taints, node.Status.Conditions)
			}
			return err
		})
		names = append(names, name)
	}
	return names
}

// onNodes makes pods of httpd go to those nodes, four to each.
func onNodes(f *suite.Fixture) (oldnew []string) {
	return append(container("resources: {requests: {cpu: 1}}"),
		pod("nodeSelector: {"+place+": "+f.Namespace+"}", "tolerations: [{key: "+place+", operator: Exists}]")...)
}

// More important pods take the room of two in the middle of the rollout, and give it back. Meanwhile
// replicas are gone by others' hands; Pawl takes no more of those that are left, and asks for no more
// than before.
func TestPreemption(t *testing.T) {
	t.Parallel()
	f := suite.New(t)
	nodes(f, 1)
	s := enter(f)
	s.Does("run", "-f", s.Edited("httpd.v1.yaml", onNodes(f)...))
	s.serves(older, 3)
	o := s.Observer()
	wait := s.Start("run", "-f", s.Edited("httpd.v2.yaml", append(onNodes(f), slow("1s")...)...))
	s.underWay()

	squeezed := important(f, 2)
	s.Eventually(waiting, f.PodsReady("app=important", 2, 2))
	s.says("Unschedulable: 0/", " Insufficient cpu")
	s.Eventually(waiting, s.PodsReady("app=httpd", 4, 2))
	before := s.serving()
	s.Does("status", "httpd") // some time goes by
	if after := s.serving(); after < before || before != 2 {
		t.Errorf("%d serve, then %d; want the 2 for which there is room", before, after)
	}
	squeezed()
	out, code := wait()
	s.Prints(out, done)
	if code != 0 {
		t.Errorf("exit code %d", code)
	}
	o.Bounds()
	b := o.BoundsOf("app=httpd")
	t.Logf("%+v", b)
	if err := (suite.Promise{Floor: 2, Ceiling: 4}).Judge(b); err != nil { // there is room for 2
		t.Errorf("%v\n%s", err, o.Story())
	}
	s.over()
}

func (s scene) serving() int { return s.ready(older) + s.ready(newer) }

// important makes so many pods that others must make room for, and returns what takes them away.
func important(f *suite.Fixture, n int32) (gone func()) {
	f.Helper()
	classes := f.Client.SchedulingV1().PriorityClasses()
	_, err := classes.Create(f.Context(), &schedulingv1.PriorityClass{ObjectMeta: metav1.ObjectMeta{Name: f.Namespace}, Value: 1000}, metav1.CreateOptions{})
	must(f, err)
	f.Cleanup(func() {
		if err := classes.Delete(context.WithoutCancel(f.Context()), f.Namespace, metav1.DeleteOptions{}); err != nil {
			f.Error(err)
		}
	})
	rs := suite.ReplicaSet("important", "important:1", n)
	spec := &rs.Spec.Template.Spec
	spec.PriorityClassName = f.Namespace
	spec.NodeSelector = map[string]string{place: f.Namespace}
	spec.Tolerations = []corev1.Toleration{{Operator: corev1.TolerationOpExists}}
	spec.Containers[0].Resources.Requests = corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("1")}
	f.Eventually(waiting, func(ctx context.Context) error { // the class is looked up in a cache
		_, err := f.Client.CoreV1().Pods(f.Namespace).Create(ctx, &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "trial"}, Spec: *spec}, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
		return err
	})
	f.Create(rs)
	return func() {
		f.Remove("important")
		f.Eventually(waiting, f.PodsReady("app=important", 0, 0))
	}
}

// Somebody drains a node in the middle of the rollout, pod by pod, as far as a PodDisruptionBudget
// allows. Pawl and the budget do not know of one another: either may count on the one replica that is
// there beyond what it wants, so one less may be left than the budget of two says.
func TestDrain(t *testing.T) {
	t.Parallel()
	f := suite.New(t)
	both := nodes(f, 2)
	s := enter(f)
	s.Does("run", "-f", s.Edited("httpd.v1.yaml", onNodes(f)...))
	s.serves(older, 3)
	two := intstr.FromInt32(2)
	_, err := f.Client.PolicyV1().PodDisruptionBudgets(f.Namespace).Create(t.Context(), &policyv1.PodDisruptionBudget{
		ObjectMeta: metav1.ObjectMeta{Name: "httpd"},
		Spec:       policyv1.PodDisruptionBudgetSpec{MinAvailable: &two, Selector: &metav1.LabelSelector{MatchLabels: map[string]string{"app": "httpd"}}},
	}, metav1.CreateOptions{})
	must(f, err)
	o := s.Observer()
	wait := s.Start("run", "-f", s.Edited("httpd.v2.yaml", append(onNodes(f), slow("500ms")...)...))
	s.underWay()
	evicted := drain(f, both[0])
	out, code := wait()
	s.Prints(out, done)
	if code != 0 {
		t.Errorf("exit code %d", code)
	}
	s.over()
	for _, pod := range s.PodsNow() {
		if pod.Spec.NodeName != both[1] {
			t.Errorf("pod %s is on %s", pod.Name, pod.Spec.NodeName)
		}
	}
	b := o.Bounds()
	t.Logf("%d evicted, %+v", evicted, b)
	if err := (suite.Promise{Floor: 1, Ceiling: 4}).Judge(b); err != nil || evicted == 0 {
		t.Errorf("%d evicted: %v\n%s", evicted, err, o.Story())
	}
}

// drain makes nobody go to a node, and those who are there leave; it returns how many were evicted.
func drain(f *suite.Fixture, node string) (evicted int) {
	f.Helper()
	_, err := f.Client.CoreV1().Nodes().Patch(f.Context(), node, types.MergePatchType, []byte(`{"spec":{"unschedulable":true}}`), metav1.PatchOptions{})
	must(f, err)
	pods := f.Client.CoreV1().Pods(f.Namespace)
	f.Eventually(2*waiting, func(ctx context.Context) error {
		left, err := pods.List(ctx, metav1.ListOptions{FieldSelector: "spec.nodeName=" + node})
		if err != nil {
			return err
		}
		for _, pod := range left.Items {
			err := pods.EvictV1(ctx, &policyv1.Eviction{ObjectMeta: metav1.ObjectMeta{Name: pod.Name, Namespace: pod.Namespace}})
			switch {
			case err == nil && pod.DeletionTimestamp == nil:
				evicted++
			case err != nil && !apierrors.IsTooManyRequests(err) && !apierrors.IsNotFound(err):
				return err
			}
		}
		if n := len(left.Items); n > 0 {
			return fmt.Errorf("%d pods are left on %s", n, node)
		}
		return nil
	})
	return evicted
}

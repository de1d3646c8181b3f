package kube_test

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gopawl/pawl/rollout"
	"github.com/gopawl/pawl/rollout/kube"
	"github.com/gopawl/pawl/rollout/kube/kubetest"
)

// ofOne is a cache with one ReplicaSet of the owner and pods of it.
func (e *env) ofOne(change func(*appsv1.ReplicaSet), pods ...func(*corev1.Pod)) fixed {
	e.Helper()
	rs := e.make("web-1", "web:1", e.owned)
	if change != nil {
		change(rs)
	}
	all := make([]*corev1.Pod, 0, len(pods))
	for _, change := range pods {
		pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "p", Labels: rs.Labels, OwnerReferences: []metav1.OwnerReference{
			*metav1.NewControllerRef(rs, appsv1.SchemeGroupVersion.WithKind("ReplicaSet")),
		}}}
		pod.Status.Phase = corev1.PodRunning
		change(pod)
		all = append(all, pod)
	}
	return fixed{sets: []*appsv1.ReplicaSet{rs}, pods: all}
}

// seen is the one revision that a client sees in a cache.
func (e *env) seen(cache fixed) rollout.Revision {
	e.Helper()
	c := &kube.Client{API: e.api, Cache: cache}
	e.observed(c, e.target("web:2", 1)) // the first look is live
	_, s := e.observed(c, e.target("web:2", 1))
	if len(s.Revisions) != 1 {
		e.Fatalf("observed %+v", s.Revisions)
	}
	return s.Revisions[0]
}

func readySince(ago time.Duration) func(*corev1.Pod) {
	return func(p *corev1.Pod) {
		p.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue, LastTransitionTime: metav1.NewTime(time.Now().Add(-ago))}}
	}
}

func TestPodsAreCountedAsTheirControllerDoes(t *testing.T) {
	now := metav1.Now()
	ready := readySince(time.Minute)
	is := func(phase corev1.PodPhase) func(*corev1.Pod) {
		return func(p *corev1.Pod) { ready(p); p.Status.Phase = phase }
	}
	deleted := func(p *corev1.Pod) { p.DeletionTimestamp = &now }
	type counts struct{ Actual, Ready, Available, Terminating int32 }
	for name, c := range map[string]struct {
		pod  func(*corev1.Pod)
		want counts
	}{
		"available":                   {ready, counts{1, 1, 1, 0}},
		"ready but not for long":      {readySince(29 * time.Second), counts{1, 1, 0, 0}},
		"ready for long enough":       {readySince(30 * time.Second), counts{1, 1, 1, 0}},
		"not ready":                   {func(*corev1.Pod) {}, counts{1, 0, 0, 0}},
		"phase unknown":               {is(corev1.PodUnknown), counts{1, 1, 1, 0}},
		"no phase yet":                {func(p *corev1.Pod) { p.Status.Phase = "" }, counts{1, 0, 0, 0}},
		"failed":                      {is(corev1.PodFailed), counts{}},
		"succeeded":                   {is(corev1.PodSucceeded), counts{}},
		"terminating":                 {func(p *corev1.Pod) { ready(p); deleted(p) }, counts{0, 0, 0, 1}},
		"terminating and failed":      {func(p *corev1.Pod) { is(corev1.PodFailed)(p); deleted(p) }, counts{}},
		"another's":                   {func(p *corev1.Pod) { ready(p); p.OwnerReferences[0].UID = "other" }, counts{}},
		"nobody's":                    {func(p *corev1.Pod) { ready(p); p.OwnerReferences = nil }, counts{}},
		"ready without saying when":   {func(p *corev1.Pod) { ready(p); p.Status.Conditions[0].LastTransitionTime = metav1.Time{} }, counts{1, 1, 0, 0}},
		"not ready, of unknown state": {func(p *corev1.Pod) { ready(p); p.Status.Conditions[0].Status = corev1.ConditionUnknown }, counts{1, 0, 0, 0}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				e := still(t)
				r := e.seen(e.ofOne(func(rs *appsv1.ReplicaSet) {
					rs.Spec.MinReadySeconds, rs.Status.ReadyReplicas = 30, c.want.Ready
				}, c.pod))
				if d := cmp.Diff(c.want, counts{r.Actual, r.Ready, r.Available, r.Terminating}); d != "" {
					t.Errorf("-want +got:\n%s", d)
				}
			})
		})
	}
}

func TestCountsAreObservedOnlyWhenBothSidesAgree(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*appsv1.ReplicaSet)
		want   bool
	}{
		"agree":                      {func(*appsv1.ReplicaSet) {}, true},
		"status of an older size":    {func(rs *appsv1.ReplicaSet) { rs.Generation++ }, false},
		"still to be made":           {func(rs *appsv1.ReplicaSet) { *rs.Spec.Replicas = 5 }, true},
		"still to be deleted":        {func(rs *appsv1.ReplicaSet) { *rs.Spec.Replicas = 0 }, false},
		"another number of ready":    {func(rs *appsv1.ReplicaSet) { rs.Status.ReadyReplicas = 0 }, false},
		"another number of replicas": {func(rs *appsv1.ReplicaSet) { rs.Status.Replicas = 2 }, false},
	} {
		t.Run(name, func(t *testing.T) {
			e := still(t)
			r := e.seen(e.ofOne(func(rs *appsv1.ReplicaSet) {
				rs.Status.ObservedGeneration, rs.Status.Replicas, rs.Status.ReadyReplicas = rs.Generation, 1, 1
				*rs.Spec.Replicas = 1
				c.change(rs)
			}, readySince(0)))
			if r.Observed != c.want {
				t.Errorf("observed %t", r.Observed)
			}
		})
	}
}

// reasons waits and returns why replicas do not become available.
func (e *env) reasons(after time.Duration, fail string, change func(*corev1.PodTemplateSpec)) []string {
	e.Helper()
	c := &kube.Client{API: e.api}
	target := e.target("web:1", 1)
	tmpl := template("web:1")
	tmpl.Annotations = map[string]string{"sim/fail": fail}
	if change != nil {
		change(&tmpl)
	}
	target.Template = tmpl
	e.reconcile(c, target)
	time.Sleep(after)
	_, s := e.observed(c, target)
	var reasons []string
	for _, p := range s.Revisions[0].Problems {
		if p.Message == "" && p.Reason != "ContainersNotReady" || p.Since.IsZero() {
			e.Errorf("says too little: %+v", p)
		}
		reasons = append(reasons, p.Reason)
	}
	return reasons
}

func TestProblemsSayWhyReplicasAreNotAvailable(t *testing.T) {
	const soon, later = 5 * time.Second, 12 * time.Second
	for name, c := range map[string]struct {
		after  time.Duration
		fail   string
		change func(*corev1.PodTemplateSpec)
		want   []string
	}{
		"none":          {later, "", nil, nil},
		"image":         {soon, "image", nil, []string{"ErrImagePull", "ImagePullBackOff"}},
		"crash":         {soon, "crash", nil, []string{"CrashLoopBackOff", "Error"}},
		"unschedulable": {soon, "unschedulable", nil, []string{"Unschedulable"}},
		"slow start":    {soon, "probe", nil, nil},
		"probe":         {later, "probe", nil, []string{"ContainersNotReady"}},
		"quota":         {soon, "quota", nil, []string{"FailedCreate"}},
		"configuration": {soon, "", func(p *corev1.PodTemplateSpec) {
			p.Spec.Containers[0].EnvFrom = []corev1.EnvFromSource{{ConfigMapRef: &corev1.ConfigMapEnvSource{LocalObjectReference: corev1.LocalObjectReference{Name: "missing"}}}}
		}, []string{"CreateContainerConfigError"}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				got := start(t, kubetest.Options{}).reasons(c.after, c.fail, c.change)
				if len(c.want) == 0 != (len(got) == 0) {
					t.Errorf("got %v, want one of %v", got, c.want)
				}
				for _, reason := range got {
					if !slices.Contains(c.want, reason) {
						t.Errorf("got %v, want one of %v", got, c.want)
					}
				}
			})
		})
	}
}

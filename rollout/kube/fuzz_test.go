package kube_test

import (
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/gopawl/pawl/history"
	"github.com/gopawl/pawl/rollout"
	"github.com/gopawl/pawl/rollout/kube"
	"github.com/gopawl/pawl/rollout/kube/kubetest"
)

// annotationKeys are all that are read of a ReplicaSet.
var annotationKeys = []string{
	kube.RevisionKey, kube.RevisionHistoryKey, kube.DesiredKey, kube.MaxKey, kube.ChangeCauseKey,
	kube.DefaultPrefix + "/template", kube.DefaultPrefix + "/scaled", settledKey, kube.DefaultPrefix + "/copied",
}

const settledKey = kube.DefaultPrefix + "/settled"

// numeric are the keys whose values are numbers, with what can be one.
var numeric = map[string]*regexp.Regexp{
	kube.RevisionKey: regexp.MustCompile(`^\+?0*[0-9]{1,19}$|^-0+$`),
	kube.DesiredKey:  regexp.MustCompile(`^\+?0*[0-9]{1,10}$|^-0+$`),
	kube.MaxKey:      regexp.MustCompile(`^\+?0*[0-9]{1,10}$|^-0+$`),
}

// FuzzAnnotations puts a value into an annotation of one of three ReplicaSets: one that worked
// last and is empty, one that serves, and the wanted one, which does not become ready. Whatever
// it is, the first stays, the second keeps its size, and there are not more replicas than may be.
func FuzzAnnotations(f *testing.F) {
	for key := range annotationKeys {
		for _, value := range []string{
			"", "0", "-1", "007", "1e3", "9223372036854775807", "9223372036854775808", "99999999999", "NaN", "\x00", "2,1,,x", "1,2",
			"2025-03-01T12:00:00Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", kube.RevisionKey, "a,a," + settledKey,
		} {
			f.Add(uint8(key%3), uint8(key), value)
		}
	}
	cluster, err := kubetest.New(kubetest.Options{})
	if err != nil {
		f.Fatal(err)
	}
	api := kubernetes.NewForConfigOrDie(cluster.Config())
	owner := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "web", UID: "web"}}
	f.Fuzz(func(t *testing.T, which, at uint8, value string) {
		e := &env{T: t, api: api, owner: owner}
		name, key := []string{"worked", "serves", "wanted"}[which%3], annotationKeys[int(at)%len(annotationKeys)]
		without, _ := e.planned(name, key, nil)
		state, plan := e.planned(name, key, &value)
		e.check(state.Validate())
		e.checkValues(find(state, name), find(without, name), key, value)
		if _, err := time.Parse(time.RFC3339Nano, value); key != settledKey || name == "worked" || err != nil {
			e.checkPlan(plan)
		}
	})
}

// planned is what is seen of the three ReplicaSets, one of them with a value in an annotation or
// with none, and what is planned.
func (e *env) planned(name, key string, value *string) (rollout.State, rollout.Plan) {
	e.Helper()
	target := e.target("web:3", 2)
	cache := e.three(e.workload(&kube.Client{API: e.api}, target).Identity())
	for _, rs := range cache.sets {
		if rs.Name != name {
			continue
		}
		delete(rs.Annotations, key)
		if value != nil {
			rs.Annotations[key] = *value
		}
	}
	client := &kube.Client{API: e.api, Cache: cache}
	e.observed(client, target) // the first look is live
	w := e.workload(client, target)
	state, plan, err := (&rollout.Engine{}).Plan(e.Context(), w, history.Keep(rolling, 0))
	e.check(err)
	for _, entry := range w.History(state).List() {
		_, _ = w.History(state).To(entry.Number)
		w.Annotations(entry.Name)
	}
	return state, plan
}

// three are the ReplicaSets, as a cache has them.
func (e *env) three(identity string) fixed {
	begun := time.Date(2025, 3, 1, 12, 0, 0, 0, time.UTC)
	worked := begun.Add(time.Hour).Format(time.RFC3339)
	var cache fixed
	for i, s := range []cleanupSet{
		{Name: "worked", Annotations: map[string]string{settledKey: worked, kube.DefaultPrefix + "/template": "h1-1"}},
		{Name: "serves", Annotations: map[string]string{kube.DefaultPrefix + "/template": "h1-2"}, SpecReplicas: 2, StatusReplicas: 2},
		{Name: "wanted", Annotations: map[string]string{kube.DefaultPrefix + "/template": identity}, SpecReplicas: 1, StatusReplicas: 1},
	} {
		s.CreationTimestamp = metav1.NewTime(begun.Add(time.Duration(i) * time.Hour))
		s.Annotations[kube.RevisionKey] = string(rune('1' + i))
		s.Annotations[kube.DesiredKey], s.Annotations[kube.MaxKey] = "2", "3"
		rs := e.listed(s)
		cache.sets = append(cache.sets, rs)
		cache.pods = append(cache.pods, podsOf(rs, s.Name == "serves")...)
	}
	cache.sets[1].Status.ReadyReplicas = 2
	return cache
}

func find(s rollout.State, name string) rollout.Revision {
	i := slices.IndexFunc(s.Revisions, func(r rollout.Revision) bool { return r.Name == name })
	return s.Revisions[i]
}

// checkValues compares a revision with one that lacks the annotation: what cannot be read is not
// there, but for a completed rollout, which is one of long ago.
func (e *env) checkValues(got, without rollout.Revision, key, value string) {
	e.Helper()
	if got.Number < 0 || got.Basis.Desired < 0 || got.Basis.Max < 0 {
		e.Errorf("number %d, basis %+v", got.Number, got.Basis)
	}
	if key == settledKey && got.Settled.IsZero() {
		e.Errorf("%q is a rollout that never completed", value)
	}
	readable, isNumber := numeric[key]
	if isNumber && !readable.MatchString(value) {
		got.Outdated, without.Outdated = false, false
		if d := cmp.Diff(without, got); d != "" {
			e.Errorf("%s: %q is read as something, -without +with\n%s", key, value, d)
		}
	}
}

func (e *env) checkPlan(plan rollout.Plan) {
	e.Helper()
	sizes := map[string]int32{"serves": 2, "wanted": 1}
	for _, step := range plan.Steps {
		switch a := step.Action.(type) {
		case rollout.Delete:
			e.Errorf("%v: %s", a, step.Why)
		case rollout.Scale:
			sizes[a.Name] = a.To
		case rollout.Create:
			sizes[""] = a.Replicas
		}
	}
	total := int32(0)
	for _, size := range sizes {
		total += size
	}
	if sizes["serves"] < 2 || total > 3 {
		e.Errorf("comes to %v: %+v", sizes, plan.Steps)
	}
}

// podsOf are the pods of a ReplicaSet.
func podsOf(rs *appsv1.ReplicaSet, ready bool) []*corev1.Pod {
	var pods []*corev1.Pod
	for range rs.Status.Replicas {
		pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{
			Namespace: "default", Labels: rs.Labels,
			OwnerReferences: []metav1.OwnerReference{*metav1.NewControllerRef(rs, appsv1.SchemeGroupVersion.WithKind("ReplicaSet"))},
		}}
		if ready {
			pod.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}}
		}
		pods = append(pods, pod)
	}
	return pods
}

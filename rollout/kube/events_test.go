package kube_test

import (
	"net/http"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gopawl/pawl/internal/faults"
	"github.com/gopawl/pawl/rollout"
	"github.com/gopawl/pawl/rollout/kube"
	"github.com/gopawl/pawl/rollout/kube/kubetest"
)

// mounting is a target whose pods mount a ConfigMap.
func (e *env) mounting(replicas int32) kube.Target {
	target := e.target("web:2", replicas)
	tmpl := template("web:2")
	tmpl.Spec.Volumes = []corev1.Volume{{Name: "settings", VolumeSource: corev1.VolumeSource{
		ConfigMap: &corev1.ConfigMapVolumeSource{LocalObjectReference: corev1.LocalObjectReference{Name: "settings"}},
	}}}
	target.Template = tmpl
	return target
}

func lists(calls []faults.Call, resource string) (n int) {
	for _, c := range calls {
		if c.Verb == "list" && c.Resource == resource {
			n++
		}
	}
	return n
}

// The pod's status only says that the containers are being created; the kubelet's event says why they
// are not.
func TestMissingVolumeIsToldByTheEvents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := start(t, kubetest.Options{})
		api, calls := e.through(nil)
		c := &kube.Client{API: api}
		target := e.mounting(3)
		e.reconcile(c, target)
		began := time.Now().Truncate(time.Second)
		time.Sleep(9 * time.Second)
		if _, s := e.observed(c, target); len(s.Revisions[0].Problems) > 0 || lists(calls.Take(), "events") > 0 {
			t.Errorf("too early: %+v", s.Revisions[0].Problems)
		}
		time.Sleep(3 * time.Second)
		_, s := e.observed(c, target)
		if n := lists(calls.Take(), "events"); n != 1 {
			t.Errorf("%d lists of events for three pods", n)
		}
		want := []rollout.Problem{{Class: rollout.ClassConfig, Reason: "FailedMount", Message: `MountVolume.SetUp failed for volume "settings" : configmap "settings" not found`, Since: began}}
		got := slices.Clone(s.Revisions[0].Problems)
		for i := range got {
			got[i].Replica = ""
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("-want +got:\n%s", d)
		}
		_, err := e.api.CoreV1().ConfigMaps("default").Create(t.Context(), &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "settings"}}, metav1.CreateOptions{})
		e.check(err)
		e.run(c, target)
		calls.Take()
		if _, s = e.observed(c, target); len(s.Revisions[0].Problems) > 0 || lists(calls.Take(), "events") > 0 {
			t.Errorf("repaired: %+v", s.Revisions[0].Problems)
		}
	})
}

// What only explains must not stand in the way.
func TestEventsMayBeForbidden(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := start(t, kubetest.Options{})
		asked := false
		api, _ := e.through(func(_ int, c faults.Call) faults.Fault {
			if c.Verb == "list" && c.Resource == "events" {
				asked = true
				return faults.Answer(http.StatusForbidden, "Forbidden", "no")
			}
			return nil
		})
		c := &kube.Client{API: api}
		target := e.mounting(1)
		e.reconcile(c, target)
		time.Sleep(time.Minute)
		if _, s := e.observed(c, target); !asked || len(s.Revisions[0].Problems) > 0 {
			t.Errorf("asked: %t, problems %+v", asked, s.Revisions[0].Problems)
		}
	})
}

func TestLatestEventCounts(t *testing.T) {
	now := time.Now().Truncate(time.Second)
	at := func(ago time.Duration) metav1.Time { return metav1.NewTime(now.Add(-ago)) }
	event := func(kind, reason string, first, last time.Duration) corev1.Event {
		return corev1.Event{Type: kind, Reason: reason, Message: "words", FirstTimestamp: at(first), LastTimestamp: at(last)}
	}
	mount := event("Warning", "FailedMount", time.Minute, 5*time.Second)
	series := corev1.Event{Type: "Warning", Reason: "FailedCreatePodSandBox", Message: "words", EventTime: metav1.NewMicroTime(now.Add(-time.Minute)), Series: &corev1.EventSeries{LastObservedTime: metav1.NewMicroTime(now)}}
	for name, c := range map[string]struct {
		events []corev1.Event
		class  rollout.Class
		reason string
	}{
		"none":                     {nil, "", ""},
		"a mount":                  {[]corev1.Event{event("Normal", "Scheduled", time.Minute, time.Minute), mount}, rollout.ClassConfig, "FailedMount"},
		"a mount in the same time": {[]corev1.Event{mount, event("Normal", "Pulling", 5*time.Second, 5*time.Second)}, rollout.ClassConfig, "FailedMount"},
		"and told after":           {[]corev1.Event{event("Normal", "Pulling", 5*time.Second, 5*time.Second), mount}, rollout.ClassConfig, "FailedMount"},
		"a mount that went well":   {[]corev1.Event{mount, event("Normal", "Pulling", 4*time.Second, 4*time.Second)}, "", ""},
		"a disk":                   {[]corev1.Event{event("Warning", "FailedAttachVolume", time.Minute, 0)}, rollout.ClassConfig, "FailedAttachVolume"},
		"the network, as a series": {[]corev1.Event{mount, series}, rollout.ClassNode, "FailedCreatePodSandBox"},
		"another warning":          {[]corev1.Event{event("Warning", "Sulking", time.Minute, 0)}, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			e := still(t)
			cache := e.ofOne(e.wanted, inCreation)
			for i := range c.events {
				ev := c.events[i]
				ev.Name, ev.InvolvedObject = "p."+string(rune('a'+i)), corev1.ObjectReference{Kind: "Pod", Namespace: "default", Name: "p", UID: "p"}
				ev.ReportingController, ev.ReportingInstance, ev.Action = "kubelet", "node", "Running"
				_, err := e.api.CoreV1().Events("default").Create(t.Context(), &ev, metav1.CreateOptions{})
				e.check(err)
			}
			var want []rollout.Problem
			if c.reason != "" {
				want = []rollout.Problem{{Class: c.class, Replica: "p", Reason: c.reason, Message: "words", Since: now.Add(-time.Minute)}}
			}
			if d := cmp.Diff(want, e.seen(cache).Problems); d != "" {
				t.Errorf("-want +got:\n%s", d)
			}
		})
	}
}

// inCreation is a pod whose containers have been in creation for a minute.
func inCreation(p *corev1.Pod) {
	p.UID, p.Namespace = "p", "default"
	p.Status.Phase = corev1.PodPending
	p.Status.Conditions = conditions(time.Now(), corev1.PodCondition{Type: corev1.PodScheduled, Status: corev1.ConditionTrue})
	p.Status.ContainerStatuses = []corev1.ContainerStatus{{Name: "main", State: waiting("ContainerCreating", "")}}
}

// wanted makes a ReplicaSet the one that seen wants.
func (e *env) wanted(rs *appsv1.ReplicaSet) {
	rs.Annotations = map[string]string{kube.DefaultPrefix + "/template": e.workload(&kube.Client{}, e.target("web:2", 1)).Identity()}
}

// One pod of the new revision that does not start is all that events are read for.
func TestEventsAreReadOnlyForANewPodThatDoesNotStart(t *testing.T) {
	for name, c := range map[string]struct {
		set func(*env, *appsv1.ReplicaSet)
		pod func(*corev1.Pod)
		n   int
	}{
		"it is":               {(*env).wanted, func(*corev1.Pod) {}, 1},
		"of an old revision":  {func(*env, *appsv1.ReplicaSet) {}, func(*corev1.Pod) {}, 0},
		"on its way out":      {(*env).wanted, func(p *corev1.Pod) { p.DeletionTimestamp = &metav1.Time{Time: time.Now()} }, 0},
		"not scheduled":       {(*env).wanted, func(p *corev1.Pod) { p.Status.Conditions[0].Status = corev1.ConditionFalse }, 0},
		"just scheduled":      {(*env).wanted, func(p *corev1.Pod) { p.Status.Conditions[0].LastTransitionTime = metav1.Now() }, 0},
		"says why":            {(*env).wanted, func(p *corev1.Pod) { p.Status.ContainerStatuses[0].State = waiting("ErrImagePull", "x") }, 0},
		"runs":                {(*env).wanted, func(p *corev1.Pod) { p.Status.ContainerStatuses[0].State = running() }, 0},
		"not seen by kubelet": {(*env).wanted, func(p *corev1.Pod) { p.Status.ContainerStatuses = nil }, 0},
	} {
		t.Run(name, func(t *testing.T) {
			e := still(t)
			cache := e.ofOne(func(rs *appsv1.ReplicaSet) { c.set(e, rs) }, func(p *corev1.Pod) { inCreation(p); c.pod(p) })
			api, calls := e.through(nil)
			e.api = api
			e.seen(cache)
			if n := lists(calls.Take(), "events"); n != c.n {
				t.Errorf("%d lists, want %d", n, c.n)
			}
		})
	}
}

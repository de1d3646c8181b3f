package kube_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gopawl/pawl/rollout"
)

const backOff = "back-off 10s restarting failed container=main"

func waiting(reason, message string) corev1.ContainerState {
	return corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: reason, Message: message}}
}

func running() corev1.ContainerState {
	return corev1.ContainerState{Running: &corev1.ContainerStateRunning{}}
}

func ended(reason string, code int32, at time.Time) corev1.ContainerState {
	return corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{Reason: reason, ExitCode: code, FinishedAt: metav1.NewTime(at)}}
}

// conditions of a pod that became unready a minute ago.
func conditions(now time.Time, all ...corev1.PodCondition) []corev1.PodCondition {
	for i := range all {
		all[i].LastTransitionTime = metav1.NewTime(now.Add(-time.Minute))
	}
	return all
}

func TestProblemsHaveClasses(t *testing.T) {
	now := time.Now().Truncate(time.Second)
	minute, soon := now.Add(-time.Minute), now.Add(-time.Second)
	notReady := corev1.PodCondition{Type: corev1.PodReady, Status: corev1.ConditionFalse, Reason: "ContainersNotReady", Message: "containers with unready status: [main]"}
	// in is a pod with one container that is not ready, or was.
	in := func(state, last corev1.ContainerState, restarts int32) func(*corev1.Pod) {
		return func(p *corev1.Pod) {
			p.Status.Conditions = conditions(now, notReady)
			p.Status.ContainerStatuses = []corev1.ContainerStatus{{Name: "main", State: state, LastTerminationState: last, RestartCount: restarts}}
		}
	}
	one := func(class rollout.Class, reason, message string, since time.Time) []rollout.Problem {
		return []rollout.Problem{{Class: class, Replica: "p", Container: "main", Reason: reason, Message: message, Since: since}}
	}
	ofPod := func(class rollout.Class, reason, message string) []rollout.Problem {
		return []rollout.Problem{{Class: class, Replica: "p", Reason: reason, Message: message, Since: minute}}
	}
	pod := func(phase corev1.PodPhase, all ...corev1.PodCondition) func(*corev1.Pod) {
		return func(p *corev1.Pod) { p.Status.Phase, p.Status.Conditions = phase, conditions(now, all...) }
	}
	is := func(kind corev1.PodConditionType, status corev1.ConditionStatus, reason, message string) corev1.PodCondition {
		return corev1.PodCondition{Type: kind, Status: status, Reason: reason, Message: message}
	}
	none := corev1.ContainerState{}
	for name, c := range map[string]struct {
		pod  func(*corev1.Pod)
		want []rollout.Problem
	}{
		"image cannot be pulled": {in(waiting("ErrImagePull", "not found"), none, 0), one(rollout.ClassImage, "ErrImagePull", "not found", minute)},
		"image, backing off":     {in(waiting("ImagePullBackOff", "Back-off"), none, 0), one(rollout.ClassImage, "ImagePullBackOff", "Back-off", minute)},
		"no name of an image":    {in(waiting("InvalidImageName", "couldn't parse"), none, 0), one(rollout.ClassImage, "InvalidImageName", "couldn't parse", minute)},
		"image never pulled":     {in(waiting("ErrImageNeverPull", "not present"), none, 0), one(rollout.ClassImage, "ErrImageNeverPull", "not present", minute)},
		"registry":               {in(waiting("RegistryUnavailable", "down"), none, 0), one(rollout.ClassImage, "RegistryUnavailable", "down", minute)},
		"configuration":          {in(waiting("CreateContainerConfigError", `secret "x" not found`), none, 0), one(rollout.ClassConfig, "CreateContainerConfigError", `secret "x" not found`, minute)},
		"cannot be created":      {in(waiting("CreateContainerError", "no command"), none, 0), one(rollout.ClassConfig, "CreateContainerError", "no command", minute)},
		"cannot be run":          {in(waiting("RunContainerError", "no such file"), none, 0), one(rollout.ClassCrash, "RunContainerError", "no such file", minute)},
		"a reason of tomorrow":   {in(waiting("Sulking", "why not"), none, 0), one("", "Sulking", "why not", minute)},

		"first crash":           {in(ended("Error", 3, soon), none, 0), one(rollout.ClassCrash, "Error", "exit code 3", soon)},
		"crash, backing off":    {in(waiting("CrashLoopBackOff", backOff), ended("Error", 1, soon), 4), one(rollout.ClassCrash, "CrashLoopBackOff", backOff, minute)},
		"crash, started again":  {in(running(), ended("Error", 1, soon), 4), one(rollout.ClassCrash, "Error", "exit code 1", minute)},
		"crash, ended again":    {in(ended("Error", 1, soon), ended("Error", 1, soon), 4), one(rollout.ClassCrash, "Error", "exit code 1", minute)},
		"did not stay":          {in(waiting("CrashLoopBackOff", backOff), ended("Completed", 0, soon), 4), one(rollout.ClassCrash, "CrashLoopBackOff", backOff, minute)},
		"memory, backing off":   {in(waiting("CrashLoopBackOff", backOff), ended("OOMKilled", 137, soon), 4), one(rollout.ClassMemory, "OOMKilled", backOff, minute)},
		"memory, ended":         {in(ended("OOMKilled", 137, soon), none, 0), one(rollout.ClassMemory, "OOMKilled", "exit code 137", soon)},
		"memory, started again": {in(running(), ended("OOMKilled", 137, soon), 2), one(rollout.ClassMemory, "OOMKilled", "exit code 137", minute)},
		"lost track of":         {in(ended("ContainerStatusUnknown", 137, soon), none, 0), one(rollout.ClassNode, "ContainerStatusUnknown", "exit code 137", minute)},
		"ended well":            {func(p *corev1.Pod) { in(ended("Completed", 0, soon), none, 0)(p); p.Status.Phase = corev1.PodPending }, nil},
		"being created": {func(p *corev1.Pod) {
			in(waiting("ContainerCreating", ""), none, 0)(p)
			p.Status.Phase = corev1.PodPending
		}, nil},
		"waits for its turn": {func(p *corev1.Pod) {
			in(waiting("PodInitializing", ""), none, 0)(p)
			p.Status.Phase = corev1.PodPending
		}, nil},
		"probe":                 {in(running(), none, 0), one(rollout.ClassProbe, "ContainersNotReady", "containers with unready status: [main]", minute)},
		"probe after one crash": {in(running(), ended("Error", 1, soon), 1), one(rollout.ClassProbe, "ContainersNotReady", "containers with unready status: [main]", minute)},
		"a gate of readiness":   {pod(corev1.PodRunning, is(corev1.PodReady, corev1.ConditionFalse, "ReadinessGatesNotReady", "x")), ofPod(rollout.ClassProbe, "ReadinessGatesNotReady", "x")},
		"unschedulable":         {pod(corev1.PodPending, is(corev1.PodScheduled, corev1.ConditionFalse, "Unschedulable", "0/3 nodes")), ofPod(rollout.ClassSchedule, "Unschedulable", "0/3 nodes")},
		"held by a gate":        {pod(corev1.PodPending, is(corev1.PodScheduled, corev1.ConditionFalse, "SchedulingGated", "gated")), ofPod("", "SchedulingGated", "gated")},
		"node does not answer":  {pod(corev1.PodRunning, is(corev1.PodReady, corev1.ConditionFalse, "", ""), is(corev1.ContainersReady, corev1.ConditionTrue, "", "")), ofPod(rollout.ClassNode, "NodeNotReady", "Node is not ready")},
		"node is tainted":       {pod(corev1.PodRunning, notReady, is(corev1.DisruptionTarget, corev1.ConditionTrue, "DeletionByTaintManager", "taint")), ofPod(rollout.ClassNode, "DeletionByTaintManager", "taint")},
		"no longer in the way":  {pod(corev1.PodPending, notReady, is(corev1.DisruptionTarget, corev1.ConditionFalse, "x", "x")), nil},
		"phase unknown":         {pod(corev1.PodUnknown, notReady), ofPod(rollout.ClassNode, "Unknown", "")},
		"init container crashes": {func(p *corev1.Pod) {
			p.Status.Phase, p.Status.Conditions = corev1.PodPending, conditions(now, notReady)
			p.Status.InitContainerStatuses = []corev1.ContainerStatus{{Name: "main", State: ended("Error", 1, soon), RestartCount: 3}}
			p.Status.ContainerStatuses = []corev1.ContainerStatus{{Name: "later", State: waiting("PodInitializing", "")}}
		}, one(rollout.ClassCrash, "Error", "exit code 1", minute)},
	} {
		t.Run(name, func(t *testing.T) {
			e := still(t)
			r := e.seen(e.ofOne(nil, c.pod))
			if d := cmp.Diff(c.want, r.Problems); d != "" {
				t.Errorf("-want +got:\n%s", d)
			}
		})
	}
}

func TestReplicasThatCannotBeMadeAreRefused(t *testing.T) {
	since := time.Now().Add(-time.Hour).Truncate(time.Second)
	for reason, class := range map[string]rollout.Class{"FailedCreate": rollout.ClassRefused, "FailedDelete": ""} {
		e := still(t)
		r := e.seen(e.ofOne(func(rs *appsv1.ReplicaSet) {
			rs.Status.Conditions = []appsv1.ReplicaSetCondition{{
				Type: appsv1.ReplicaSetReplicaFailure, Status: corev1.ConditionTrue, Reason: reason, Message: "exceeded quota", LastTransitionTime: metav1.NewTime(since),
			}}
		}))
		want := []rollout.Problem{{Class: class, Reason: reason, Message: "exceeded quota", Since: since}}
		if d := cmp.Diff(want, r.Problems); d != "" {
			t.Errorf("-want +got:\n%s", d)
		}
	}
}

// In whichever order a cache has the pods, a message made of the first problem stays the same.
func TestProblemsAreTheLongestFirst(t *testing.T) {
	since := func(name string, ago time.Duration) func(*corev1.Pod) {
		return func(p *corev1.Pod) {
			p.Name = name
			p.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodScheduled, Status: corev1.ConditionFalse, Reason: "Unschedulable", LastTransitionTime: metav1.NewTime(time.Now().Add(-ago))}}
		}
	}
	synctest.Test(t, func(t *testing.T) {
		e := still(t)
		r := e.seen(e.ofOne(nil, since("c", time.Minute), since("d", time.Second), since("b", time.Minute), since("a", time.Hour)))
		var names string
		for _, p := range r.Problems {
			names += p.Replica
		}
		if names != "abcd" {
			t.Errorf("got %s", names)
		}
	})
}

func TestReadySinceIsOfTheLastPod(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		now := time.Now()
		for _, c := range []struct {
			pods []func(*corev1.Pod)
			want time.Time
		}{
			{nil, time.Time{}},
			{[]func(*corev1.Pod){readySince(time.Minute), readySince(time.Second), readySince(time.Hour)}, now.Add(-time.Second)},
			{[]func(*corev1.Pod){readySince(time.Minute), func(p *corev1.Pod) { readySince(0)(p); p.Status.Conditions[0].Status = corev1.ConditionFalse }}, now.Add(-time.Minute)},
			{[]func(*corev1.Pod){readySince(time.Minute), func(p *corev1.Pod) { readySince(0)(p); p.DeletionTimestamp = &metav1.Time{Time: now} }}, now.Add(-time.Minute)},
		} {
			e := still(t)
			if r := e.seen(e.ofOne(nil, c.pods...)); !r.ReadySince.Equal(c.want) {
				t.Errorf("got %v, want %v", r.ReadySince, c.want)
			}
		}
	})
}

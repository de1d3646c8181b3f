package kubetest

import (
	"errors"
	"reflect"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
)

// The life of a pod on the node; each arrow is one write.
//
//	created ─► scheduled ─start-delay─► running ─ready-delay─► ready
//	   │            ├─► no image, no configuration: waiting       (until it is there)
//	   │            └─► …  running ─ready-delay─► crashed again and again, or never ready
//	   └─► unschedulable
//
// and from anywhere, once deletion is asked for: ─stop-delay─► gone.

// Annotations of a pod, that is of a template, by which it behaves unlike others.
const (
	startDelayAnnotation = "sim/start-delay" // from scheduled to running
	readyDelayAnnotation = "sim/ready-delay" // from running to ready
	stopDelayAnnotation  = "sim/stop-delay"  // from the deletion until it is gone
	failAnnotation       = "sim/fail"        // image, crash, probe, unschedulable or quota
)

const (
	failImage         = "image"
	failCrash         = "crash"
	failProbe         = "probe"
	failUnschedulable = "unschedulable"
	failQuota         = "quota"
)

// kubelet is the scheduler and the kubelet of the only node. Pods that somebody has put on
// another node are left alone.
func (s *session) kubelet() (due time.Time, err error) {
	records, err := s.list(s.catalog.pods, "")
	if err != nil {
		return due, err
	}
	for _, r := range records {
		typed, err := as[*corev1.Pod](r)
		if err != nil {
			return due, err
		}
		at, err := s.live(pod{typed, r})
		if err != nil {
			return due, err
		}
		due = sooner(due, at)
	}
	return due, nil
}

// live takes the next step in a pod's life, if it is time, and answers when it will be
// otherwise.
func (s *session) live(p pod) (due time.Time, err error) {
	switch {
	case p.Spec.NodeName != "" && p.Spec.NodeName != nodeName:
		return due, nil
	case p.DeletionTimestamp != nil:
		return s.stopPod(p)
	case finished(p.Pod):
		return due, nil
	case p.record.times.Scheduled.IsZero():
		return due, s.schedule(p)
	case p.record.times.Started.IsZero():
		return s.start(p)
	case !p.record.times.Ready.IsZero():
		return due, nil
	case p.Annotations[failAnnotation] == failCrash:
		return s.crash(p)
	}
	return s.probe(p)
}

// delay reads a duration from an annotation.
func (p pod) delay(annotation string, otherwise time.Duration) time.Duration {
	if d, err := time.ParseDuration(p.Annotations[annotation]); err == nil && d >= 0 {
		return d
	}
	return otherwise
}

func (s *session) schedule(p pod) error {
	if p.Annotations[failAnnotation] == failUnschedulable {
		return s.refuse(p)
	}
	o := p.record.edit()
	o.times.Scheduled = s.now
	if err := unstructured.SetNestedField(o.Object, nodeName, "spec", "nodeName"); err != nil {
		return err
	}
	status := p.Status.DeepCopy()
	at := apiTime(s.now)
	status.StartTime = &at
	status.HostIP, status.HostIPs = nodeAddress, []corev1.HostIP{{IP: nodeAddress}}
	setCondition(status, corev1.PodScheduled, true, "", "", at)
	setCondition(status, corev1.PodInitialized, true, "", "", at)
	p.setWaiting(status, "ContainerCreating", "", at)
	if err := s.keepStatus(p, o, status); err != nil {
		return err
	}
	return s.event(p.record, corev1.EventTypeNormal, "Scheduled", "default-scheduler",
		"Successfully assigned "+p.Namespace+"/"+p.Name+" to "+nodeName)
}

// refuse leaves a pod without a node.
func (s *session) refuse(p pod) error {
	const message = "0/1 nodes are available: 1 Insufficient cpu. no new claims to deallocate, " +
		"preemption: 0/1 nodes are available: 1 No preemption victims found for incoming pod."
	if c := condition(&p.Status, corev1.PodScheduled); c != nil && c.Reason == corev1.PodReasonUnschedulable {
		return nil
	}
	status := p.Status.DeepCopy()
	setCondition(status, corev1.PodScheduled, false, corev1.PodReasonUnschedulable, message, apiTime(s.now))
	if err := s.keepStatus(p, p.record.edit(), status); err != nil {
		return err
	}
	return s.event(p.record, corev1.EventTypeWarning, "FailedScheduling", "default-scheduler", message)
}

// start runs the containers when the image is there, or says why it cannot.
func (s *session) start(p pod) (due time.Time, err error) {
	if at := p.record.times.Scheduled.Add(p.delay(startDelayAnnotation, 0)); at.After(s.now) {
		return at, nil
	}
	if blocked, due, err := s.block(p); blocked || err != nil {
		return due, err
	}
	o := p.record.edit()
	o.times.Started, o.times.Failed = s.now, time.Time{}
	status := p.Status.DeepCopy()
	at := apiTime(s.now)
	status.Phase = corev1.PodRunning
	if status.PodIP == "" {
		n, err := s.next(keyAddresses)
		if err != nil {
			return due, err
		}
		status.PodIP = address("10.244", n)
		status.PodIPs = []corev1.PodIP{{IP: status.PodIP}}
	}
	setCondition(status, corev1.PodReadyToStartContainers, true, "", "", at)
	p.setRunning(status, at)
	if err := s.keepStatus(p, o, status); err != nil {
		return due, err
	}
	return due, s.event(p.record, corev1.EventTypeNormal, "Started", "kubelet", "Started container "+p.Spec.Containers[0].Name)
}

// probe makes the pod ready in time.
func (s *session) probe(p pod) (due time.Time, err error) {
	if at := p.record.times.Started.Add(p.delay(readyDelayAnnotation, s.startUp)); at.After(s.now) {
		return at, nil
	}
	o := p.record.edit()
	status := p.Status.DeepCopy()
	at := apiTime(s.now)
	if p.Annotations[failAnnotation] == failProbe {
		if !o.times.Failed.IsZero() {
			return due, nil
		}
		o.times.Failed = s.now
		return due, errors.Join(s.keepStatus(p, o, status), s.event(p.record, corev1.EventTypeWarning,
			"Unhealthy", "kubelet", "Readiness probe failed: HTTP probe failed with statuscode: 503"))
	}
	p.setReady(status, at)
	if condition(status, corev1.PodReady).Status == corev1.ConditionTrue {
		o.times.Ready = s.now
	}
	return due, s.keepStatus(p, o, status)
}

// stopPod lets a pod go when its containers have had the time that they take, or that they are
// given.
func (s *session) stopPod(p pod) (due time.Time, err error) {
	stop := p.delay(stopDelayAnnotation, s.stop)
	if grace := p.DeletionGracePeriodSeconds; grace != nil {
		stop = min(stop, time.Duration(*grace)*time.Second)
	}
	if at := p.record.times.Deleted.Add(stop); at.After(s.now) {
		return at, nil
	}
	o := p.record.edit()
	var now int64
	o.SetDeletionGracePeriodSeconds(&now)
	status := p.Status.DeepCopy()
	if !finished(p.Pod) && status.Phase != corev1.PodPending {
		p.setStopped(status, apiTime(s.now))
	}
	return due, s.keepStatus(p, o, status)
}

// keepStatus stores the pod with a new status. Fields of it that this package does not know
// stay.
func (s *session) keepStatus(p pod, o *object, status *corev1.PodStatus) error {
	written, err := runtime.DefaultUnstructuredConverter.ToUnstructured(status)
	if err != nil {
		return err
	}
	keepUnknown(written, o.Object["status"], reflect.TypeOf(status))
	o.Object["status"] = written
	_, err = s.keepPod(p, o)
	return err
}

func (s *session) keepPod(p pod, o *object) (pod, error) {
	kept, err := s.keep(p.record, o)
	if err != nil {
		return p, err
	}
	typed, err := as[*corev1.Pod](kept)
	return pod{typed, kept}, err
}

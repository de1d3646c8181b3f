package kubetest

import (
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// The kubelet's pauses between restarts.
const (
	firstBackOff = 10 * time.Second
	maxBackOff   = 5 * time.Minute
)

// crash fails the containers when they should have become ready, and again after every
// restart.
func (s *session) crash(p pod) (due time.Time, err error) {
	next := p.record.times.Started.Add(p.delay(readyDelayAnnotation, s.startUp))
	if last := p.record.times.Failed; !last.IsZero() {
		next = last.Add(backOff(restarts(p.Pod)))
	}
	if next.After(s.now) {
		return next, nil
	}
	o := p.record.edit()
	o.times.Failed = s.now
	status := p.Status.DeepCopy()
	pause := backOff(restarts(p.Pod) + 1)
	message := func(container string) string {
		return fmt.Sprintf("back-off %s restarting failed container=%s pod=%s_%s(%s)",
			kubeletDuration(pause), container, p.Name, p.Namespace, p.UID)
	}
	p.setCrashed(status, message, apiTime(s.now))
	if err := s.keepStatus(p, o, status); err != nil {
		return due, err
	}
	if restarts(p.Pod) == 0 {
		container := p.Spec.Containers[0].Name
		err = s.event(p.record, corev1.EventTypeWarning, "BackOff", "kubelet", fmt.Sprintf(
			"Back-off restarting failed container %s in pod %s_%s(%s)", container, p.Name, p.Namespace, p.UID))
	}
	return s.now.Add(pause), err
}

// backOff doubles with every restart.
func backOff(restarts int32) time.Duration {
	d := firstBackOff
	for range max(restarts-1, 0) {
		if d *= 2; d >= maxBackOff {
			return maxBackOff
		}
	}
	return d
}

// kubeletDuration writes 5m0s and 10s as the kubelet does.
func kubeletDuration(d time.Duration) string { return d.String() }

// block tells whether something keeps the containers from starting, after it has said so in
// the pod's status.
func (s *session) block(p pod) (blocked bool, due time.Time, err error) {
	if image := p.missingImage(); image != "" {
		due, err = s.pullFails(p, image)
		return true, due, err
	}
	for _, need := range p.needs() {
		why, err := s.missing(p.Namespace, need)
		if err != nil {
			return false, due, err
		}
		if why != "" {
			return true, due, s.unconfigured(p, need, why)
		}
	}
	return false, due, nil
}

// missingImage answers the first image that cannot be pulled.
func (p pod) missingImage() string {
	for _, c := range p.Spec.Containers {
		tag := imageTag(c.Image)
		if p.Annotations[failAnnotation] == failImage || strings.HasPrefix(tag, "404") ||
			strings.HasPrefix(tag, "nosuch") || strings.HasPrefix(tag, "bad") {
			return c.Image
		}
	}
	return ""
}

// pullFails shows a failed pull, and that the kubelet backs off some time later.
func (s *session) pullFails(p pod, image string) (due time.Time, err error) {
	since := p.record.times.Failed
	pulled := fmt.Sprintf("failed to pull and unpack image %q: failed to resolve reference %q: %s: not found", image, image, image)
	o := p.record.edit()
	status := p.Status.DeepCopy()
	if since.IsZero() {
		o.times.Failed = s.now
		p.setWaiting(status, "ErrImagePull", pulled, apiTime(s.now))
		if err := s.keepStatus(p, o, status); err != nil {
			return due, err
		}
		return s.now.Add(s.startUp), s.event(p.record, corev1.EventTypeWarning, "Failed", "kubelet",
			fmt.Sprintf("Failed to pull image %q: %s", image, pulled))
	}
	if at := since.Add(s.startUp); at.After(s.now) {
		return at, nil
	}
	message := fmt.Sprintf("Back-off pulling image %q", image)
	if p.waitsFor("ImagePullBackOff") {
		return due, nil
	}
	p.setWaiting(status, "ImagePullBackOff", message+": ErrImagePull: "+pulled, apiTime(s.now))
	if err := s.keepStatus(p, o, status); err != nil {
		return due, err
	}
	return due, s.event(p.record, corev1.EventTypeNormal, "BackOff", "kubelet", message)
}

// waitsFor tells whether the containers wait for this reason already.
func (p pod) waitsFor(reason string) bool {
	for _, c := range p.Status.ContainerStatuses {
		if c.State.Waiting != nil && c.State.Waiting.Reason == reason {
			return true
		}
	}
	return false
}

// unconfigured shows that a ConfigMap or Secret is missing. As with the kubelet a missing
// volume leaves the containers being created, with an event.
func (s *session) unconfigured(p pod, n need, why string) error {
	reason, message := "CreateContainerConfigError", why
	event := "Failed"
	text := "Error: " + why
	if n.volume != "" {
		reason, message, event = "ContainerCreating", "", "FailedMount"
		text = fmt.Sprintf("MountVolume.SetUp failed for volume %q : %s", n.volume, why)
	}
	status := p.Status.DeepCopy()
	p.setWaiting(status, reason, message, apiTime(s.now))
	o := p.record.edit()
	known := !o.times.Failed.IsZero()
	if !known {
		o.times.Failed = s.now
	}
	if err := s.keepStatus(p, o, status); err != nil || known {
		return err
	}
	return s.event(p.record, corev1.EventTypeWarning, event, "kubelet", text)
}

package traffic

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// The life of a server; what moves it is the pod as the API shows it.
//
//	containers run ─► serving ─deleted─► serving, saying goodbye ─gone, and drained─► ended
//	                     └─containers end by themselves─► ended at once

// node runs a server for each pod.
type node struct {
	closed chan struct{}
	ends   sync.WaitGroup

	mu      sync.Mutex
	servers map[string]*server // by the pod's address
	errs    []error
}

func newNode() *node {
	return &node{closed: make(chan struct{}), servers: map[string]*server{}}
}

// see makes the server of a pod what the pod is.
func (n *node) see(pod *corev1.Pod) {
	n.mu.Lock()
	defer n.mu.Unlock()
	s, deleted := n.servers[pod.Status.PodIP], pod.DeletionTimestamp != nil
	switch up := runs(pod); {
	case s == nil && up:
		if s = n.start(pod); s == nil {
			return
		}
	case s == nil:
		return
	case !up && !deleted:
		s.Close()
		delete(n.servers, pod.Status.PodIP)
		return
	case !up:
		n.end(s, pod)
		return
	}
	if deleted {
		n.leave(s, pod)
	}
}

// gone ends the server of a pod that is no longer there.
func (n *node) gone(pod *corev1.Pod) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if s := n.servers[pod.Status.PodIP]; s != nil {
		n.end(s, pod)
	}
}

// runs says whether a process of the pod does.
func runs(pod *corev1.Pod) bool {
	return pod.Status.PodIP != "" && slices.ContainsFunc(pod.Status.ContainerStatuses, func(c corev1.ContainerStatus) bool {
		return c.State.Running != nil
	})
}

func (n *node) start(pod *corev1.Pod) *server {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		n.errs = append(n.errs, fmt.Errorf("pod %q cannot serve: %w", pod.Name, err))
		return nil
	}
	s := newServer(listener.Addr().String(), version(pod.Spec.Containers[0].Image), pod.Name)
	n.servers[pod.Status.PodIP] = s
	n.ends.Go(func() { _ = s.Serve(listener) }) // the error says that it was ended
	return s
}

// leave lets a server say goodbye.
func (n *node) leave(s *server, pod *corev1.Pod) {
	if s.leaving.Swap(true) {
		return
	}
	s.until = time.Now().Add(drain(pod))
}

// stopDelayAnnotation is that by which a pod of the embedded cluster takes another time to end.
const stopDelayAnnotation = "sim/stop-delay"

// drain is how long a pod that is deleted serves on.
func drain(pod *corev1.Pod) time.Duration {
	d := Drain
	if other, err := time.ParseDuration(pod.Annotations[stopDelayAnnotation]); err == nil && other >= 0 {
		d = other
	}
	if grace := pod.Spec.TerminationGracePeriodSeconds; grace != nil {
		d = min(d, time.Duration(*grace)*time.Second)
	}
	return d
}

// end ends a server once it has drained. A pod may be gone before: another process that plays the node of
// the same cluster, without traffic, gives its pods no time to end.
func (n *node) end(s *server, pod *corev1.Pod) {
	n.leave(s, pod)
	if s.ending {
		return
	}
	s.ending = true
	n.ends.Go(func() {
		select {
		case <-time.After(time.Until(s.until)):
		case <-n.closed:
		}
		s.shutDown()
		n.mu.Lock()
		defer n.mu.Unlock()
		delete(n.servers, pod.Status.PodIP)
	})
}

// draining says whether a server is on its way out.
func (n *node) draining() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, s := range n.servers {
		if s.leaving.Load() {
			return true
		}
	}
	return false
}

// dial connects to the pod of an address. At one that is nobody's, nobody answers.
func (n *node) dial(ctx context.Context, address string) (net.Conn, error) {
	n.mu.Lock()
	s := n.servers[address]
	n.mu.Unlock()
	if s == nil {
		return nil, fmt.Errorf("connect to %s: no pod has this address", address)
	}
	return (&net.Dialer{}).DialContext(ctx, "tcp", s.Addr)
}

// close ends every server. Nothing is seen any more.
func (n *node) close() error {
	n.mu.Lock()
	for _, s := range n.servers {
		s.Close()
	}
	close(n.closed)
	n.mu.Unlock()
	n.ends.Wait()
	return errors.Join(n.errs...)
}

// version is the tag of an image, or its digest where it has no tag.
func version(image string) string {
	name, digest, _ := strings.Cut(image, "@")
	if colon := strings.LastIndex(name, ":"); colon > strings.LastIndex(name, "/") {
		return name[colon+1:]
	}
	if digest != "" {
		return digest
	}
	return "latest"
}

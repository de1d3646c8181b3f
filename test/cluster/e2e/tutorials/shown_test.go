package tutorials

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gopawl/pawl/rollout/kube"
	"github.com/gopawl/pawl/test/cluster/suite"
)

// shown is the answer of a directive that looks at the cluster, or does something to it without the
// command. Controllers may have yet to act, so what it shows is waited for.
func (s *story) shown(p passage, wants string) (text string) {
	s.Helper()
	var look func(string) string
	switch p.verb {
	case "replicasets":
		look = func(app string) string { return s.replicaSets(app, wants) }
	case "service":
		look = func(name string) string { return s.endpoints(s.Context(), name).String() + "\n" }
	case "events":
		look = s.events
	case "curl":
		s.Eventually(20*time.Second, func(ctx context.Context) error { return s.leadsToAll(ctx, p.args[0]) })
		s.callers[p.args[0]] = s.call(p.args[0])
		return ""
	case "answers":
		return s.callers[p.args[0]].hangUp()
	case "delete":
		s.must(s.Client.CoreV1().ConfigMaps(s.Namespace).Delete(s.Context(), "pawl."+p.args[0], metav1.DeleteOptions{}))
		return ""
	case "configmap":
		_, err := s.Client.CoreV1().ConfigMaps(s.Namespace).Create(s.Context(),
			&corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: p.args[0]}}, metav1.CreateOptions{})
		s.must(err)
		return ""
	default:
		s.Fatalf("%s: unknown directive %s", p.place, p.verb)
	}
	s.Eventually(20*time.Second, func(context.Context) error {
		if text = look(p.args[0]); text != wants {
			return fmt.Errorf("%s: %s shows %q, want %q", p.place, p.verb, text, wants)
		}
		return nil
	})
	return text
}

// replicaSets are in the transcript's order, which is that of their creation: the times of that have
// only seconds here.
func (s *story) replicaSets(app, wants string) string {
	s.Helper()
	var lines []string
	for _, rs := range s.Sets() {
		if owner := metav1.GetControllerOf(&rs); owner != nil && owner.Name == "pawl."+app {
			lines = append(lines, fmt.Sprintf("%s revision %s: %d of %s\n",
				rs.Name, rs.Annotations[kube.RevisionKey], *rs.Spec.Replicas, rs.Spec.Template.Spec.Containers[0].Image))
		}
	}
	slices.SortFunc(lines, func(a, b string) int {
		return cmp.Or(cmp.Compare(strings.Index(wants, a), strings.Index(wants, b)), cmp.Compare(a, b))
	})
	return strings.Join(lines, "")
}

func (s *story) events(app string) string {
	s.Helper()
	list, err := s.Client.CoreV1().Events(s.Namespace).List(s.Context(), metav1.ListOptions{FieldSelector: "involvedObject.name=pawl." + app})
	s.must(err)
	version := func(e corev1.Event) int64 {
		n, _ := strconv.ParseInt(e.ResourceVersion, 10, 64)
		return n
	}
	slices.SortFunc(list.Items, func(a, b corev1.Event) int { return cmp.Compare(version(a), version(b)) })
	var lines []string
	for _, e := range list.Items {
		lines = append(lines, fmt.Sprintf("%s %s %s\n", e.Type, e.Reason, e.Message))
	}
	return strings.Join(lines, "")
}

// answering is how many ready pods of each image a Service leads to.
type answering map[string]int

func (a answering) String() string {
	var parts []string
	for _, image := range slices.Sorted(maps.Keys(a)) {
		parts = append(parts, fmt.Sprintf("%d of %s", a[image], image))
	}
	return cmp.Or(strings.Join(parts, ", "), "nobody")
}

func (s *story) endpoints(ctx context.Context, service string) answering {
	images := map[string]string{}
	pods, err := s.Pods(ctx, "")
	for _, pod := range pods {
		images[pod.Name] = pod.Spec.Containers[0].Image
	}
	list, listErr := s.Client.DiscoveryV1().EndpointSlices(s.Namespace).List(ctx, metav1.ListOptions{LabelSelector: "kubernetes.io/service-name=" + service})
	if err := errors.Join(err, listErr); err != nil {
		return nil
	}
	all := answering{}
	for _, slice := range list.Items {
		for _, e := range slice.Endpoints {
			if image := images[e.TargetRef.Name]; image != "" && *e.Conditions.Ready {
				all[image]++
			}
		}
	}
	return all
}

// leadsToAll looks for a Service that leads to all ready pods of the namespace, as it does a moment
// after the last became so.
func (s *story) leadsToAll(ctx context.Context, service string) error {
	ready, answers := 0, 0
	for _, pod := range s.PodsNow() {
		if suite.PodReady(pod) {
			ready++
		}
	}
	for _, n := range s.endpoints(ctx, service) {
		answers += n
	}
	if ready == 0 || answers != ready {
		return fmt.Errorf("%d pods are ready, %d answer", ready, answers)
	}
	return nil
}

// caller calls a Service again and again.
type caller struct {
	images []string // that answered, each time that they were others
	fewest int      // pods that there were to answer
	stop   context.CancelFunc
	ended  chan struct{}
}

func (s *story) call(service string) *caller {
	ctx, stop := context.WithCancel(s.Context())
	c := &caller{fewest: 1 << 30, stop: stop, ended: make(chan struct{})}
	go func() {
		defer close(c.ended)
		for ctx.Err() == nil {
			if a := s.endpoints(ctx, service); a != nil {
				c.take(a)
			}
			time.Sleep(50 * time.Millisecond)
		}
	}()
	return c
}

func (c *caller) take(a answering) {
	pods := 0
	for _, n := range a {
		pods += n
	}
	c.fewest = min(c.fewest, pods)
	images := cmp.Or(strings.Join(slices.Sorted(maps.Keys(a)), " and "), "nobody")
	if len(c.images) == 0 || c.images[len(c.images)-1] != images {
		c.images = append(c.images, images)
	}
}

func (c *caller) hangUp() string {
	time.Sleep(time.Second) // the last pods are still in the EndpointSlices
	c.stop()
	<-c.ended
	return fmt.Sprintf("%s\nnever fewer than %d pods\n", strings.Join(c.images, "\n"), c.fewest)
}

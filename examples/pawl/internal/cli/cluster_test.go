package cli

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing/synctest"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gopawl/pawl/rollout/kube"
)

// must is for answers of a cluster in this process, whose errors are those of the test.
func must[T any](s *story, answer T, err error) T {
	if err != nil {
		s.t.Helper()
		s.t.Fatal(err)
	}
	return answer
}

func (s *story) replicaSets(app string) string {
	list, err := s.api.AppsV1().ReplicaSets("").List(s.ends, metav1.ListOptions{})
	var lines []string
	all := must(s, list, err).Items
	slices.SortFunc(all, func(a, b appsv1.ReplicaSet) int {
		return cmp.Or(a.CreationTimestamp.Compare(b.CreationTimestamp.Time), cmp.Compare(a.Name, b.Name))
	})
	for _, rs := range all {
		if owner := metav1.GetControllerOf(&rs); owner != nil && owner.Name == "pawl."+app {
			lines = append(lines, fmt.Sprintf("%s revision %s: %d of %s\n",
				rs.Name, rs.Annotations[kube.RevisionKey], *rs.Spec.Replicas, rs.Spec.Template.Spec.Containers[0].Image))
		}
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

func (s *story) endpoints(service string) answering {
	slices, err := s.api.DiscoveryV1().EndpointSlices("default").List(s.ends, metav1.ListOptions{LabelSelector: "kubernetes.io/service-name=" + service})
	all := answering{}
	for _, slice := range must(s, slices, err).Items {
		for _, e := range slice.Endpoints {
			if e.Conditions.Ready == nil || !*e.Conditions.Ready {
				continue
			}
			pod, err := s.api.CoreV1().Pods("default").Get(s.ends, e.TargetRef.Name, metav1.GetOptions{})
			all[must(s, pod, err).Spec.Containers[0].Image]++
		}
	}
	return all
}

// caller calls a Service again and again.
type caller struct {
	images []string // that answered, each time that they were others
	fewest int      // pods that there were to answer
	hungUp chan struct{}
}

func (s *story) curl(service string) string {
	c := &caller{fewest: 1 << 30, hungUp: make(chan struct{})}
	s.callers[service] = c
	c.call(s.endpoints(service))
	go func() {
		// Between the moments at which something happens, or the order would be left to chance.
		for next := 50 * time.Millisecond; ; next = 100 * time.Millisecond {
			select {
			case <-time.After(next):
				c.call(s.endpoints(service))
			case <-c.hungUp:
				return
			}
		}
	}()
	return ""
}

func (c *caller) call(a answering) {
	pods := 0
	for _, n := range a {
		pods += n
	}
	c.fewest = min(c.fewest, pods)
	images := strings.Join(slices.Sorted(maps.Keys(a)), " and ")
	if images = cmp.Or(images, "nobody"); len(c.images) == 0 || c.images[len(c.images)-1] != images {
		c.images = append(c.images, images)
	}
}

func (s *story) answers(service string) string {
	c := s.callers[service]
	delete(s.callers, service)
	close(c.hungUp)
	synctest.Wait()
	c.call(s.endpoints(service))
	return fmt.Sprintf("%s\nnever fewer than %d pods\n", strings.Join(c.images, "\n"), c.fewest)
}

// revision is that at which an event was written.
func revision(e corev1.Event) int64 {
	n, _ := strconv.ParseInt(e.ResourceVersion, 10, 64)
	return n
}

func (s *story) events(app string) string {
	list, err := s.api.CoreV1().Events("").List(s.ends, metav1.ListOptions{})
	all := slices.DeleteFunc(must(s, list, err).Items, func(e corev1.Event) bool {
		return e.InvolvedObject.Name != "pawl."+app
	})
	slices.SortFunc(all, func(a, b corev1.Event) int { return cmp.Compare(revision(a), revision(b)) })
	var lines []string
	for _, e := range all {
		lines = append(lines, fmt.Sprintf("%s %s %s\n", e.Type, e.Reason, e.Message))
	}
	return strings.Join(lines, "")
}

func (s *story) delete(app string) string {
	if err := s.api.CoreV1().ConfigMaps("default").Delete(s.ends, "pawl."+app, metav1.DeleteOptions{}); err != nil {
		s.t.Fatal(err)
	}
	synctest.Wait()
	return ""
}

func (s *story) foreign(name string) string {
	cm, err := s.api.CoreV1().ConfigMaps("default").Create(s.ends,
		&corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: name}}, metav1.CreateOptions{})
	must(s, cm, err)
	return ""
}

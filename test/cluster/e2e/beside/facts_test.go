package beside

import (
	"context"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gopawl/pawl/hashing"
)

// aspects are what the two sides are compared by, in the order of the table.
var aspects = []string{
	"most asked for", "fewest available", "sizes", "pods made", "revisions", "own annotations", "other annotations", "labels", "templates", "events", "outcome",
}

// facts are what a play led to, by aspect. Nothing in them depends on how fast something was.
type facts map[string]string

const hashKey = "pod-template-hash"

func (p *play) facts(s story) facts {
	p.Helper()
	sets := p.inOrder()
	names := map[string]string{}
	for _, rs := range sets {
		names[rs.Name] = rs.Spec.Template.Spec.Containers[0].Image
	}
	b := p.seen.Bounds()
	p.Logf("%s in %.1fs\nbounds: %+v\nsizes: %s", s.name, time.Since(p.from).Seconds(), b, strings.Join(p.ledger.sizes(), " "))
	return facts{
		"most asked for":    fmt.Sprint(b.Asked),
		"fewest available":  fmt.Sprint(b.Available),
		"sizes":             p.sizes(s.sure),
		"pods made":         p.ledger.pods(),
		"revisions":         each(sets, revision),
		"own annotations":   ownKeys(sets),
		"other annotations": each(sets, others),
		"labels":            each(sets, labels),
		"templates":         each(sets, template),
		"events":            p.events(names, s.sure),
		"outcome":           p.settled(names),
	}
}

// sizes are those that are certain, the way that each ReplicaSet's went, and the last ones.
func (p *play) sizes(sure int) string {
	all := p.ledger.sizes()
	if sure == 0 || sure >= len(all) {
		return strings.Join(all, " → ")
	}
	return fmt.Sprintf("%s … %s, %s", strings.Join(all[:sure], " → "), all[len(all)-1], p.ledger.ways())
}

// inOrder returns the ReplicaSets, oldest first.
func (p *play) inOrder() []appsv1.ReplicaSet {
	p.Helper()
	p.ledger.mu.Lock()
	order := slices.Clone(p.ledger.order)
	p.ledger.mu.Unlock()
	return slices.SortedFunc(slices.Values(p.Sets()), func(a, b appsv1.ReplicaSet) int {
		return slices.Index(order, a.UID) - slices.Index(order, b.UID)
	})
}

func each(sets []appsv1.ReplicaSet, of func(*appsv1.ReplicaSet) string) string {
	var all []string
	for i := range sets {
		all = append(all, fmt.Sprintf("%s: %s", sets[i].Spec.Template.Spec.Containers[0].Image, of(&sets[i])))
	}
	return strings.Join(all, "; ")
}

const (
	native = "deployment.kubernetes.io/"
	own    = "gopawl.github.io/"
)

// revision is the annotations that are the Deployment controller's.
func revision(rs *appsv1.ReplicaSet) string {
	return pairs(rs.Annotations, func(k string) bool { return strings.HasPrefix(k, native) }, native)
}

// ownKeys are the names of the annotations that are Pawl's own.
func ownKeys(sets []appsv1.ReplicaSet) string {
	keys := map[string]string{}
	for _, rs := range sets {
		for k := range rs.Annotations {
			if strings.HasPrefix(k, own) {
				keys[k] = "…"
			}
		}
	}
	return strings.Join(sortedKeys(keys), " ")
}

// others are the annotations that are nobody's but the user's.
func others(rs *appsv1.ReplicaSet) string {
	return pairs(rs.Annotations, func(k string) bool { return !strings.HasPrefix(k, native) && !strings.HasPrefix(k, own) }, "")
}

// labels are the ReplicaSet's; of the hash that it is one, and that name, selector and pods have it.
func labels(rs *appsv1.ReplicaSet) string {
	hash := rs.Labels[hashKey]
	at := ""
	for place, has := range map[string]bool{
		"name":     strings.HasSuffix(rs.Name, "-"+hash),
		"selector": rs.Spec.Selector.MatchLabels[hashKey] == hash,
		"pods":     rs.Spec.Template.Labels[hashKey] == hash,
	} {
		if !has {
			at += ", not in " + place
		}
	}
	values := maps.Clone(rs.Labels)
	values[hashKey] = "a hash" + at
	return pairs(values, func(string) bool { return true }, "")
}

func pairs(values map[string]string, which func(string) bool, prefix string) string {
	var all []string
	for _, k := range sortedKeys(values) {
		if which(k) {
			all = append(all, strings.TrimPrefix(k, prefix)+"="+values[k])
		}
	}
	return strings.Join(all, " ")
}

// template is the identity of the stored pod template, without the hash.
func template(rs *appsv1.ReplicaSet) string {
	id, err := hashing.Template(rs.Spec.Template)
	if err != nil {
		return err.Error()
	}
	return id
}

var fromTo = regexp.MustCompile(`from \d+ to \d+`)

// events are the owner's. Each change of a size has one; it takes a moment to be written. Where
// sizes depend on how fast things are, each kind of event is told once, without its numbers.
func (p *play) events(names map[string]string, sure int) string {
	p.Helper()
	var told []string
	want := p.ledger.writes() - p.foreign + 1 // that of the first version
	p.Eventually(15*time.Second, func(ctx context.Context) error {
		list, err := p.Client.CoreV1().Events(p.Namespace).List(ctx, metav1.ListOptions{FieldSelector: "involvedObject.uid=" + p.owner()})
		if err != nil {
			return err
		}
		told = nil
		n := 0
		for _, e := range list.Items {
			if e.Reason == "ScalingReplicaSet" {
				n += int(max(1, e.Count))
			}
			text := named(strings.TrimPrefix(e.Message, "(combined from similar events): "), names)
			if sure > 0 {
				text = fromTo.ReplaceAllString(text, "from n to m")
			}
			if sure == 0 && e.Count > 1 {
				text += fmt.Sprintf(" (%d times)", e.Count)
			}
			told = append(told, fmt.Sprintf("%s %s %q", e.Type, e.Reason, text))
		}
		if n != want {
			return fmt.Errorf("%d events of %d changes of size: %v", n, want, told)
		}
		return nil
	})
	slices.Sort(told)
	return strings.Join(slices.Compact(told), "; ")
}

// named has images in the place of the names of ReplicaSets.
func named(text string, names map[string]string) string {
	for name, image := range names {
		text = strings.ReplaceAll(text, name, image)
	}
	return text
}

var (
	counts = regexp.MustCompile(`\b\d+ `)
	images = regexp.MustCompile(`"web:\d"`)
)

// settled is the outcome when it has stopped to change, without its numbers and names.
func (p *play) settled(names map[string]string) string {
	p.Helper()
	last := ""
	p.Eventually(15*time.Second, func(context.Context) error {
		now := images.ReplaceAllString(counts.ReplaceAllString(named(p.outcome(), names), "n "), `"…"`)
		if now != last {
			last = now
			time.Sleep(300 * time.Millisecond)
			return fmt.Errorf("it says %s", now)
		}
		return nil
	})
	return last
}

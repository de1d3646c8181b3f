package beside

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/gopawl/pawl/test/cluster/suite"
)

// wanted is what a user asks of either side. The amounts are written as in a manifest; Recreate
// leaves them out.
type wanted struct {
	replicas           int32
	surge, unavailable string
	recreate, paused   bool
	annotations        map[string]string // of the owner
	minReadySeconds    int32
	template           corev1.PodTemplateSpec
}

// patience is how long a rollout may take, also of many pods on a busy machine.
const patience = 3 * time.Minute

// side is one of the two that carry out what is wanted.
type side interface {
	// asks writes down what is wanted from now on, and does not wait for it.
	asks(wanted)
	// completes waits until what was asked for last is done.
	completes()
	// undoes wants the template of the revision before again, as a user does by a command.
	undoes()
	// outcome is what the side says of how it stands.
	outcome() string
	// terminating is how many replicas it reports to be on their way out.
	terminating() int32
	// owner is the uid of the object that events are about.
	owner() string
}

// play is one story, played by one side in a namespace of its own.
type play struct {
	*suite.Fixture
	side
	want   wanted
	native bool
	ledger *ledger
	seen   *suite.Observer
	from   time.Time

	foreign int // changes of size that are neither side's
}

// begin brings the first version up, and observes from then on.
func begin(t *testing.T, s story, native bool) *play {
	t.Helper()
	f := suite.New(t)
	p := &play{Fixture: f, native: native, want: s.start}
	p.want.template = version("web:1", s.old)
	p.want.annotations = map[string]string{"kubernetes.io/change-cause": "web:1", "example.com/team": "a"}
	if native {
		p.side = &deployment{Fixture: f}
	} else {
		p.side = newEngine(f)
	}
	p.asks(p.want)
	p.completes()
	p.ledger, p.from = keepLedger(f), time.Now()
	return p
}

// version is a pod template of an image; the pods behave as the annotations say (stages.yaml).
func version(image string, behave map[string]string) corev1.PodTemplateSpec {
	template := suite.ReplicaSet("web", image, 0).Spec.Template
	maps.Copy(template.Annotations, behave)
	return template
}

// slow makes pods ready only after a while, so that every look in between is taken.
var slow = map[string]string{"sim/ready-delay": "700ms"}

// never are pods that run and do not become ready.
var never = map[string]string{"sim/fail": "probe"}

// changes asks for something else.
func (p *play) changes(edit func(*wanted)) {
	edit(&p.want)
	p.asks(p.want)
}

func (p *play) scales(replicas int32) { p.changes(func(w *wanted) { w.replicas = replicas }) }

// rolls asks for an image, whose pods behave so.
func (p *play) rolls(image string, behave map[string]string) {
	p.changes(func(w *wanted) { w.to(image, behave) })
}

func (w *wanted) to(image string, behave map[string]string) {
	w.template = version(image, behave)
	w.annotations = maps.Clone(w.annotations)
	w.annotations["kubernetes.io/change-cause"] = image
}

// reaches waits for sizes at which nothing moves any more, the oldest ReplicaSet's first. Where the
// sides differ the second is Pawl's.
func (p *play) reaches(sizes ...string) {
	p.Helper()
	want := sizes[0]
	if !p.native {
		want = sizes[len(sizes)-1]
	}
	p.Eventually(30*time.Second, func(context.Context) error {
		if now := p.ledger.now(); now != want {
			return fmt.Errorf("sizes %s, want %s; they were %v", now, want, p.ledger.sizes())
		}
		for _, rs := range p.Sets() {
			if s := rs.Status; s.ObservedGeneration < rs.Generation || s.Replicas != *rs.Spec.Replicas {
				return fmt.Errorf("%s is not of its size yet", rs.Name)
			}
		}
		return nil
	})
}

// looksUntil makes the side look, as something that others changed makes a controller, until the sizes
// have been these.
func (p *play) looksUntil(sizes string) {
	p.Helper()
	p.Eventually(30*time.Second, func(context.Context) error {
		p.asks(p.want)
		p.completes()
		if now := strings.Join(p.ledger.sizes(), " → "); now != sizes {
			return fmt.Errorf("sizes were %s, want %s", now, sizes)
		}
		return nil
	})
}

// rests waits long enough for either side to do something that it should not.
func (p *play) rests() { time.Sleep(1500 * time.Millisecond) }

// amount is nil where it is not given.
func amount(text string) *intstr.IntOrString {
	if text == "" {
		return nil
	}
	a := intstr.Parse(text)
	return &a
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// reportsTerminating waits until the side says that replicas are on their way out.
func (p *play) reportsTerminating() {
	p.Helper()
	p.Eventually(30*time.Second, func(context.Context) error {
		if p.terminating() == 0 {
			return errors.New("no terminating replicas are reported")
		}
		return nil
	})
}

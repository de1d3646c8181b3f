package jobs_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/gopawl/pawl/internal/faults"
	"github.com/gopawl/pawl/rollout"
	"github.com/gopawl/pawl/rollout/kube"
	"github.com/gopawl/pawl/rollout/kube/jobs"
	"github.com/gopawl/pawl/rollout/kube/kubetest"
)

// through is a gate whose calls to the API pass a transport of the test.
func (e *env) through(inject func(n int, c faults.Call) faults.Fault) (jobs.Gate, *faults.Transport) {
	t := &faults.Transport{Next: e.config.Transport, Inject: inject}
	config := rest.CopyConfig(e.config)
	config.Transport = t
	g := e.gate("smoke")
	g.Client = &kube.Client{API: kubernetes.NewForConfigOrDie(config)}
	return g, t
}

// Whatever goes wrong at whatever call, the Job is run once, and the gate says that asking again helps.
func TestJobIsRunOnceWhateverGoesWrong(t *testing.T) {
	for i, kind := range faults.Kinds() {
		for n := 1; ; n++ {
			var struck bool
			synctest.Test(t, func(t *testing.T) {
				e := start(t)
				e.ask(e.gate("smoke"), wanted("v1"), rollout.Pending)
				e.end(e.all()["v1"], complete) // to be deleted when the next is made
				strike := &faults.Strike{Kind: faults.Kinds()[i], N: n}
				g, _ := e.through(strike.Inject)
				made := map[string]bool{}
				for tries := 0; ; tries++ {
					v, err := g.Check(t.Context(), wanted("v2"))
					var transient *rollout.TransientError
					if err != nil && (tries > 2 || !errors.As(err, &transient)) || v.Answer != rollout.Pending {
						t.Fatalf("%s at call %d: %+v, %v", kind.Name, n, v, err)
					}
					time.Sleep(kind.After)
					for _, job := range e.all() {
						made[string(job.UID)] = true
					}
					if err == nil {
						break
					}
				}
				if all := e.all(); len(all) != 1 || all["v2"].Name == "" || len(made) > 2 {
					t.Errorf("%s at call %d: %d made, left %v", kind.Name, n, len(made)-1, all)
				}
				struck = strike.Struck()
			})
			if !struck {
				break
			}
		}
	}
}

// The API server's lasting answers are errors that do not say otherwise.
func TestRefusalsAreErrors(t *testing.T) {
	for verb, code := range map[string]int{"create": 422, "get": 400, "list": 400} {
		e := start(t)
		g, _ := e.through(func(_ int, c faults.Call) faults.Fault {
			if c.Verb == verb {
				return faults.Answer(code, "Invalid", "no")
			}
			return nil
		})
		v, err := g.Check(t.Context(), wanted("v1"))
		var transient *rollout.TransientError
		if err == nil || errors.As(err, &transient) || v != (rollout.Verdict{}) {
			t.Errorf("%s: %+v, %v", verb, v, err)
		}
	}
}

// A gate that is open or pending costs one read.
func TestAskingIsCheap(t *testing.T) {
	e := start(t)
	g, transport := e.through(nil)
	e.ask(g, wanted("v1"), rollout.Pending)
	transport.Take()
	e.ask(g, wanted("v1"), rollout.Pending)
	if calls := transport.Take(); len(calls) != 1 || calls[0].Verb != "get" {
		t.Error(calls)
	}
}

// What the gate calls is what its Rules allow.
func TestRulesAllowEveryCall(t *testing.T) {
	e := start(t)
	g, transport := e.through(nil)
	for _, template := range []string{"v1", "v2"} {
		e.ask(g, wanted(template), rollout.Pending)
		e.end(e.all()[template], complete)
	}
	used := map[string]bool{}
	for _, call := range transport.Take() {
		used[call.Verb] = true
	}
	rules := jobs.Rules()
	for _, verb := range rules[0].Verbs {
		if !used[verb] {
			t.Errorf("%s is allowed, and not needed", verb)
		}
		delete(used, verb)
	}
	if len(used) > 0 || len(rules) != 1 {
		t.Errorf("not allowed: %v", used)
	}
}

// Two processes at the same moment make one Job.
func TestSomebodyElseWasFaster(t *testing.T) {
	e := start(t)
	raced := false
	g, _ := e.through(func(_ int, c faults.Call) faults.Fault {
		if c.Verb == "create" && !raced {
			raced = true
			e.ask(e.gate("smoke"), wanted("v1"), rollout.Pending)
		}
		return nil
	})
	_, err := g.Check(t.Context(), wanted("v1"))
	var transient *rollout.TransientError
	if !errors.As(err, &transient) {
		t.Error(err)
	}
	e.ask(g, wanted("v1"), rollout.Pending)
	if len(e.all()) != 1 {
		t.Error(e.all())
	}
}

// The Jobs of an owner that is gone go as well.
func TestJobGoesWithItsOwner(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := in(t, kubetest.Start(t, withJobs))
		e.ask(e.gate("smoke"), wanted("v1"), rollout.Pending)
		e.check(e.api.CoreV1().ConfigMaps("default").Delete(t.Context(), "web", metav1.DeleteOptions{}))
		time.Sleep(time.Minute)
		if all := e.all(); len(all) > 0 {
			t.Errorf("left: %v", all)
		}
	})
}

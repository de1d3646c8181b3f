package gates_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/gopawl/pawl/rollout"
	"github.com/gopawl/pawl/rollout/gates"
	"github.com/gopawl/pawl/rollout/sim"
)

func show(g rollout.Gate, s rollout.State) {
	v, err := g.Check(context.Background(), s)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%v: %s\n", v.Answer, v.Message)
}

// The approval is an annotation of the owner, which somebody sets by hand.
func ExampleApproval() {
	const key = "gopawl.github.io/approved"
	annotations := map[string]string{key: "h1-old"}
	gate := gates.Approval{
		Approved: func(context.Context) (string, error) { return annotations[key], nil },
		How:      "pawl promote web",
	}
	state := rollout.State{Template: "h1-new"}
	show(gate, state)
	annotations[key] = "h1-new"
	show(gate, state)
	// Output:
	// pending: h1-new is not approved, only h1-old: pawl promote web
	// open: h1-new is approved
}

// Nothing is rolled out on Fridays after two, nor at the weekend.
func ExampleWindow() {
	gate := gates.Window{Spans: []gates.Span{
		{Days: []time.Weekday{time.Monday, time.Tuesday, time.Wednesday, time.Thursday}, From: 9 * time.Hour, To: 17 * time.Hour},
		{Days: []time.Weekday{time.Friday}, From: 9 * time.Hour, To: 14 * time.Hour},
	}}
	show(gate, rollout.State{Now: time.Date(2026, 1, 9, 14, 0, 0, 0, time.UTC)})
	// Output:
	// pending: opens on Mon 2026-01-12 09:00 UTC
}

// A rollout is complete when its replicas have been well for a minute. The simulated ones take five
// seconds to start.
func ExampleBake() {
	web := sim.New(rollout.State{Replicas: 2, Template: "v2"}, sim.Options{StartUp: sim.After(5 * time.Second)})
	engine := rollout.Engine{Gates: map[string]rollout.Gate{"bake": gates.Bake{For: time.Minute}}}
	engine.Trace.Asked = func(_ string, v rollout.Verdict, _ error) { fmt.Printf("%v: %s\n", v.Answer, v.Message) }
	for {
		status, err := engine.Reconcile(context.Background(), web, lastly("bake"))
		if err != nil {
			log.Fatal(err)
		}
		if status.Phase.Over() {
			fmt.Println(status.Phase)
			break
		}
		if _, ok := web.Next(); !ok {
			web.Advance(status.RequeueAfter)
		}
	}
	// Output:
	// pending: v2 bakes until 2000-01-01 00:01:05 UTC
	// open: v2 has baked for 1m0s
	// Complete
}

func ExampleHTTP() {
	healthy := false
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if !healthy {
			http.Error(w, "warming up", http.StatusServiceUnavailable)
		}
	}))
	defer server.Close()
	gate := gates.HTTP{URL: server.URL, Every: 5 * time.Second}
	for range 2 {
		v, err := gate.Check(context.Background(), rollout.State{})
		fmt.Println(v.Answer, v.Retry, err)
		healthy = true
	}
	// Output:
	// pending 5s <nil>
	// open 0s <nil>
}

// What a policy makes of a gate that cannot answer.
func ExampleAbort() {
	broken := rollout.GateFunc(func(context.Context, rollout.State) (rollout.Verdict, error) {
		return rollout.Verdict{}, errors.New("no such metric")
	})
	show(gates.Abort(broken), rollout.State{})
	show(gates.Retry(broken, time.Minute), rollout.State{})
	show(gates.Ignore(broken), rollout.State{})
	// Output:
	// shut: no such metric
	// pending: no such metric
	// open: ignored: no such metric
}

// A switch needs both: somebody's approval, and replicas that have been well for a while.
func ExampleAll() {
	approved := func(context.Context) (string, error) { return "v2", nil }
	gate := gates.All(gates.Approval{Approved: approved}, gates.Bake{For: time.Minute})
	now := time.Date(2026, 1, 5, 12, 0, 30, 0, time.UTC)
	show(gate, rollout.State{Now: now, Template: "v2", Replicas: 1, Revisions: []rollout.Revision{{
		Name: "web-2", Template: "v2", Replicas: 1, Ready: 1, Available: 1, Observed: true, ReadySince: now.Add(-30 * time.Second),
	}}})
	// Output:
	// pending: web-2 bakes until 2026-01-05 12:01:00 UTC
}

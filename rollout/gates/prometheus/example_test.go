package prometheus_test

import (
	"context"
	"fmt"
	"log"
	"net/http/httptest"
	"time"

	"github.com/prometheus/client_golang/api"
	v1 "github.com/prometheus/client_golang/api/prometheus/v1"

	"github.com/gopawl/pawl/rollout"
	"github.com/gopawl/pawl/rollout/gates/prometheus"
)

// No more than one request in a hundred may fail, for five minutes. The server here is a stand-in whose
// metric is always 0.03.
func ExampleGate() {
	server := httptest.NewServer(always("0.03"))
	defer server.Close()
	client, err := api.NewClient(api.Config{Address: server.URL})
	if err != nil {
		log.Fatal(err)
	}
	most := 0.01
	gate := prometheus.Gate{
		API: v1.NewAPI(client),
		Query: func(r rollout.Revision) string {
			const rate = `sum(rate(%s{pod=~"%s-.*"}[1m]))`
			return fmt.Sprintf(rate+" / "+rate, "errors_total", r.Name, "requests_total", r.Name)
		},
		Max: &most, For: 5 * time.Minute, Every: 15 * time.Second, Failures: 1,
	}
	now := time.Date(2026, 1, 5, 12, 0, 0, 0, time.UTC)
	verdict, err := gate.Check(context.Background(), rollout.State{Now: now, Replicas: 2, Template: "v2", Revisions: []rollout.Revision{
		{Name: "web-2", Template: "v2", Replicas: 2, Ready: 2, ReadySince: now.Add(-20 * time.Second)},
	}})
	fmt.Println(verdict.Answer, verdict.Message, err)
	// Output:
	// shut 2 of 2 points are bad, 1 may be: 0.03 > 0.01 at 11:59:40 UTC, 0.03 > 0.01 at 11:59:55 UTC <nil>
}

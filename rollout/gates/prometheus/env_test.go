package prometheus_test

import (
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"
	"time"

	"github.com/prometheus/client_golang/api"
	v1 "github.com/prometheus/client_golang/api/prometheus/v1"

	"github.com/gopawl/pawl/rollout"
	"github.com/gopawl/pawl/rollout/gates/prometheus"
)

var noon = time.Date(2026, 1, 5, 12, 0, 0, 0, time.UTC)

// series is what a metric is at a moment; "" is missing.
type series func(time.Time) string

func always(value string) series { return func(time.Time) string { return value } }

// but is a series that has another value at some seconds from a moment.
func (s series) but(value string, from time.Time, seconds ...int) series {
	return func(t time.Time) string {
		for _, second := range seconds {
			if t.Equal(from.Add(time.Duration(second) * time.Second)) {
				return value
			}
		}
		return s(t)
	}
}

// ServeHTTP answers a range query as Prometheus does.
func (s series) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	at := func(name string) float64 {
		f, err := strconv.ParseFloat(r.FormValue(name), 64)
		if err != nil {
			panic(err)
		}
		return f
	}
	var values [][2]any
	for t, end, step := at("start"), at("end"), at("step"); t <= end; t += step {
		if v := s(time.UnixMilli(int64(math.Round(t * 1000)))); v != "" {
			values = append(values, [2]any{t, v})
		}
	}
	result := []any{}
	if len(values) > 0 {
		result = append(result, map[string]any{"metric": map[string]string{}, "values": values})
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"status": "success", "data": map[string]any{"resultType": "matrix", "result": result}})
}

// transport answers in the process.
type transport struct{ http.Handler }

func (t transport) RoundTrip(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	t.ServeHTTP(w, r)
	return w.Result(), r.Context().Err()
}

// gate watches a handler for a minute, every ten seconds: seven points.
func gate(t *testing.T, h http.Handler) prometheus.Gate {
	t.Helper()
	client, err := api.NewClient(api.Config{Address: "http://prometheus:9090", RoundTripper: transport{h}})
	if err != nil {
		t.Fatal(err)
	}
	most := 0.01
	return prometheus.Gate{
		API:   v1.NewAPI(client),
		Query: func(r rollout.Revision) string { return fmt.Sprintf("errors{pod=~%q}", r.Name+"-.*") },
		Max:   &most, For: time.Minute, Every: 10 * time.Second, Failures: 2,
	}
}

// ready is a state whose new replicas have been ready for some time.
func ready(ago time.Duration) rollout.State {
	return rollout.State{Now: noon, Replicas: 2, Template: "v2", Revisions: []rollout.Revision{
		{Name: "web-2", Template: "v2", Replicas: 2, Ready: 2, ReadySince: noon.Add(-ago)},
	}}
}

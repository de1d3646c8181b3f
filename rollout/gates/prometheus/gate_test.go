package prometheus_test

import (
	"errors"
	"fmt"
	"math"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gopawl/pawl/rollout"
	"github.com/gopawl/pawl/rollout/gates/prometheus"
)

func TestGate(t *testing.T) {
	good, bad := always("0.01"), always("0.5")
	start := noon.Add(-time.Minute)
	watched := func(until string, retry time.Duration) rollout.Verdict {
		return rollout.Verdict{Message: "watched until 2026-01-05 " + until + " UTC", Retry: retry}
	}
	tooFew := rollout.Verdict{Message: "fewer than 5 good values in the last 1m0s", Retry: 10 * time.Second}
	open := func(good int) rollout.Verdict {
		return rollout.Verdict{Answer: rollout.Open, Message: fmt.Sprintf("%d of 7 points are good", good)}
	}
	shut := func(message string) rollout.Verdict {
		return rollout.Verdict{Answer: rollout.Shut, Message: message}
	}
	for name, c := range map[string]struct {
		series series
		ready  time.Duration
		want   rollout.Verdict
	}{
		"just ready":             {good, 0, watched("12:01:00", 10*time.Second)},
		"nearly":                 {good, 55 * time.Second, watched("12:00:05", 5*time.Second)},
		"good":                   {good, time.Minute, open(7)},
		"good for long":          {good, time.Hour, open(7)},
		"two bad":                {good.but("1", start, 0, 60), time.Minute, open(5)},
		"three bad":              {good.but("1", start, 0, 10, 60), time.Minute, shut("3 of 7 points are bad, 2 may be: 1 > 0.01 at 11:59:00 UTC, 1 > 0.01 at 11:59:10 UTC, 1 > 0.01 at 12:00:00 UTC")},
		"bad":                    {bad, time.Minute, shut("7 of 7 points are bad, 2 may be: 0.5 > 0.01 at 11:59:00 UTC, 0.5 > 0.01 at 11:59:10 UTC, 0.5 > 0.01 at 11:59:20 UTC and 4 more")},
		"bad, and soon so":       {bad, 20 * time.Second, shut("3 of 3 points are bad, 2 may be: 0.5 > 0.01 at 11:59:40 UTC, 0.5 > 0.01 at 11:59:50 UTC, 0.5 > 0.01 at 12:00:00 UTC")},
		"bad, as far as allowed": {bad, 19 * time.Second, watched("12:00:41", 10*time.Second)},
		"bad before it":          {good.but("1", start, -10, -20, -30), time.Minute, open(7)},
		"bad long ago":           {good.but("1", start, -10, -20, -30), time.Hour, open(7)},
		"infinite":               {always("+Inf"), 20 * time.Second, shut("3 of 3 points are bad, 2 may be: +Inf > 0.01 at 11:59:40 UTC, +Inf > 0.01 at 11:59:50 UTC, +Inf > 0.01 at 12:00:00 UTC")},
		"no data":                {always(""), time.Hour, tooFew},
		"no number":              {always("NaN"), time.Hour, tooFew},
		"no data yet":            {always(""), 0, watched("12:01:00", 10*time.Second)},
		"two missing":            {good.but("", start, 0, 10), time.Minute, open(5)},
		"three missing":          {good.but("", start, 0, 10, 20), time.Minute, tooFew},
		"two missing, one bad":   {good.but("", start, 0, 10).but("1", start, 20), time.Minute, tooFew},
		"one no number, one bad": {good.but("NaN", start, 10).but("1", start, 20), time.Minute, open(5)},
	} {
		v, err := gate(t, c.series).Check(t.Context(), ready(c.ready))
		if err != nil || v != c.want {
			t.Errorf("%s: %+v, %v\nwant %+v", name, v, err, c.want)
		}
	}
}

func TestBounds(t *testing.T) {
	p := func(f float64) *float64 { return &f }
	for name, c := range map[string]struct {
		min, max *float64
		value    string
		want     rollout.Answer
	}{
		"at max":    {nil, p(2), "2", rollout.Open},
		"over max":  {nil, p(2), "2.1", rollout.Shut},
		"at min":    {p(2), nil, "2", rollout.Open},
		"under min": {p(2), nil, "1.9", rollout.Shut},
		"between":   {p(1), p(2), "1.5", rollout.Open},
		"below":     {p(1), p(2), "0", rollout.Shut},
		"above":     {p(1), p(2), "3", rollout.Shut},
		"zero":      {p(0), p(0), "0", rollout.Open},
	} {
		g := gate(t, always(c.value))
		g.Min, g.Max = c.min, c.max
		if v, err := g.Check(t.Context(), ready(time.Minute)); err != nil || v.Answer != c.want {
			t.Errorf("%s: %+v, %v", name, v, err)
		}
	}
}

func TestTimeBeginsWhenReplicasAreReady(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*rollout.State)
		want   rollout.Verdict
	}{
		"no revision": {func(s *rollout.State) { s.Revisions = nil }, rollout.Verdict{Message: "there are no ready new replicas yet"}},
		"none ready":  {func(s *rollout.State) { s.Revisions[0].Ready = 0 }, rollout.Verdict{Message: "there are no ready new replicas yet"}},
		"nothing known": {func(s *rollout.State) { s.Revisions[0].ReadySince = time.Time{} },
			rollout.Verdict{Message: "there are no ready new replicas yet"}},
		"only the size known": {func(s *rollout.State) { s.Revisions[0].ReadySince, s.Revisions[0].Scaled = time.Time{}, noon },
			rollout.Verdict{Message: "watched until 2026-01-05 12:01:00 UTC", Retry: 10 * time.Second}},
		"in the future": {func(s *rollout.State) { s.Revisions[0].ReadySince = noon.Add(time.Hour) },
			rollout.Verdict{Message: "watched until 2026-01-05 12:01:00 UTC", Retry: 10 * time.Second}},
		"none wanted": {func(s *rollout.State) { s.Replicas, s.Revisions[0].Ready = 0, 0 }, rollout.Verdict{Answer: rollout.Open, Message: "no replicas are wanted"}},
	} {
		s := ready(time.Hour)
		c.change(&s)
		if v, err := gate(t, always("0")).Check(t.Context(), s); err != nil || v != c.want {
			t.Errorf("%s: %+v, %v", name, v, err)
		}
	}
}

func TestQueryIsAboutTheNewRevision(t *testing.T) {
	asked := ""
	g := gate(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = r.URL.Path + " " + r.FormValue("query")
		always("0").ServeHTTP(w, r)
	}))
	if _, err := g.Check(t.Context(), ready(time.Minute)); err != nil || asked != `/api/v1/query_range errors{pod=~"web-2-.*"}` {
		t.Errorf("%s, %v", asked, err)
	}
}

func TestGateThatCannotWatch(t *testing.T) {
	nan, one := math.NaN(), 1.0
	for path, spoil := range map[string]func(*prometheus.Gate){
		"api":         func(g *prometheus.Gate) { g.API = nil },
		"query":       func(g *prometheus.Gate) { g.Query = nil },
		"max":         func(g *prometheus.Gate) { g.Max = nil },
		"max,nan":     func(g *prometheus.Gate) { g.Max = &nan },
		"min,nan":     func(g *prometheus.Gate) { g.Min = &nan },
		"min":         func(g *prometheus.Gate) { g.Min = &one },
		"every":       func(g *prometheus.Gate) { g.Every = 0 },
		"for":         func(g *prometheus.Gate) { g.For = 9 * time.Second },
		"for,long":    func(g *prometheus.Gate) { g.For = 10000 * time.Second },
		"failures":    func(g *prometheus.Gate) { g.Failures = -1 },
		"failures,no": func(g *prometheus.Gate) { g.Failures = 7 },
	} {
		g := gate(t, always("0"))
		spoil(&g)
		path, _, _ := strings.Cut(path, ",")
		_, err := g.Check(t.Context(), ready(time.Minute))
		for _, err := range []error{g.Validate(), err} {
			var invalid *rollout.InvalidError
			if !errors.As(err, &invalid) || invalid.Path != path {
				t.Errorf("%s: %v", path, err)
			}
		}
	}
}

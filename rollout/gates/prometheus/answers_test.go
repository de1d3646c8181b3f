package prometheus_test

import (
	"context"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gopawl/pawl/rollout"
)

// The files are whole answers in the form that Prometheus' HTTP API has.
func TestAnswers(t *testing.T) {
	for file, c := range map[string]struct {
		code      int
		message   string // of the verdict
		err       string
		transient bool
	}{
		"matrix.json":  {200, "6 of 7 points are good", "", false},
		"warning.json": {200, "fewer than 5 good values in the last 1m0s; warning: one of the stores did not answer", "", false},
		"two.json":     {200, "", `ask Prometheus for errors{pod=~"web-2-.*"}: the answer has 2 series, not one: aggregate them`, false},
		"vector.json":  {200, "", `the answer is no matrix but a vector`, false},
		"bad.json":     {400, "", `bad_data: invalid parameter "query": 1:1: parse error: no expression found in input`, false},
		"exec.json":    {422, "", `execution: query processing would load too many samples into memory in query execution`, false},
		"timeout.json": {503, "", `server_error: server error: 503`, true},
		"none.json":    {404, "", "client_error: client error: 404", false},
		"empty":        {502, "", "server_error: server error: 502", true},
		"empty,429":    {429, "", "client_error: client error: 429", true},
		"empty,200":    {200, "", "bad_response", true},
	} {
		file, _, _ := strings.Cut(file, ",")
		data, err := os.ReadFile(filepath.Join("testdata", file))
		if err != nil && file != "empty" {
			t.Fatal(err)
		}
		g := gate(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(c.code)
			_, _ = w.Write(data)
		}))
		v, err := g.Check(t.Context(), ready(time.Minute))
		var transient *rollout.TransientError
		switch {
		case c.err == "" && (err != nil || v.Message != c.message):
			t.Errorf("%s: %+v, %v", file, v, err)
		case c.err != "" && (err == nil || !strings.Contains(err.Error(), c.err) || errors.As(err, &transient) != c.transient || v != rollout.Verdict{}):
			t.Errorf("%s: %+v, %v, transient: %v", file, v, err, transient != nil)
		}
	}
}

func TestServerThatIsSilent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begun := time.Now()
		g := gate(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
		v, err := g.Check(t.Context(), ready(time.Minute))
		var transient *rollout.TransientError
		if !errors.As(err, &transient) || !errors.Is(err, context.DeadlineExceeded) || time.Since(begun) != 5*time.Second {
			t.Errorf("after %v: %+v, %v", time.Since(begun), v, err)
		}
	})
}

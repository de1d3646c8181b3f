package view_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"
	"sigs.k8s.io/yaml"

	"github.com/gopawl/pawl/examples/pawl/internal/view"
	"github.com/gopawl/pawl/rollout"
	"github.com/gopawl/pawl/rollout/sim"
	"github.com/gopawl/pawl/strategies"
)

// TestGoldens compares what is printed with testdata/*.txt; -rewrite brings those up to date. The
// commands, each with its data in YAML:
//
//	progress width=80 elapsed=12s floor=3 ceiling=4 colour   (a state and a status)
//	problems                                                  (a state)
//	tree colour                                               (an App)
//	plan start-up=4s failing=v2 strategy=recreate format=json (a state)
func TestGoldens(t *testing.T) {
	datadriven.Walk(t, "testdata", func(t *testing.T, path string) {
		if !strings.HasSuffix(path, ".txt") || strings.HasSuffix(path, ".kubectl.txt") {
			t.Skip("not a golden")
		}
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			// Colours are shown with a visible escape character.
			return strings.ReplaceAll(golden(t, d), "\x1b", "␛")
		})
	})
}

func golden(t *testing.T, d *datadriven.TestData) string {
	t.Helper()
	switch d.Cmd {
	case "progress":
		return progress(t, d)
	case "problems":
		var s rollout.State
		read(t, d, &s)
		return view.Problems(s)
	case "tree":
		var a view.App
		read(t, d, &a)
		return a.Tree(view.Ink(d.HasArg("colour")))
	case "plan":
		return plan(t, d)
	}
	d.Fatalf(t, "unknown command %s", d.Cmd)
	return ""
}

func read(t *testing.T, d *datadriven.TestData, into any) {
	t.Helper()
	if err := yaml.UnmarshalStrict([]byte(d.Input), into); err != nil {
		d.Fatalf(t, "%v", err)
	}
}

func progress(t *testing.T, d *datadriven.TestData) string {
	t.Helper()
	p := view.Progress{App: "web"}
	read(t, d, &p)
	width := 80
	var elapsed string
	d.MaybeScanArgs(t, "width", &width)
	d.MaybeScanArgs(t, "floor", &p.Floor)
	d.MaybeScanArgs(t, "ceiling", &p.Ceiling)
	if d.MaybeScanArgs(t, "elapsed", &elapsed) {
		p.Elapsed = span(t, d, elapsed)
	}
	return strings.Join(p.Lines(width, view.Ink(d.HasArg("colour"))), "\n")
}

func span(t *testing.T, d *datadriven.TestData, text string) time.Duration {
	t.Helper()
	s, err := time.ParseDuration(text)
	if err != nil {
		d.Fatalf(t, "%v", err)
	}
	return s
}

func plan(t *testing.T, d *datadriven.TestData) string {
	t.Helper()
	var from rollout.State
	read(t, d, &from)
	startUp, failing, strategy, format := "0s", "", "rolling", "table"
	d.MaybeScanArgs(t, "start-up", &startUp)
	d.MaybeScanArgs(t, "failing", &failing)
	d.MaybeScanArgs(t, "strategy", &strategy)
	d.MaybeScanArgs(t, "format", &format)
	var s rollout.Strategy = strategies.Rolling{}
	if strategy == "recreate" {
		s = strategies.Recreate{}
	}
	report, err := sim.Preview(s, from, sim.Options{
		StartUp: sim.After(span(t, d, startUp), failing),
		Name:    func(template string) string { return "web-" + template },
	})
	if err != nil {
		d.Fatalf(t, "%v", err)
	}
	return printed(t, view.PlanOf(report), format)
}

func printed(t *testing.T, p view.Plan, format string) string {
	t.Helper()
	print := map[string]func() ([]byte, error){
		"table": func() ([]byte, error) { return []byte(p.Table()), nil },
		"json":  p.JSON,
		"yaml":  p.YAML,
	}[format]
	if print == nil {
		t.Fatal(fmt.Errorf("unknown format %q", format))
	}
	out, err := print()
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

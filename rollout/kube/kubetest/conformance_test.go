package kubetest_test

import (
	"flag"
	"fmt"
	"maps"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/cockroachdb/datadriven"

	"github.com/gopawl/pawl/rollout/kube/kubetest"
)

// The scripts of testdata/conformance hold what a real API server answered. They are played on a
// cluster of this package, whose answers have to be the same, line for line, but for what
// differences.txt lists with its reason. With -server they are played on a real API server too,
// which shows that the recorded answers are still right, or records them again with -rewrite.
// Controllers that would change what the scripts look at have to be switched off there:
// test/cluster/e2e/conformance starts such a server.
var realServer = flag.String("server", "", "also play the conformance scripts on the API server at this URL, of a kubectl proxy say")

const (
	scripts     = "testdata/conformance/*.txt"
	differences = "testdata/differences.txt"
)

// plainWidget is a kind of nobody's, and widgetDefinition what a real server knows of it.
var plainWidget = kubetest.Resource{Group: "example.com", Version: "v1", Kind: "Widget", Plural: "widgets", Status: true, Scale: true}

const widgetDefinition = `{
	"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": {"name": "widgets.example.com"},
	"spec": {
		"group": "example.com", "scope": "Namespaced", "names": {"plural": "widgets", "kind": "Widget"},
		"versions": [{
			"name": "v1", "served": true, "storage": true,
			"schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}},
			"subresources": {"status": {}, "scale": {
				"specReplicasPath": ".spec.replicas", "statusReplicasPath": ".status.replicas", "labelSelectorPath": ".status.selector"
			}}
		}]
	}
}`

func defineWidgets(t *testing.T, s server) {
	t.Helper()
	p := &player{server: s, ctx: t.Context()}
	const definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
	if made := p.do(t, "POST", definitions, nil, widgetDefinition); made.status != http.StatusCreated {
		t.Fatalf("defining widgets: %d %s", made.status, made.body)
	}
	t.Cleanup(func() { p.do(t, "DELETE", definitions+"/widgets.example.com", nil, "") })
	eventually(t, "widgets", func() bool {
		return p.do(t, "GET", "/apis/example.com/v1/widgets", nil, "").status == http.StatusOK
	})
}

// outcomes are what became of the steps of all scripts: "", or how the answer differs from the
// recorded one.
type outcomes struct {
	mu   sync.Mutex
	list []outcome
}

type outcome struct{ script, step, diff string }

func (o *outcomes) add(script, step, diff string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.list = append(o.list, outcome{script, step, diff})
}

func TestRealServerAnswersAsRecorded(t *testing.T) {
	if *realServer == "" {
		t.Skip("SKIPPED: needs a real API server, -server; test/cluster/e2e/conformance brings one")
	}
	s := server{http: http.DefaultClient, url: *realServer}
	defineWidgets(t, s)
	all := playScripts(t, func(t *testing.T, play func(*testing.T, server)) { play(t, s) })
	for _, o := range all {
		if o.diff != "" {
			t.Errorf("%s: %s: - recorded, + answered now\n%s", o.script, o.step, o.diff)
		}
	}
}

func TestAnswersAreThoseOfARealServer(t *testing.T) {
	all := playScripts(t, func(t *testing.T, play func(*testing.T, server)) {
		synctest.Test(t, func(t *testing.T) {
			c, err := kubetest.New(kubetest.Options{Resources: []kubetest.Resource{plainWidget}})
			check(t, err)
			play(t, server{http: &http.Client{Transport: kubetest.Transport(c)}, url: c.Config().Host, cluster: c})
		})
	})
	found := map[string]string{}
	for _, o := range all {
		if o.diff != "" {
			found[o.script+" "+o.step] = o.diff
		}
	}
	reasons, wrong := readReasons(t, found)
	for _, why := range wrong {
		t.Error(why)
	}
	for _, key := range slices.Sorted(maps.Keys(found)) {
		if reasons[key] == "" {
			t.Errorf("%s: - real server, + kubetest\n%s", key, found[key])
		}
	}
	printTable(t, all, reasons)
}

// readReasons answers why steps differ, and what is wrong with the list of those that do:
//
//	SCRIPT STEP [STEP…]
//	the reason
//	----
//	the differences
func readReasons(t *testing.T, found map[string]string) (reasons map[string]string, wrong []string) {
	t.Helper()
	reasons = map[string]string{}
	datadriven.RunTest(t, differences, func(_ *testing.T, d *datadriven.TestData) string {
		var now strings.Builder
		if d.Input == "" {
			wrong = append(wrong, d.Pos+": no reason")
		}
		for _, arg := range d.CmdArgs {
			key := d.Cmd + " " + arg.Key
			if found[key] == "" {
				wrong = append(wrong, fmt.Sprintf("%s: %s does not differ, or is no step", d.Pos, key))
			}
			reasons[key] = d.Input
			fmt.Fprintf(&now, "%s\n%s", arg.Key, found[key])
		}
		if d.Rewrite {
			return now.String()
		}
		if diff := lineDiff(d.Expected, now.String()); diff != "" {
			wrong = append(wrong, fmt.Sprintf("%s: differs in another way: - listed, + found\n%s", d.Pos, diff))
		}
		return d.Expected // so that all are read
	})
	return reasons, wrong
}

// playScripts plays all scripts, each on a server to which it is let by on.
func playScripts(t *testing.T, on func(t *testing.T, play func(*testing.T, server))) []outcome {
	t.Helper()
	var all outcomes
	t.Run("scripts", func(t *testing.T) {
		paths, err := filepath.Glob(scripts)
		check(t, err)
		for _, path := range paths {
			t.Run(strings.TrimSuffix(filepath.Base(path), ".txt"), func(t *testing.T) {
				t.Parallel()
				on(t, func(t *testing.T, s server) { all.play(t, s, path) })
			})
		}
	})
	slices.SortStableFunc(all.list, func(a, b outcome) int { return strings.Compare(a.script, b.script) })
	return all.list
}

// play plays a script to its end, whatever the answers are.
func (o *outcomes) play(t *testing.T, s server, path string) {
	p := newPlayer(t, s)
	datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
		got := p.play(t, d)
		if s.cluster == nil && d.Rewrite {
			return got
		}
		if step := p.step(d); step != "" {
			o.add(strings.TrimSuffix(filepath.Base(path), ".txt"), step, lineDiff(d.Expected, got))
		}
		return d.Expected
	})
}

// printTable shows all steps and, of those that differ, the first lines that do.
func printTable(t *testing.T, all []outcome, reasons map[string]string) {
	t.Helper()
	if !testing.Verbose() {
		return
	}
	var table strings.Builder
	same := 0
	for _, o := range all {
		if o.diff == "" {
			same++
			fmt.Fprintf(&table, "%-14s %-34s same\n", o.script, o.step)
			continue
		}
		lines := strings.SplitN(o.diff, "\n", 3)
		fmt.Fprintf(&table, "%-14s %-34s differs: %.50s %.50s (%s)\n", o.script, o.step, lines[0], lines[1], reasons[o.script+" "+o.step])
	}
	t.Logf("%d of %d answers are those of a real server\n%s", same, len(all), &table)
}

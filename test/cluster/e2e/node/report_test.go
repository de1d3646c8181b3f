package node

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var rewrite = flag.Bool("rewrite", false, "write docs/traffic.md from this run")

const document = "../../../../docs/traffic.md"

const heading = `# Real traffic

Requests to a Service's ClusterIP while its pods are replaced, v1 by v2 and back: real pods, probes and kube-proxy, on one
node of two cores that shares them with the control plane and with whoever sends the requests. Four replicas; a pod is
ready half a second after its start, and after SIGTERM it serves on for four seconds, tells each connection to close, and
ends. ` + "`make e2e-node`" + ` repeats it, and fails if a request fails that may not, if a bound is broken, or if there are too
few requests; the other numbers differ from run to run. With ` + "`ARGS=-rewrite`" + ` it writes this page.

`

const notes = `
- A request is sent once. It fails if there is no connection for it, if it cannot be written, or if anything but a whole
  answer with status 200 comes back within 2 s. Clients of Go's ` + "`net/http`" + ` send some requests again that failed on a kept
  connection, and do not tell; these do not.
- The requests that open no connection are on kept ones, which last until the pod says "Connection: close".
- A rollout by Pawl and one by a Deployment with the same bounds run side by side. An observer that follows every
  version of pods and ReplicaSets holds both to their floor and ceiling.
- With blue-green the Service's selector is switched, and the old pods stay for five seconds more. Requests on kept
  connections go to the old pods until these close them.
- Pods that do not drain end at SIGTERM. Their failures show that the count can tell.
- With recreate requests fail only while no pod is available, and up to 2 s after, until kube-proxy has heard of the
  first one; v2 answers only after v1 has for the last time.
- Duration includes the first rollout and the end of the last old pod.
`

// report prints the table, and compares what may not differ from run to run with the document.
func report(t *testing.T, groups [][]*row) {
	t.Helper()
	table, requests, fresh := tabulate(groups)
	for _, group := range groups {
		for _, r := range group {
			if !r.done {
				t.Logf("traffic, as far as it went:\n%s", table)
				t.Fatalf("no outcome of %s %s", r.by, r.what)
			}
		}
	}
	total := fmt.Sprintf("\nWhere none may fail: %d requests, %d on new connections.\n", requests, fresh)
	t.Logf("traffic:\n%s%s", table, total)
	if requests < allRequests || fresh < allFresh {
		t.Errorf("%d requests, %d on new connections: want at least %d and %d", requests, fresh, allRequests, allFresh)
	}
	if *rewrite && !t.Failed() {
		if err := os.MkdirAll(filepath.Dir(document), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(document, []byte(heading+table+total+notes), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	published, err := os.ReadFile(document)
	if err != nil {
		t.Fatalf("%v: -rewrite writes it", err)
	}
	if diff := cmp.Diff(stories(string(published)), stories(table)); diff != "" {
		t.Errorf("%s has other rows, -rewrite writes it: %s", document, diff)
	}
}

func tabulate(groups [][]*row) (table string, requests, fresh int) {
	var b strings.Builder
	b.WriteString("| by | what | requests | on new connections | failed | v1 answers | v2 answers | pods that answered | longest time without an answer | duration |\n")
	b.WriteString("|---|---|--:|--:|--:|--:|--:|--:|--:|--:|\n")
	for _, group := range groups {
		for _, r := range group {
			o := r.tally
			fmt.Fprintf(&b, "| %s | %s | %d | %d | %d | %d | %d | %d | %.2f s | %.0f s |\n", r.by, r.what, o.Requests, o.Fresh, o.Failed,
				o.Versions["v1"].Answers, o.Versions["v2"].Answers, len(o.Pods), o.LongestGap.Seconds(), r.took.Seconds())
			if !r.lossy {
				requests, fresh = requests+o.Requests, fresh+o.Fresh
			}
		}
	}
	return b.String(), requests, fresh
}

// stories are the first two columns of the table in a text.
func stories(text string) (all []string) {
	for line := range strings.Lines(text) {
		if cells := strings.Split(line, "|"); len(cells) > 3 {
			all = append(all, cells[1]+"|"+cells[2])
		}
	}
	return all
}

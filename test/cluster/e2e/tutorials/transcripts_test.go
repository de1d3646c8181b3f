package tutorials

import (
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gopawl/pawl/test/cluster/suite"
)

// chapter says how a transcript is played where a minute takes a minute. The zero value is word for word.
type chapter struct {
	slow      time.Duration     // pods take so long to become ready; 0 is a second, as on the embedded cluster
	texts     []string          // of the transcript, and what stands for them, in pairs
	manifests map[string]string // what stands in the place of a line "name: value", in every manifest that has it
	until     string            // the directive that ends it, or its input; it is not played any more
	why       string            // the reason for that
	differs   map[string]string // directives whose answers differ, and why
}

var (
	// quickly is for manifests whose replicas must be ready for ten seconds before they count.
	quickly = map[string]string{"minReadySeconds: 10": "minReadySeconds: 2"}
	// The embedded cluster gives a LoadBalancer fewer defaults than it has; a ClusterIP has none of them.
	balancer  = map[string]string{"type: LoadBalancer": "type: ClusterIP"}
	balancers = []string{"type: LoadBalancer", "type: ClusterIP", `"type":"LoadBalancer"`, `"type":"ClusterIP"`, `"type": "LoadBalancer"`, `"type": "ClusterIP"`,
		`\"type\":\"LoadBalancer\"`, `\"type\":\"ClusterIP\"`}
	rightsFirst = "who has no rights in a namespace is not told whether it is there"
)

var chapters = map[string]chapter{
	"badimage": {
		texts: []string{"=30s", "=4s", "after 30s", "after 4s", "watch --timeout=10s", "watch --timeout=3s", "timed out after 10s", "timed out after 3s",
			"progressDeadlineSeconds: 60", "progressDeadlineSeconds: 20"},
		until: "sim/fail: probe => sim/fail: quota", why: "quota and unschedulable are annotations of the embedded cluster alone; package hostile has the real ones",
	},
	"betas":      {},
	"completion": {until: "pawl __complete --state=httpd.v1.yaml get h", why: "what follows is about the embedded cluster's state file"},
	"config":     {},
	"delete":     {},
	"deleted":    {slow: 3 * time.Second},
	"demo":       {},
	"diff": {
		texts: balancers, manifests: balancer,
		differs: map[string]string{"pawl diff -f httpd.v1.yaml -n nowhere": rightsFirst},
	},
	"edit":       {},
	"extensions": {},
	"hello":      {manifests: quickly},
	"history":    {},
	"httpd":      {},
	"kubia":      {},
	"merged":     {},
	"output":     {texts: balancers, manifests: balancer},
	"patch":      {},
	"pause": {
		slow:  3 * time.Second,
		until: `pawl patch httpd -p={"spec":{"paused":true,"minReadySeconds":60}}`, why: "what follows takes minutes",
	},
	"plan":              {},
	"record":            {},
	"recreate":          {slow: 2 * time.Second},
	"refused_manifests": {differs: map[string]string{"refused run -f web.yaml -n nowhere": rightsFirst}},
	"replace":           {},
	"restart":           {until: "until 2m", why: "what follows happens within one second"},
	"sizes":             {},
	"terminals":         {slow: 2 * time.Second, manifests: quickly},
	"wait":              {slow: 2 * time.Second},
}

// elsewhere are the transcripts that are not played here, and why.
var elsewhere = map[string]string{
	"folder":           "makes a namespace of a fixed name",
	"hash":             "asks no cluster",
	"help":             "asks no cluster",
	"refused_commands": "is about flags, and the embedded cluster's state file",
	"timeline":         "draws in virtual time",
	"traffic":          "the pods of the embedded cluster alone serve",
}

func TestTranscripts(t *testing.T) {
	files, err := filepath.Glob(suite.Manifest("../internal/cli/testdata/transcripts/*.txt"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%d transcripts (%v)", len(files), err)
	}
	var mu sync.Mutex
	var all tally
	t.Run("stories", func(t *testing.T) {
		for _, path := range files {
			name := strings.TrimSuffix(filepath.Base(path), ".txt")
			c, ok := chapters[name]
			if _, not := elsewhere[name]; ok == not {
				t.Errorf("%s: is it played here, or not and why?", name)
			}
			if !ok {
				continue
			}
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				counted := tell(t, path, c)
				mu.Lock()
				defer mu.Unlock()
				for l, n := range counted {
					all[l] += n
				}
			})
		}
	})
	for l, n := range all {
		t.Logf("%4d answers %v", n, likeness(l))
	}
}

// tell plays a transcript to its end.
func tell(t *testing.T, path string, c chapter) tally {
	s := begin(t, c)
	all := passages(t, path, strings.NewReplacer(c.texts...))
	for _, p := range all {
		s.hashes.learn(p.wants)
	}
	ends := false
	for _, p := range all {
		if ends = c.until != "" && (p.directive() == c.until || p.input == c.until); ends {
			t.Logf("%s: ends here: %s", p.place, c.why)
			break
		}
		s.play(p)
	}
	if c.until != "" && !ends {
		t.Errorf("%q is not there", c.until)
	}
	s.end()
	return s.tally
}

func (c chapter) delay() time.Duration {
	if c.slow == 0 {
		return time.Second
	}
	return c.slow
}

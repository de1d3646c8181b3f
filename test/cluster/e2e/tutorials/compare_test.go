package tutorials

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// likeness is how far an answer is that of the transcript.
type likeness int

const (
	letter   likeness = iota // every line, but for what is explained
	progress                 // every line but those that come as time goes by
	net                      // the same ReplicaSets from the same to the same sizes, in other steps
	different
)

func (l likeness) String() string {
	return [...]string{"to the letter", "but for lines of progress", "in other steps", "different"}[l]
}

// explained are the differences that there may be, and why. Each is made the same on both sides.
var explained = []struct {
	why  string
	find *regexp.Regexp
	by   string
}{
	{"the cluster has to be named", regexp.MustCompile(`pawl --kubeconfig \S+ -n \S+ `), "pawl "},
	{"the time is not the same", regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ`), "TIME"},
	{"objects are others", regexp.MustCompile(`\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b`), "UID"},
	{"versions are others", regexp.MustCompile(`(resourceVersion"?: )("[0-9]+"|N)`), "${1}N"},
	{"addresses are others", regexp.MustCompile(`\b10\.96\.\d+\.\d+\b`), "ADDRESS"},
	{"fake nodes do not pull, and say so in fewer words", regexp.MustCompile(`(Back-off pulling image "[^"]+")(: ErrImagePull[^\n]*| \(simulated\))`), "$1"},
	{"nor do they restart anything", regexp.MustCompile(`back-off (\d+s )?restarting failed container[^\n]*`), "back-off restarting failed container"},
	{"nor probe", regexp.MustCompile(`(containers with unready status)[^\n]*`), "$1"},
	{"there is more than one node", regexp.MustCompile(`0/\d+ nodes are available: \d+ [^\n]*`), "no nodes are available"},
	{"the age of something, and with it the width of a column", regexp.MustCompile(`  +(\d+[smh])+\b *| {2,}`), "  "},
}

var progressLine = regexp.MustCompile(`^(! )?(Waiting for deployment |deployment "[^"]+" is paused: waiting for |  paused: |  (pod|replicaset)/)`)

// significant are the lines that are not of progress.
func significant(text string) (lines []string) {
	for line := range strings.Lines(text) {
		if !progressLine.MatchString(line) {
			lines = append(lines, line)
		}
	}
	return lines
}

// inTurn is first what was said on standard output, then what was said on standard error: the order of
// the two is left to chance.
func inTurn(text string) string {
	var out, errors string
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "! ") {
			errors += line
		} else {
			out += line
		}
	}
	return out + errors
}

var scaleLine = regexp.MustCompile(`^(! )?Scaled (up|down) replica set (\S+) from (\d+) to (\d+) \(.*\)\n$`)

// merged takes the steps of each ReplicaSet together, and puts them at the end.
func merged(lines []string) []string {
	var rest, names []string
	first, last := map[string]string{}, map[string]string{}
	for _, line := range lines {
		m := scaleLine.FindStringSubmatch(line)
		if m == nil {
			rest = append(rest, line)
			continue
		}
		if key := m[3]; first[key] == "" {
			first[key] = m[4]
			names = append(names, key)
		}
		last[m[3]] = m[5]
	}
	slices.Sort(names)
	for _, name := range names {
		rest = append(rest, fmt.Sprintf("%s from %s to %s\n", name, first[name], last[name]))
	}
	return rest
}

func compared(wants, got string) likeness {
	for _, e := range explained {
		wants, got = e.find.ReplaceAllString(wants, e.by), e.find.ReplaceAllString(got, e.by)
	}
	wants, got = inTurn(wants), inTurn(got)
	switch a, b := significant(wants), significant(got); {
	case wants == got:
		return letter
	case slices.Equal(a, b):
		return progress
	case slices.Equal(merged(a), merged(b)):
		return net
	}
	return different
}

// tally counts answers by their likeness.
type tally [different + 1]int

func (s *story) compare(p passage, wants, got string) {
	s.Helper()
	l := compared(wants, got)
	if p.verb == "answers" && l == different && mixed(wants, got) {
		l = progress
	}
	why := s.differs[p.directive()]
	s.told[p.directive()] = true
	switch {
	case wants == "" && got == "":
		return
	case why != "" && l != different:
		s.Errorf("%s: no longer differs (%s): take it off the list", p.place, why)
	case why != "":
		s.Logf("%s: differs: %s", p.place, why)
	case l == different:
		s.Errorf("%s: -want +got:\n%s", p.place, cmp.Diff(strings.SplitAfter(wants, "\n"), strings.SplitAfter(got, "\n")))
	case l > letter:
		s.Logf("%s: %v:\n%s", p.place, l, got)
	}
	s.tally[l]++
}

// mixed reports whether the answers of a Service are the same but for moments in which two versions
// answered that had none in virtual time.
func mixed(wants, got string) bool {
	lines := strings.SplitAfter(wants, "\n")
	for line := range strings.Lines(got) {
		switch {
		case len(lines) > 0 && lines[0] == line:
			lines = lines[1:]
		case !strings.Contains(line, " and "):
			return false
		}
	}
	return strings.Join(lines, "") == ""
}

func TestCompared(t *testing.T) {
	const grown = "Scaled up replica set web-1 from 0 to 2 (why)\n"
	for _, test := range []struct {
		wants, got string
		like       likeness
	}{
		{"a\n! b\n", "! b\na\n", letter}, // two streams
		{"at 2000-01-01T00:00:00Z\n", "at 2026-02-03T04:05:06Z\n", letter},
		{grown, "Waiting for deployment \"web\" rollout to finish: ...\n" + grown, progress},
		{grown, "Scaled up replica set web-1 from 0 to 1 (why)\nScaled up replica set web-1 from 1 to 2 (why)\n", net},
		{grown, "Scaled up replica set web-1 from 0 to 3 (why)\n", different},
		{grown, "Scaled up replica set web-2 from 0 to 2 (why)\n", different},
		{grown + "done\n", grown, different},
		{"a\nb\n", "b\na\n", different},
		{"exit 1\n", "", different},
	} {
		if got := compared(test.wants, test.got); got != test.like {
			t.Errorf("%q is like %q %v, want %v", test.got, test.wants, got, test.like)
		}
	}
}

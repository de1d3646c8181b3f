package kubectl

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gopawl/pawl/test/cluster/suite"
)

// session is a person with the real kubectl, and a controller that they know nothing of. What is
// said becomes a transcript.
type session struct {
	*controller
	kubectl suite.Command
	text    strings.Builder
}

func begin(t *testing.T) *session {
	t.Helper()
	c := control(t)
	return &session{controller: c, kubectl: c.Kubectl(nil)}
}

// note is prose in the transcript.
func (s *session) note(text string) { fmt.Fprintf(&s.text, "\n# %s\n", text) }

// says adds a command line and what it prints.
func (s *session) says(line string) string {
	s.Helper()
	out := s.runs(line)
	fmt.Fprintf(&s.text, "\n$ kubectl %s\n%s", plain(line, s.Namespace), plain(out, s.Namespace))
	return out
}

// lists is says for a table that is in the order of time, of which the seconds do not tell enough.
func (s *session) lists(line string) {
	s.Helper()
	rows := slices.Sorted(strings.Lines(plain(s.runs(line), s.Namespace)))
	fmt.Fprintf(&s.text, "\n$ kubectl %s | sort -u\n%s", plain(line, s.Namespace), strings.Join(slices.Compact(rows), ""))
}

// runs returns what a command line prints, with the exit code where there is one.
func (s *session) runs(line string) string {
	s.Helper()
	out, code := s.kubectl.Start(strings.Fields(line)...)()
	if code != 0 {
		out += fmt.Sprintf("(exit code %d)\n", code)
	}
	return out
}

// isWritten compares the transcript with that in testdata.
func (s *session) isWritten(name string) {
	s.Helper()
	path := filepath.Join("testdata", name+".txt")
	got := strings.TrimPrefix(s.text.String(), "\n")
	if *rewrite {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			s.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		s.Fatalf("%v; write it by -rewrite", err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		s.Errorf("%s says otherwise; -rewrite writes it anew:\n%s", path, diff)
	}
}

// volatile is what is another each time, and what stands for it. Names of ReplicaSets stay: they come
// from the template alone.
var volatile = []struct {
	is   *regexp.Regexp
	says string
}{
	{regexp.MustCompile(`(web-[a-z0-9]{10})-[a-z0-9]{5}\b`), "$1-POD"},
	{regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`), "UID"},
	{regexp.MustCompile(`\b10\.\d+\.\d+\.\d+\b`), "IP"},
	{regexp.MustCompile(`\bfake\d+\b`), "NODE"},
	{regexp.MustCompile(`\d{4}-\d\d-\d\dT[0-9:.]+Z`), "TIME"},
	{regexp.MustCompile(`(?m)\b(\d+m)?\d+s\b( \((x\d+ over )?(\d+m)?\d+s\))?`), "AGE"},
	{regexp.MustCompile(`([^\s+-]) {3,}`), "$1  "},
	{regexp.MustCompile(`(?m) +$`), ""},
	{regexp.MustCompile(`(?m)^(---|\+\+\+) .*$`), "$1"},
	{regexp.MustCompile(`resourceVersion: "\d+"`), `resourceVersion: "N"`},
	{regexp.MustCompile(`/tmp/\S*/`), ""},
}

func plain(text, namespace string) string {
	text = strings.ReplaceAll(text, namespace, "NAMESPACE")
	for _, v := range volatile {
		text = v.is.ReplaceAllString(text, v.says)
	}
	return text
}

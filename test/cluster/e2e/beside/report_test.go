package beside

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// repository is the directory of the root module.
var repository = func() string {
	_, file, _, _ := runtime.Caller(0)
	return filepath.Join(filepath.Dir(file), "..", "..", "..", "..")
}()

// difference is what the sides answer otherwise, and the row of the README, or the heading of
// ARCHITECTURE.md, that says why.
type difference struct{ aspect, deployment, pawl, why string }

// report is docs/beside.md in the making.
type report struct {
	*testing.T
	why   map[string]bool // the reasons that there are
	rows  strings.Builder
	verbs strings.Builder
	found []difference
	where map[difference][]string // the stories
}

// newReport reads what may explain a difference.
func newReport(t *testing.T) *report {
	t.Helper()
	r := &report{T: t, why: map[string]bool{}, where: map[difference][]string{}}
	for file, row := range map[string]*regexp.Regexp{
		"README.md":       regexp.MustCompile(`(?m)^\| ([^|]+) \|`),
		"ARCHITECTURE.md": regexp.MustCompile(`(?m)^## (.+)$`),
	} {
		data, err := os.ReadFile(filepath.Join(repository, file))
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range row.FindAllSubmatch(data, -1) {
			r.why[string(m[1])] = true
		}
	}
	return r
}

// compare returns what stands in the table for an aspect, and keeps what differs.
func (r *report) compare(story, aspect, deployment, pawl, why string) string {
	r.Helper()
	if deployment == pawl {
		if why != "" {
			r.Errorf("%s, %s: equal, and yet explained by %q:\n%s", story, aspect, why, pawl)
		}
		return "="
	}
	if !r.why[why] {
		r.Errorf("%s, %s: neither equal nor explained by what README.md or ARCHITECTURE.md say (%q):\nDeployment: %s\nPawl:       %s", story, aspect, why, deployment, pawl)
	}
	d := difference{aspect, deployment, pawl, why}
	if !slices.Contains(r.found, d) {
		r.found = append(r.found, d)
	}
	r.where[d] = append(r.where[d], story)
	return fmt.Sprintf("[%d](#d%[1]d)", 1+slices.Index(r.found, d))
}

// story adds a row.
func (r *report) story(s story, deployment, pawl facts) {
	r.Helper()
	fmt.Fprintf(&r.rows, "| %s |", s.name)
	for _, a := range aspects {
		why := s.differs[a]
		if why == "" {
			why = always[a]
		}
		cell := r.compare(s.name, a, deployment[a], pawl[a], why)
		if cell == "=" && len(pawl[a]) < 3 {
			cell = pawl[a] + " " + cell
		}
		fmt.Fprintf(&r.rows, " %s |", cell)
	}
	r.rows.WriteByte('\n')
}

// verb adds a row of the other table.
func (r *report) verb(v verb, kubectl, pawl string) {
	r.Helper()
	fmt.Fprintf(&r.verbs, "| `%s` | `%s` | %s |\n", v.kubectl, v.pawl, r.compare("`pawl "+v.pawl+"`", "text", kubectl, pawl, v.why))
}

const about = `# Beside a native Deployment

The same rollouts by a native Deployment and by Pawl (` + "`Engine.Run`" + `), on one real control plane of Kubernetes 1.37 with fake
nodes, watched by a client that has no part in either. This file is written by
` + "`go test ./e2e/beside -rewrite`" + ` in [test/cluster](../test/cluster); ` + "`make e2e`" + ` fails when it is no longer true, and when
something differs that neither the table in [README.md](../README.md#differences-from-a-deployment) nor
[ARCHITECTURE.md](../ARCHITECTURE.md) explains.

"=" is equal; a number is a difference, below. Sizes are the order in which ReplicaSets were scaled. Where more depends on how
fast pods become ready than on the strategy, sizes are compared up to there, then by the way that each one goes, and events
without their numbers. The annotations of a revision are its number, its history, desired-replicas and max-replicas.

`

const spokenAbout = `
## What is said

The real kubectl to a Deployment, with ` + "`rollout status`" + ` after what starts something, and the command pawl, which waits for
the end itself. The last row is what is said on the way of all these rollouts, each kind of line once. Left out are names of
ReplicaSets and times, the steps that pawl tells of, which a Deployment tells in events, and kubectl's warning that its undo
does not touch what apply remembers; where a text names a command, each names its own.

| kubectl | pawl | |
|---|---|---|
`

// text is the part of the file that does not depend on how fast things are.
func (r *report) text() string {
	var b strings.Builder
	b.WriteString(about)
	fmt.Fprintf(&b, "| story | %s |\n|---%s|\n%s", strings.Join(aspects, " | "), strings.Repeat("|---", len(aspects)), &r.rows)
	b.WriteString(spokenAbout)
	b.WriteString(r.verbs.String())
	b.WriteString("\n## Where they differ\n\n| | in | what | Deployment | Pawl | see |\n|---|---|---|---|---|---|\n")
	for i, d := range r.found {
		in := strings.Join(r.where[d], "; ")
		switch n := len(r.where[d]); {
		case n == len(stories):
			in = "all"
		case n > len(stories)/2:
			in = fmt.Sprintf("%d stories", n)
		}
		fmt.Fprintf(&b, "| <a id=\"d%d\"></a>%[1]d | %s | %s | %s | %s | %s |\n", i+1, in, d.aspect, only(d.deployment, d.pawl), only(d.pawl, d.deployment), d.why)
	}
	return b.String()
}

// only is what one side says and the other does not.
func only(text, other string) string {
	const between = "; "
	parts := slices.DeleteFunc(strings.Split(text, between), func(part string) bool {
		return slices.Contains(strings.Split(other, between), part)
	})
	if parts = slices.DeleteFunc(parts, func(part string) bool { return part == "" }); len(parts) == 0 {
		return "–"
	}
	return strings.NewReplacer("|", `\|`, "\n", "<br>", "<none>", "&lt;none>").Replace(strings.TrimSpace(strings.Join(parts, "\n")))
}

// The headings of what depends on how fast things are.
const (
	measured = "\n## Measured\n\n"
	many     = "\n## Measured with many pods\n\n"
)

// check compares the file with what was found, or writes it. What was measured with many pods stays
// where it was not measured again.
func (r *report) check(times, manyTimes string) {
	r.Helper()
	path := filepath.Join(repository, "docs", "beside.md")
	data, err := os.ReadFile(path)
	if err != nil && !(*rewrite && *large) {
		r.Fatalf("%v; write it by -rewrite -large", err)
	}
	text := r.text()
	r.Logf("%s%s%s%s%s", text, measured, times, many, manyTimes)
	if *rewrite {
		if !*large {
			_, manyTimes, _ = strings.Cut(string(data), many)
		}
		if err := os.WriteFile(path, []byte(text+measured+times+many+manyTimes), 0o644); err != nil {
			r.Fatal(err)
		}
		return
	}
	if has, _, _ := strings.Cut(string(data), measured); has != text {
		r.Errorf("docs/beside.md is no longer true; see what -rewrite changes in it:\n%s", cmp.Diff(has, text))
	}
}

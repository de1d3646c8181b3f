package tutorials

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// passage is a directive of a transcript and what is to come of it. The form is that of
// cockroachdb/datadriven: the directive, its input, ----, and the answer down to an empty line, or
// between two pairs of ----.
type passage struct {
	place string // file:line
	verb  string
	args  []string
	input string
	wants string
}

const rule = "----"

// passages reads a transcript, with some texts replaced.
func passages(t *testing.T, path string, replaced *strings.Replacer) (all []passage) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	rest := strings.Split(strings.TrimSuffix(replaced.Replace(string(data)), "\n"), "\n")
	line := 0
	next := func() (text string, ok bool) {
		if len(rest) == 0 {
			return "", false
		}
		text, rest = rest[0], rest[1:]
		line++
		return text, true
	}
	upTo := func(ends func(string) bool) string {
		var lines []string
		for text, ok := next(); ok && !ends(text); text, ok = next() {
			lines = append(lines, text+"\n")
		}
		return strings.Join(lines, "")
	}
	for text, ok := next(); ok; text, ok = next() {
		words := strings.Fields(text)
		if len(words) == 0 || strings.HasPrefix(text, "#") {
			continue
		}
		p := passage{place: fmt.Sprintf("%s:%d", filepath.Base(path), line), verb: words[0], args: slices.Clone(words[1:])}
		p.input = strings.TrimSpace(upTo(func(s string) bool { return s == rule }))
		if len(rest) > 0 && rest[0] == rule {
			next()
			p.wants = upTo(func(s string) bool { return s == rule })
			next()
		} else {
			p.wants = upTo(func(s string) bool { return s == "" })
		}
		all = append(all, p)
	}
	return all
}

// directive is the line that a passage begins with.
func (p passage) directive() string { return strings.Join(append([]string{p.verb}, p.args...), " ") }

package view_test

import (
	"testing"

	"github.com/gopawl/pawl/examples/pawl/internal/view"
)

func TestInkFor(t *testing.T) {
	for _, c := range []struct {
		noColor, term string
		want          view.Ink
	}{
		{"", "xterm-256color", true},
		{"1", "xterm-256color", false},
		{"", "dumb", false},
	} {
		env := map[string]string{"NO_COLOR": c.noColor, "TERM": c.term}
		if got := view.InkFor(func(key string) string { return env[key] }); got != c.want {
			t.Errorf("%v: %v", env, got)
		}
	}
}

package rollouttest

import (
	"fmt"
	"strings"

	"github.com/cockroachdb/datadriven"
)

// story is a rollout with all that happens to it, one command after the other. Nothing else is
// needed to play it: it holds no random number and asks for none.
type story []command

// command is one line of a story.
type command struct {
	name string
	args []datadriven.CmdArg
}

// parseStory reads a story. Empty lines and those that begin with # say nothing.
func parseStory(text string) (s story, err error) {
	for n, line := range strings.Split(text, "\n") {
		if line = strings.TrimSpace(line); line == "" || line[0] == '#' {
			continue
		}
		c, err := parseCommand(line)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", n+1, err)
		}
		s = append(s, c)
	}
	return s, nil
}

func parseCommand(line string) (command, error) {
	name, args, err := datadriven.ParseLine(line)
	return command{name, args}, err
}

// String is the text that [parseStory] reads.
func (s story) String() string {
	var text strings.Builder
	for _, c := range s {
		text.WriteString(c.String())
		text.WriteByte('\n')
	}
	return text.String()
}

// weather is the one in which such a thing happens.
func (c command) weather() Weather {
	switch c.name {
	case "want":
		if _, ok := c.arg("replicas"); ok {
			return Stormy
		}
	case "route":
		if _, ok := c.arg("to"); ok {
			return Wild
		}
		return Stormy
	case "fail", "evict":
		return Stormy
	case "scale", "add", "remove":
		return Wild
	}
	return Calm
}

func (s story) weather() (worst Weather) {
	for _, c := range s {
		worst = max(worst, c.weather())
	}
	return worst
}

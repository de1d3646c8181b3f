package rollouttest

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"

	"github.com/gopawl/pawl/rollout"
)

// Transcripts plays the stories in the files *.txt of a directory and compares what happens with what
// they say. They are files of github.com/cockroachdb/datadriven: a block holds one command or
// several, a line with four hyphens, and what is to happen; the flag -rewrite puts in what does
// happen. The package documentation has the commands.
//
// A strategy is a command as well, by its name in the map. It stands at the beginning of a file, and
// may come again. What it breaks is part of what happens.
func Transcripts(t *testing.T, dir string, strategies map[string]Maker) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.txt"))
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		t.Fatalf("there is no transcript in %s", dir)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			p := &player{strategies: strategies, stage: newStage(nil, Options{})}
			datadriven.RunTest(t, file, p.block)
		})
	}
}

// Maker makes the strategy that a transcript names, of the arguments that stand behind the name, and
// says what it promises. Of the options, a transcript uses the promises.
type Maker func(*Args) (rollout.Strategy, Options, error)

// player is one file in play.
type player struct {
	*stage
	strategies map[string]Maker
}

// block plays one block. Its first command was read by datadriven, the others were not.
func (p *player) block(t *testing.T, d *datadriven.TestData) string {
	t.Helper()
	others, err := parseStory(d.Input)
	if err != nil {
		d.Fatalf(t, "%v", err)
	}
	p.teller.out = &strings.Builder{}
	acted := false
	for _, c := range append(story{{d.Cmd, d.CmdArgs}}, others...) {
		maker, ok := p.strategies[c.name]
		switch {
		case ok:
			err = p.choose(c, maker)
		case p.strategy == nil:
			err = errNoStrategy
		default:
			err, acted = p.do(c), true
		}
		var b *broken
		if errors.As(err, &b) {
			break
		}
		if err != nil {
			d.Fatalf(t, "%v: %v", c, err)
		}
	}
	if !acted {
		return "ok\n"
	}
	return p.told(err)
}

// errNoStrategy says that something is to happen before there is a strategy.
var errNoStrategy = errors.New("a transcript begins with a strategy")

// choose goes on with another strategy.
func (p *player) choose(c command, maker Maker) error {
	a := c.read()
	s, o, err := maker(a)
	if err == nil {
		err = a.end()
	}
	p.strategy, p.options, p.judge.promises = s, o, o.Promises
	return err
}

package rollouttest

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/cockroachdb/datadriven"

	"github.com/gopawl/pawl/rollout"
	"github.com/gopawl/pawl/rollout/sim"
)

// Args are the arguments of a command: key=value, key=(first,second), or a key alone.
type Args struct {
	command command
	asked   map[string]bool
	err     error // the first that is wrong
}

func (c command) read() *Args { return &Args{command: c, asked: map[string]bool{}} }

// Text returns the value of a key, "" where it is not given. Keys that nobody asks for are refused.
func (a *Args) Text(key string) string {
	if all := a.list(key); len(all) > 0 {
		return all[0]
	}
	return ""
}

// list returns the values of a key.
func (a *Args) list(key string) []string {
	a.asked[key] = true
	for _, arg := range a.command.args {
		if arg.Key == key {
			return arg.Vals
		}
	}
	return nil
}

// has reports whether a key is given.
func (a *Args) has(key string) bool {
	a.asked[key] = true
	_, ok := a.command.arg(key)
	return ok
}

// end is the first error, also for what nobody asked for.
func (a *Args) end() error {
	for _, arg := range a.command.args {
		if !a.asked[arg.Key] {
			a.wrong(arg.Key, strings.Join(arg.Vals, ","), "an argument that "+a.command.name+" knows")
		}
	}
	return a.err
}

func (a *Args) wrong(key, value, allowed string) {
	if a.err == nil {
		a.err = &rollout.InvalidError{Path: a.command.name + " " + key, Value: strconv.Quote(value), Allowed: allowed}
	}
}

// number is a number of 0 or more.
func (a *Args) number(key string, unset int32) int32 {
	if !a.has(key) {
		return unset
	}
	n, err := strconv.ParseInt(a.Text(key), 10, 32)
	if err != nil || n < 0 {
		a.wrong(key, a.Text(key), "a number of 0 or more")
	}
	return int32(n)
}

func (a *Args) numbers(key string) (all []int) {
	for _, text := range a.list(key) {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 {
			a.wrong(key, text, "numbers of 1 or more")
		}
		all = append(all, n)
	}
	return all
}

// flag is true where the key stands alone.
func (a *Args) flag(key string) bool {
	switch text := a.Text(key); text {
	case "", "true":
		return a.has(key)
	case "false":
	default:
		a.wrong(key, text, "true or false")
	}
	return false
}

// word is one of the allowed ones, the first where it is not given.
func (a *Args) word(key string, allowed ...string) string {
	text := a.Text(key)
	for _, word := range allowed {
		if text == word {
			return text
		}
	}
	if a.has(key) {
		a.wrong(key, text, strings.Join(allowed, ", "))
	}
	return allowed[0]
}

// span is a duration of 0 or more.
func (a *Args) span(key string) time.Duration {
	switch all := a.spans(key); len(all) {
	case 0:
		return 0
	case 1:
		return all[0]
	}
	a.wrong(key, strings.Join(a.list(key), ","), "one duration")
	return 0
}

// spans are durations of 0 or more. The words stand for never.
func (a *Args) spans(key string, words ...string) (all []time.Duration) {
	for _, text := range a.list(key) {
		d, err := time.ParseDuration(text)
		switch {
		case slices.Contains(words, text):
			d = sim.Never
		case err != nil || d < 0:
			a.wrong(key, text, strings.Join(append([]string{"durations of 0 or more"}, words...), " or "))
		}
		all = append(all, d)
	}
	return all
}

// with is the command with an argument more, or with another value of one.
func (c command) with(key string, values ...string) command {
	args := make([]datadriven.CmdArg, 0, len(c.args)+1)
	found := false
	for _, arg := range c.args {
		if arg.Key == key {
			arg.Vals, found = values, true
		}
		args = append(args, arg)
	}
	if !found {
		args = append(args, datadriven.CmdArg{Key: key, Vals: values})
	}
	return command{c.name, args}
}

func (c command) without(key string) command {
	var args []datadriven.CmdArg
	for _, arg := range c.args {
		if arg.Key != key {
			args = append(args, arg)
		}
	}
	return command{c.name, args}
}

func (c command) arg(key string) (datadriven.CmdArg, bool) {
	for _, arg := range c.args {
		if arg.Key == key {
			return arg, true
		}
	}
	return datadriven.CmdArg{}, false
}

// String is the line that the command was read from.
func (c command) String() string {
	text := c.name
	for _, arg := range c.args {
		switch len(arg.Vals) {
		case 0:
			text += " " + arg.Key
		case 1:
			value := arg.Vals[0]
			if strings.Contains(value, " ") {
				value = "(" + value + ")"
			}
			text += " " + arg.Key + "=" + value
		default:
			text += fmt.Sprintf(" %s=(%s)", arg.Key, strings.Join(arg.Vals, ","))
		}
	}
	return text
}

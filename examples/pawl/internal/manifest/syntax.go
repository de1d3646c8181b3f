package manifest

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

var (
	lineNumber = regexp.MustCompile(`^line (\d+): `)
	syntax     = regexp.MustCompile(`^(did not find|could not find|found|mapping values|block) `)
)

// parserError begins those messages of the YAML library whose line is one too
// low, because it counts from 0.
const parserError = "did not find"

// syntaxError turns a line of the chunk into one of the file. The library
// leaves out the first line of all; other messages without a line are about
// the whole document.
func (c chunk) syntaxError(source Source, text string) error {
	text = strings.TrimPrefix(text, "yaml: ")
	line := 1
	found := lineNumber.FindStringSubmatch(text)
	if found == nil && !syntax.MatchString(text) {
		return &Error{Source: source, Err: errors.New(text)}
	}
	if found != nil {
		line, _ = strconv.Atoi(found[1])
		text = text[len(found[0]):]
		if strings.HasPrefix(text, parserError) {
			line++
		}
	}
	line = min(line, c.lines())
	err := fmt.Errorf("line %d: %s", c.line+line-1, text)
	return &Error{Source: Source{File: source.File}, Err: err}
}

package manifest

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
)

// chunk is the text of one document and the line of the file it starts at,
// from 1. A leading "---" is part of it, so that lines can be counted.
type chunk struct {
	text []byte
	line int
}

// split cuts a file at the document markers of YAML, "---" and "...", which
// only count in the first column. Chunks without content are left out.
func split(data []byte) []chunk {
	var chunks []chunk
	var text []byte
	start, number := 1, 0
	flush := func(next int) {
		if c := (chunk{text, start}); c.content() >= 0 {
			chunks = append(chunks, c)
		}
		text, start = nil, next
	}
	for line := range bytes.Lines(data) {
		number++
		switch {
		case marker(line, "---"):
			flush(number)
		case marker(line, "..."):
			flush(number + 1)
			continue
		}
		text = append(text, line...)
	}
	flush(number)
	return chunks
}

func marker(line []byte, mark string) bool {
	rest, ok := bytes.CutPrefix(line, []byte(mark))
	return ok && (len(rest) == 0 || bytes.IndexByte([]byte(" \t\r\n"), rest[0]) >= 0)
}

// content counts the lines before the first one that says something; -1 when
// all are blank or comments.
func (c chunk) content() int {
	number := 0
	for line := range bytes.Lines(c.text) {
		if marker(line, "---") {
			line = line[3:]
		}
		line = bytes.TrimSpace(line)
		if len(line) > 0 && line[0] != '#' {
			return number
		}
		number++
	}
	return -1
}

// lines counts them; the last one may lack its line break.
func (c chunk) lines() int {
	return bytes.Count(bytes.TrimRight(c.text, "\r\n"), []byte("\n")) + 1
}

// jsons cuts a chunk of JSON objects, written one after the other, into one
// chunk each. ok is false for anything else, YAML in braces included.
func (c chunk) jsons() (values []chunk, ok bool) {
	text := bytes.TrimPrefix(c.text, []byte("---"))
	dec := json.NewDecoder(bytes.NewReader(text))
	line, seen := c.line, 0
	for {
		var raw json.RawMessage
		err := dec.Decode(&raw)
		if errors.Is(err, io.EOF) {
			return values, len(values) > 0
		}
		if err != nil || raw[0] != '{' {
			return nil, false
		}
		start := int(dec.InputOffset()) - len(raw)
		line += bytes.Count(text[seen:start], []byte("\n"))
		seen = start
		values = append(values, chunk{raw, line})
	}
}

package kubetest_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"
)

// stream is a watch that goes on.
type stream struct {
	events chan map[string]any // closed at its end
}

func (p *player) watch(t *testing.T, d *datadriven.TestData) string {
	method, path, header, body := p.parse(t, d)
	res := p.send(t, p.ctx, method, path, header, body)
	if res.StatusCode != http.StatusOK {
		defer res.Body.Close()
		data, err := io.ReadAll(res.Body)
		check(t, err)
		return p.render(newAnswer(res, data))
	}
	s := &stream{events: make(chan map[string]any, 1000)}
	p.streams[p.step(d)] = s
	go s.read(res.Body)
	return p.render(answer{status: res.StatusCode, header: res.Header})
}

func (s *stream) read(from io.ReadCloser) {
	defer from.Close()
	defer close(s.events)
	lines := bufio.NewScanner(from)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var event map[string]any
		decoder := json.NewDecoder(bytes.NewReader(lines.Bytes()))
		decoder.UseNumber()
		if decoder.Decode(&event) == nil {
			s.events <- event
		}
	}
}

func (p *player) events(t *testing.T, d *datadriven.TestData) string {
	var of string
	d.ScanArgs(t, "of", &of)
	s := p.streams[of]
	if s == nil {
		return "there is no such watch\n"
	}
	var out strings.Builder
	for timeout := time.After(patience); ; {
		select {
		case event, more := <-s.events:
			if !more {
				return out.String() + "the end\n"
			}
			out.WriteString(p.renderEvent(event))
		case <-timeout:
			return out.String() + "nothing more comes\n"
		}
	}
}

package faults

import (
	"io"
	"net/http"
	"sync"
)

// Past remembers the answers to lists, to give them again later as a cache does that fell behind.
// The zero value is ready.
type Past struct {
	mu      sync.Mutex
	answers map[Call][]answer
}

type answer struct {
	header http.Header
	body   []byte
}

func (a answer) to(r *http.Request) *http.Response {
	resp := response(r, http.StatusOK, a.body)
	resp.Header = a.header.Clone()
	return resp
}

// Remember is a Fault that does no harm: it carries the call out and remembers the answer to a list.
func (p *Past) Remember(r *http.Request, next http.RoundTripper) (*http.Response, error) {
	resp, err := next.RoundTrip(r)
	c := CallOf(r)
	if err != nil || resp.StatusCode != http.StatusOK || c.Verb != "list" {
		return resp, err
	}
	body, err := io.ReadAll(resp.Body)
	resp.Body.Close()
	if err != nil {
		return nil, err
	}
	now := answer{resp.Header, body}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.answers == nil {
		p.answers = map[Call][]answer{}
	}
	p.answers[c] = append(p.answers[c], now)
	return now.to(r), nil
}

// First gives the first answer again. Where none is remembered the call passes.
func (p *Past) First(r *http.Request, next http.RoundTripper) (*http.Response, error) {
	return p.again(r, next, func(answers []answer) answer { return answers[0] })
}

// Previous gives the latest answer again. Where none is remembered the call passes.
func (p *Past) Previous(r *http.Request, next http.RoundTripper) (*http.Response, error) {
	return p.again(r, next, func(answers []answer) answer { return answers[len(answers)-1] })
}

func (p *Past) again(r *http.Request, next http.RoundTripper, choose func([]answer) answer) (*http.Response, error) {
	p.mu.Lock()
	answers := p.answers[CallOf(r)]
	p.mu.Unlock()
	if len(answers) == 0 {
		return p.Remember(r, next)
	}
	return choose(answers).to(r), nil
}

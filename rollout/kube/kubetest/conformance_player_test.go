package kubetest_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"

	"github.com/gopawl/pawl/rollout/kube/kubetest"
)

// patience is how long a step waits for what it needs.
const patience = 30 * time.Second

// server is where a script is played.
type server struct {
	http    *http.Client
	url     string
	cluster *kubetest.Cluster // nil for a real one
}

// player plays one script, in a namespace of its own:
//
//	call STEP [until=TEXT] [show=PATH]  a request, and its answer; again until TEXT is in it, or is status=CODE
//	watch STEP                          a request whose answer is a stream, and its beginning
//	events STEP of=WATCH                all that comes until the stream's end
//	run                                 from here on the controllers of kubetest work, as the real ones do
//	age                                 kubetest forgets what was before, as a real server has done
//
// Below stand the request's method and path, its headers and its body. {ns} is the namespace and
// {STEP.metadata.uid} what an earlier step answered there. Of a success only the field at PATH is
// shown, if that is given.
type player struct {
	server
	ctx       context.Context
	namespace string
	answers   map[string]any
	streams   map[string]*stream
	normalizer
}

func newPlayer(t *testing.T, s server) *player {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	p := &player{server: s, ctx: ctx, answers: map[string]any{}, streams: map[string]*stream{}}
	p.makeNamespace(t)
	p.normalizer = newNormalizer(p.namespace)
	return p
}

func (p *player) makeNamespace(t *testing.T) {
	t.Helper()
	made := p.do(t, "POST", "/api/v1/namespaces", nil, `{"metadata":{"generateName":"conformance-"}}`)
	p.namespace, _ = lookup(made.json, "metadata", "name").(string)
	if p.namespace == "" {
		t.Fatalf("no namespace: %d %s", made.status, made.body)
	}
	t.Cleanup(func() { p.do(t, "DELETE", "/api/v1/namespaces/"+p.namespace, nil, "") })
	if p.cluster != nil {
		return
	}
	account := "/api/v1/namespaces/" + p.namespace + "/serviceaccounts/default"
	eventually(t, "service account", func() bool { return p.do(t, "GET", account, nil, "").status == http.StatusOK })
}

// step names a step that has an answer.
func (p *player) step(d *datadriven.TestData) string {
	if len(d.CmdArgs) == 0 {
		return ""
	}
	return d.CmdArgs[0].Key
}

func (p *player) play(t *testing.T, d *datadriven.TestData) string {
	switch d.Cmd {
	case "call":
		return p.call(t, d)
	case "watch":
		return p.watch(t, d)
	case "events":
		return p.events(t, d)
	case "run":
		if p.cluster != nil {
			go func() { _ = p.cluster.Run(p.ctx) }() // its store is in memory, and has no errors
		}
	case "age":
		p.age(t)
	default:
		t.Fatalf("%s: no such directive: %s", d.Pos, d.Cmd)
	}
	return ""
}

func (p *player) call(t *testing.T, d *datadriven.TestData) string {
	var until, show string
	d.MaybeScanArgs(t, "until", &until)
	d.MaybeScanArgs(t, "show", &show)
	for deadline := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		a := p.request(t, d)
		if !strings.Contains(fmt.Sprintf("status=%d %s", a.status, a.body), until) && time.Now().Before(deadline) {
			continue
		}
		p.answers[p.step(d)] = a.json
		if show != "" && a.status < 300 {
			a.json = lookup(a.json, strings.Split(show, ".")...)
		}
		return p.render(a)
	}
}

func (p *player) request(t *testing.T, d *datadriven.TestData) answer {
	t.Helper()
	method, path, header, body := p.parse(t, d)
	return p.do(t, method, path, header, body)
}

// parse reads what stands below a directive.
func (p *player) parse(t *testing.T, d *datadriven.TestData) (method, path string, header http.Header, body string) {
	t.Helper()
	head, rest, _ := strings.Cut(p.expand(d)+"\n", "\n")
	method, path, _ = strings.Cut(head, " ")
	header = http.Header{}
	for {
		line, after, _ := strings.Cut(rest, "\n")
		name, value, found := strings.Cut(line, ": ")
		if !found || !isHeader.MatchString(name) {
			return method, path, header, strings.TrimSpace(rest)
		}
		header.Add(name, value)
		rest = after
	}
}

var (
	isHeader    = regexp.MustCompile(`^[A-Z][A-Za-z-]+$`)
	placeholder = regexp.MustCompile(`\{(ns|[a-z0-9-]+(\.[A-Za-z0-9]+)+)\}`)
)

func (p *player) expand(d *datadriven.TestData) string {
	return placeholder.ReplaceAllStringFunc(d.Input, func(field string) string {
		path := strings.Split(strings.Trim(field, "{}"), ".")
		if path[0] == "ns" {
			return p.namespace
		}
		value, ok := lookup(p.answers[path[0]], path[1:]...).(string)
		if !ok {
			return "not-answered"
		}
		return value
	})
}

func (p *player) do(t *testing.T, method, path string, header http.Header, body string) answer {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(p.ctx), patience)
	defer cancel()
	res := p.send(t, ctx, method, path, header, body)
	defer res.Body.Close()
	data, err := io.ReadAll(res.Body)
	check(t, err)
	return newAnswer(res, data)
}

func (p *player) send(t *testing.T, ctx context.Context, method, path string, header http.Header, body string) *http.Response {
	t.Helper()
	req, err := http.NewRequestWithContext(ctx, method, p.url+path, strings.NewReader(body))
	check(t, err)
	req.Header = header.Clone()
	if req.Header == nil {
		req.Header = http.Header{}
	}
	if body != "" && req.Header.Get("Content-Type") == "" {
		req.Header.Set("Content-Type", "application/json")
	}
	res, err := p.http.Do(req)
	check(t, err)
	return res
}

// age writes more than the log of kubetest holds.
func (p *player) age(t *testing.T) {
	if p.cluster == nil {
		return
	}
	path := "/api/v1/namespaces/default/configmaps"
	p.do(t, "POST", path, nil, `{"metadata":{"name":"age"}}`)
	for i := range 4100 {
		p.do(t, "PUT", path+"/age", nil, fmt.Sprintf(`{"metadata":{"name":"age"},"data":{"i":"%d"}}`, i))
	}
}

package kubetest

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"sync"
)

// Transport answers requests by calling the handler in this process, without a socket. Bodies
// are streamed, so watches work, and end when the context of the request is done or the body
// is closed. Each request has one goroutine, which ends with it, and nothing is shared between
// requests: it works inside a testing/synctest bubble.
func Transport(handler http.Handler) http.RoundTripper { return transport{handler} }

type transport struct{ handler http.Handler }

// RoundTrip implements [http.RoundTripper].
func (t transport) RoundTrip(req *http.Request) (*http.Response, error) {
	if err := req.Context().Err(); err != nil {
		closeBody(req)
		return nil, err
	}
	ctx, cancel := context.WithCancel(req.Context())
	reader, writer := io.Pipe()
	x := &exchange{header: http.Header{}, writer: writer, started: make(chan struct{})}
	go x.serve(t.handler, serverRequest(ctx, req), cancel)
	select {
	case <-x.started:
	case <-req.Context().Done():
		reader.CloseWithError(req.Context().Err())
		return nil, req.Context().Err()
	}
	if x.status == 0 {
		return nil, io.ErrUnexpectedEOF
	}
	return x.response(req, &body{reader, req.Context(), cancel}), nil
}

func closeBody(req *http.Request) {
	if req.Body != nil {
		req.Body.Close()
	}
}

// serverRequest is the request as a handler expects it from a server.
func serverRequest(ctx context.Context, req *http.Request) *http.Request {
	r := req.Clone(ctx)
	if r.Body == nil {
		r.Body = http.NoBody
	}
	r.RequestURI = r.URL.RequestURI()
	r.RemoteAddr = "127.0.0.1:0"
	if r.Host == "" {
		r.Host = r.URL.Host
	}
	return r
}

// exchange is the [http.ResponseWriter] of one request.
type exchange struct {
	header  http.Header
	writer  *io.PipeWriter
	started chan struct{}
	once    sync.Once
	status  int
	sent    http.Header // a copy, as the handler may go on to change header
}

func (x *exchange) serve(handler http.Handler, r *http.Request, cancel context.CancelFunc) {
	defer cancel()
	defer closeBody(r)
	stop := context.AfterFunc(r.Context(), func() { x.writer.CloseWithError(r.Context().Err()) })
	defer stop()
	defer x.abort()
	handler.ServeHTTP(x, r)
	x.WriteHeader(http.StatusOK)
	x.writer.Close()
}

// abort ends the exchange as a server does when its handler panics with
// [http.ErrAbortHandler]: the client sees a connection that broke.
func (x *exchange) abort() {
	switch reason := recover(); reason {
	case nil:
	case http.ErrAbortHandler:
		x.writer.CloseWithError(io.ErrUnexpectedEOF)
		x.once.Do(func() { close(x.started) })
	default:
		panic(reason)
	}
}

func (x *exchange) Header() http.Header { return x.header }

func (x *exchange) WriteHeader(status int) {
	x.once.Do(func() {
		x.status, x.sent = status, x.header.Clone()
		close(x.started)
	})
}

func (x *exchange) Write(p []byte) (int, error) {
	x.WriteHeader(http.StatusOK)
	return x.writer.Write(p)
}

// Flush implements [http.Flusher]: nothing is ever held back.
func (x *exchange) Flush() { x.WriteHeader(http.StatusOK) }

func (x *exchange) response(req *http.Request, body io.ReadCloser) *http.Response {
	return &http.Response{
		Status:        fmt.Sprintf("%d %s", x.status, http.StatusText(x.status)),
		StatusCode:    x.status,
		Proto:         "HTTP/1.1",
		ProtoMajor:    1,
		ProtoMinor:    1,
		Header:        x.sent,
		Body:          body,
		ContentLength: -1,
		Request:       req,
	}
}

// body ends the handler when the client has read enough.
type body struct {
	*io.PipeReader
	ctx    context.Context //nolint:containedctx // the request's, which its response outlives
	cancel context.CancelFunc
}

func (b *body) Read(p []byte) (int, error) {
	if err := b.ctx.Err(); err != nil {
		return 0, err
	}
	return b.PipeReader.Read(p)
}

func (b *body) Close() error {
	err := b.PipeReader.Close()
	b.cancel()
	return err
}

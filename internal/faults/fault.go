package faults

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"
)

// Timeout is the error of a client that waited too long for an answer.
var Timeout error = timeout{}

type timeout struct{}

func (timeout) Error() string   { return "timeout awaiting response headers" }
func (timeout) Timeout() bool   { return true }
func (timeout) Temporary() bool { return true }

// Unsent does not carry the call out.
func Unsent(err error) Fault {
	return func(*http.Request, http.RoundTripper) (*http.Response, error) { return nil, err }
}

// Lost carries the call out and loses the answer.
func Lost(err error) Fault {
	return func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
		carryOut(r, next)
		return nil, err
	}
}

func carryOut(r *http.Request, next http.RoundTripper) {
	if resp, err := next.RoundTrip(r); err == nil {
		resp.Body.Close()
	}
}

// Late carries the call out after d, when the client has long been told that it failed.
func Late(d time.Duration, err error) Fault {
	return func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
		later := r.Clone(context.WithoutCancel(r.Context()))
		if r.Body != nil {
			body, readErr := io.ReadAll(r.Body)
			if readErr != nil {
				return nil, readErr
			}
			later.Body = io.NopCloser(bytes.NewReader(body))
		}
		time.AfterFunc(d, func() { carryOut(later, next) })
		return nil, err
	}
}

// Delayed carries the call out after d.
func Delayed(d time.Duration) Fault {
	return func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
		if err := sleep(r.Context(), d); err != nil {
			return nil, err
		}
		return next.RoundTrip(r)
	}
}

// Halved carries the call out and breaks the connection in the middle of the answer.
func Halved(r *http.Request, next http.RoundTripper) (*http.Response, error) {
	resp, err := next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(resp.Body)
	resp.Body.Close()
	if err != nil {
		return nil, err
	}
	resp.Body = io.NopCloser(io.MultiReader(bytes.NewReader(body[:len(body)/2]), broken{}))
	return resp, nil
}

// broken is the rest of a stream that ends before its time.
type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// Answer gives an answer in place of the API server, which does not carry the call out.
func Answer(code int, reason, message string) Fault {
	return func(r *http.Request, _ http.RoundTripper) (*http.Response, error) {
		return response(r, code, status(code, reason, message)), nil
	}
}

// Throttled answers that the client is to try again after some seconds.
func Throttled(seconds int) Fault {
	return func(r *http.Request, _ http.RoundTripper) (*http.Response, error) {
		const code = http.StatusTooManyRequests
		resp := response(r, code, status(code, "TooManyRequests", "the server has received too many requests"))
		resp.Header.Set("Retry-After", strconv.Itoa(seconds))
		return resp, nil
	}
}

// Denied carries the call out and then gives another answer, as an API server does that waited too
// long for its store.
func Denied(code int, reason, message string) Fault {
	return func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
		carryOut(r, next)
		return Answer(code, reason, message)(r, next)
	}
}

func status(code int, reason, message string) []byte {
	return fmt.Appendf(nil, `{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":%q,"reason":%q,"code":%d}`, message, reason, code)
}

func response(r *http.Request, code int, body []byte) *http.Response {
	return &http.Response{
		Status: http.StatusText(code), StatusCode: code, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Request: r,
		Header: http.Header{"Content-Type": {"application/json"}},
		Body:   io.NopCloser(bytes.NewReader(body)), ContentLength: int64(len(body)),
	}
}

// sleep waits for d, or returns the context's error.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

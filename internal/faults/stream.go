package faults

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net/http"
	"time"
)

// The watches of Closed, Cut and Expired are in JSON.

// Closed ends a watch after some events, as the API server does when its time is over.
func Closed(events int) Fault {
	return ended(events, func([]byte) io.Reader { return bytes.NewReader(nil) })
}

// Cut breaks a watch in the middle of the event that follows some others.
func Cut(events int) Fault {
	return ended(events, func(event []byte) io.Reader {
		return io.MultiReader(bytes.NewReader(event[:len(event)/2]), broken{})
	})
}

// Expired ends a watch after some events: the version that it began with is no longer known.
func Expired(events int) Fault {
	return ended(events, func([]byte) io.Reader {
		const code = http.StatusGone
		return bytes.NewReader(append(append([]byte(`{"type":"ERROR","object":`), status(code, "Expired", "too old resource version")...), "}\n"...))
	})
}

// ended lets some events of a watch through; rest replaces the next one and all after it.
func ended(events int, rest func(event []byte) io.Reader) Fault {
	return onBody(func(_ context.Context, body io.Reader) io.Reader {
		return &first{bufio.NewReader(body), events, rest, bytes.NewReader(nil)}
	})
}

// first is the first events of a watch, and then something else.
type first struct {
	lines *bufio.Reader
	left  int
	rest  func([]byte) io.Reader
	now   io.Reader
}

func (f *first) Read(p []byte) (int, error) {
	n, err := f.now.Read(p)
	if n > 0 || err != io.EOF || f.left < 0 {
		return n, err
	}
	event, err := f.lines.ReadBytes('\n')
	if err != nil {
		return 0, err
	}
	f.now = bytes.NewReader(event)
	if f.left == 0 {
		f.now = f.rest(event)
	}
	f.left--
	return f.Read(p)
}

// Lagging hands on what a watch says between d and twice d after it was said.
func Lagging(d time.Duration) Fault {
	return onBody(func(ctx context.Context, body io.Reader) io.Reader {
		return &lagging{ctx, bufio.NewReaderSize(body, 1<<20), d}
	})
}

type lagging struct {
	ctx  context.Context
	body *bufio.Reader
	d    time.Duration
}

func (l *lagging) Read(p []byte) (int, error) {
	if l.body.Buffered() == 0 {
		if _, err := l.body.Peek(1); err != nil {
			return 0, err
		}
		if err := sleep(l.ctx, l.d); err != nil {
			return 0, err
		}
	}
	return l.body.Read(p)
}

// onBody carries the call out and changes the body of its answer.
func onBody(change func(context.Context, io.Reader) io.Reader) Fault {
	return func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
		resp, err := next.RoundTrip(r)
		if err == nil {
			resp.Body = struct {
				io.Reader
				io.Closer
			}{change(r.Context(), resp.Body), resp.Body}
		}
		return resp, err
	}
}

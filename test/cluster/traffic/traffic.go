// Package traffic sends requests to the web server of the real nodes' images, and counts exactly what
// becomes of each.
//
// It writes and reads HTTP itself. Go's http.Client would hide what is to be counted: it sends a request
// again, and tells nobody, when a connection that it kept turns out to be closed. Here a request is sent
// once. It fails if no connection is made for it, if it cannot be written, or if anything but a whole
// answer with status 200 comes back within the timeout. A connection is given up without loss only when
// an answer says so ("Connection: close"), which a server that ends properly does.
package traffic

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"time"
)

const (
	timeout = 2 * time.Second // of a request, the connection included
	// No load is for ever, whatever becomes of those who should end it.
	longest     = 5 * time.Minute
	mostAWorker = 100_000 // requests
)

// Load is who sends requests: workers, each of which sends one after the other.
type Load struct {
	Address string // host and port
	Dial    func(ctx context.Context, network, address string) (net.Conn, error)

	Kept  int           // workers that keep a connection for as long as the server does
	Fresh int           // workers that open a connection for every request
	Pause time.Duration // of a worker after a request
}

// Start sends requests until Stop is called.
func (l Load) Start() *Run {
	ctx, cancel := context.WithTimeout(context.Background(), longest)
	r := &Run{load: l, cancel: cancel}
	r.tally = newTally(time.Now())
	for range l.Kept {
		r.workers.Go(func() { r.work(ctx, true) })
	}
	for range l.Fresh {
		r.workers.Go(func() { r.work(ctx, false) })
	}
	return r
}

// Run is a load on its way.
type Run struct {
	load    Load
	cancel  context.CancelFunc
	workers sync.WaitGroup

	mu    sync.Mutex
	tally Tally
}

// Stop lets the workers finish their requests and returns the outcome.
func (r *Run) Stop() Tally {
	r.cancel()
	r.workers.Wait()
	r.tally.end(time.Now())
	return r.tally
}

// SoFar returns how many requests have been answered or have failed, and how many of them opened a connection.
func (r *Run) SoFar() (requests, fresh int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.tally.Requests, r.tally.Fresh
}

// work sends requests while ctx lasts; none is cut short by its end.
func (r *Run) work(ctx context.Context, keep bool) {
	c := client{load: r.load, keep: keep}
	defer c.hangUp()
	for range mostAWorker {
		begin := time.Now()
		fresh := c.conn == nil
		body, err := c.get()
		r.mu.Lock()
		r.tally.add(begin, time.Now(), fresh, body, err)
		r.mu.Unlock()
		select {
		case <-ctx.Done():
			return
		case <-time.After(r.load.Pause):
		}
	}
}

// client is one worker's end of a connection.
type client struct {
	load   Load
	keep   bool
	conn   net.Conn // nil: the next request needs a new one
	reader *bufio.Reader
}

// get sends one request and returns the body of its answer.
func (c *client) get() (body string, err error) {
	deadline := time.Now().Add(timeout)
	if c.conn == nil {
		ctx, cancel := context.WithDeadline(context.Background(), deadline)
		defer cancel()
		if c.conn, err = c.load.Dial(ctx, "tcp", c.load.Address); err != nil {
			c.conn = nil
			return "", fmt.Errorf("connect: %w", err)
		}
		c.reader = bufio.NewReader(c.conn)
	}
	if body, err = c.exchange(deadline); err != nil {
		c.hangUp()
	}
	return body, err
}

func (c *client) exchange(deadline time.Time) (string, error) {
	if err := c.conn.SetDeadline(deadline); err != nil {
		return "", err
	}
	request, err := http.NewRequest(http.MethodGet, "http://"+c.load.Address+"/", nil)
	if err != nil {
		return "", err
	}
	request.Close = !c.keep
	if err := request.Write(c.conn); err != nil {
		return "", fmt.Errorf("write: %w", err)
	}
	response, err := http.ReadResponse(c.reader, request)
	if err != nil {
		return "", fmt.Errorf("read: %w", err)
	}
	body, err := io.ReadAll(response.Body)
	response.Body.Close()
	if err != nil {
		return "", fmt.Errorf("read: %w", err)
	}
	if response.Close {
		c.hangUp()
	}
	if response.StatusCode != http.StatusOK {
		return "", fmt.Errorf("status %s", response.Status)
	}
	return string(body), nil
}

func (c *client) hangUp() {
	if c.conn != nil {
		c.conn.Close()
		c.conn = nil
	}
}

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

// timeout is that of a request, the connection included.
const timeout = 5 * time.Second

// Load is who sends requests: workers, each of which sends one after the other. A request is sent once,
// where Go's http.Client would quietly send some again.
type Load struct {
	// Address is host and port.
	Address string
	// Kept are workers that keep a connection until an answer says goodbye. 0 is 8.
	Kept int
	// Fresh are workers that open a connection for every request. 0 is 3.
	Fresh int
}

// What a worker waits after a request on a kept connection, and after one on a new connection, each of
// which costs a port for a while.
const (
	keptPause  = time.Millisecond
	freshPause = 10 * time.Millisecond
)

// Start sends requests until Stop is called.
func (l Load) Start() *Run {
	if l.Kept == 0 {
		l.Kept = 8
	}
	if l.Fresh == 0 {
		l.Fresh = 3
	}
	ctx, cancel := context.WithCancel(context.Background())
	r := &Run{cancel: cancel, tally: newTally(time.Now())}
	for range l.Kept {
		r.workers.Go(func() { r.work(ctx, l.Address, true) })
	}
	for range l.Fresh {
		r.workers.Go(func() { r.work(ctx, l.Address, false) })
	}
	return r
}

// Run is a load on its way.
type Run struct {
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

// work sends requests while ctx lasts; none is cut short by its end.
func (r *Run) work(ctx context.Context, address string, keep bool) {
	c := client{address: address, keep: keep}
	defer c.hangUp()
	for ctx.Err() == nil {
		q := request{begin: time.Now(), fresh: c.conn == nil}
		q.body, q.err = c.get()
		q.end = time.Now()
		r.mu.Lock()
		r.tally.add(q)
		r.mu.Unlock()
		pause := keptPause
		if q.fresh {
			pause = freshPause
		}
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
	}
}

// request is one and what became of it.
type request struct {
	begin, end time.Time
	fresh      bool // it opened a connection
	body       string
	err        error
}

// client is one worker's end of a connection.
type client struct {
	address string
	keep    bool
	conn    net.Conn // nil: the next request needs a new one
	reader  *bufio.Reader
}

// get sends one request and returns the body of its answer.
func (c *client) get() (body string, err error) {
	deadline := time.Now().Add(timeout)
	if c.conn == nil {
		dialer := net.Dialer{Deadline: deadline}
		if c.conn, err = dialer.Dial("tcp", c.address); err != nil {
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
	request, err := http.NewRequest(http.MethodGet, "http://"+c.address+"/", nil)
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

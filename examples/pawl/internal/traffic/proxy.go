package traffic

import (
	"context"
	"errors"
	"io"
	"maps"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	discoveryv1 "k8s.io/api/discovery/v1"
)

// proxy leads each connection to one of a Service's endpoints, in turn. It knows them late.
type proxy struct {
	listener net.Listener
	slices   map[string]*discoveryv1.EndpointSlice // as seen; the informer's alone
	changes  chan change

	table      atomic.Pointer[[]string] // addresses of pods that connections go to
	turn       atomic.Uint64
	served     chan struct{}
	servedOnce sync.Once
}

// change is a table that counts from a moment on.
type change struct {
	table []string
	at    time.Time
}

func listen() (*proxy, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &proxy{
		listener: listener, slices: map[string]*discoveryv1.EndpointSlice{},
		changes: make(chan change, 100), served: make(chan struct{}),
	}
	p.use(nil)
	return p, nil
}

// see takes note of a slice; what was there from the first counts at once.
func (p *proxy) see(ctx context.Context, slice *discoveryv1.EndpointSlice, first bool) {
	p.slices[slice.Name] = slice
	if first {
		p.use(p.endpoints())
		return
	}
	p.change(ctx)
}

func (p *proxy) gone(ctx context.Context, slice *discoveryv1.EndpointSlice) {
	delete(p.slices, slice.Name)
	p.change(ctx)
}

func (p *proxy) change(ctx context.Context) {
	select {
	case p.changes <- change{p.endpoints(), time.Now().Add(Lag)}:
	case <-ctx.Done():
	}
}

// follow uses each table when its time has come.
func (p *proxy) follow(ctx context.Context) {
	for {
		select {
		case c := <-p.changes:
			select {
			case <-time.After(time.Until(c.at)):
				p.use(c.table)
			case <-ctx.Done():
				return
			}
		case <-ctx.Done():
			return
		}
	}
}

func (p *proxy) use(table []string) {
	p.table.Store(&table)
	if len(table) > 0 {
		p.servedOnce.Do(func() { close(p.served) })
	}
}

// endpoints are the addresses that get traffic: the ready ones or, where there is none, those that serve
// on while they end, as with kube-proxy.
func (p *proxy) endpoints() []string {
	var ready, ending []string
	for _, name := range slices.Sorted(maps.Keys(p.slices)) {
		slice := p.slices[name]
		if len(slice.Ports) == 0 {
			continue
		}
		for _, e := range slice.Endpoints {
			is := func(condition *bool, otherwise bool) bool {
				return condition == nil && otherwise || condition != nil && *condition
			}
			switch c := e.Conditions; {
			case is(c.Ready, true):
				ready = append(ready, e.Addresses[0])
			case is(c.Serving, true) && is(c.Terminating, false):
				ending = append(ending, e.Addresses[0])
			}
		}
	}
	if len(ready) == 0 {
		return ending
	}
	return ready
}

type dialer func(ctx context.Context, address string) (net.Conn, error)

// accept serves connections until the context is done and the listener closed.
func (p *proxy) accept(ctx context.Context, dial dialer) {
	var open sync.WaitGroup
	defer open.Wait()
	for {
		client, err := p.listener.Accept()
		switch {
		case err == nil:
			open.Go(func() { p.lead(ctx, client.(*net.TCPConn), dial) })
		case ctx.Err() != nil:
			return
		default: // too many open files, say
			time.Sleep(10 * time.Millisecond)
		}
	}
}

// lead connects a client with a pod until either has enough. Where there is none, or it does not answer,
// the client's connection is reset; no other pod is tried.
func (p *proxy) lead(ctx context.Context, client *net.TCPConn, dial dialer) {
	defer client.Close()
	pod, err := p.connect(ctx, dial)
	if err != nil {
		_ = client.SetLinger(0)
		return
	}
	defer pod.Close()
	defer context.AfterFunc(ctx, func() {
		client.Close()
		pod.Close()
	})()
	var back sync.WaitGroup
	back.Go(func() { pass(client, pod) })
	pass(pod, client)
	back.Wait()
}

var errNobody = errors.New("the service has no endpoints")

func (p *proxy) connect(ctx context.Context, dial dialer) (*net.TCPConn, error) {
	table := *p.table.Load()
	if len(table) == 0 {
		return nil, errNobody
	}
	conn, err := dial(ctx, table[p.turn.Add(1)%uint64(len(table))])
	if err != nil {
		return nil, err
	}
	return conn.(*net.TCPConn), nil
}

// pass copies what one side says to the other, and that it has ended.
func pass(to, from *net.TCPConn) {
	if _, err := io.Copy(to, from); err != nil {
		_ = to.SetLinger(0)
		to.Close()
		from.Close()
		return
	}
	_ = to.CloseWrite()
}

package cluster

import (
	"context"
	"io"
	"net"
	"sync"
)

// forward passes connections on, to the same address in a LAN.
type forward struct {
	listener net.Listener
	to       *lan
	running  sync.WaitGroup
}

func newForward(address string, to *lan) (*forward, error) {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return nil, err
	}
	f := &forward{listener: listener, to: to}
	f.running.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil { // closed
				return
			}
			f.running.Go(func() { f.pass(conn) })
		}
	})
	return f, nil
}

func (f *forward) pass(from net.Conn) {
	defer from.Close()
	to, err := f.to.dial(context.Background(), "tcp", f.listener.Addr().String())
	if err != nil {
		return // and from is closed, as it would be where nobody listens
	}
	defer to.Close()
	f.running.Go(func() {
		defer from.Close()
		io.Copy(from, to)
	})
	io.Copy(to, from)
}

// close expects whoever connections lead to to have ended.
func (f *forward) close() {
	f.listener.Close()
	f.running.Wait()
}

package cluster

import (
	"context"
	"errors"
	"fmt"
	"syscall"
)

// Component is a process of the cluster, by the name that its log has.
type Component string

// The components of the control plane. The fake nodes are not among them: whoever plays
// them after another one first waits for its leases to run out.
const (
	Etcd              Component = "etcd"
	APIServer         Component = "kube-apiserver"
	ControllerManager Component = "kube-controller-manager"
	Scheduler         Component = "kube-scheduler"
)

// Store returns the URL of etcd, where an observer sees every write whatever becomes of
// the API server. It asks for no certificate.
func (c *Cluster) Store() string { return c.store }

// Kill ends a component by SIGKILL, and returns when it has ended. Stop does not report
// it, but it reports what ends because of it.
func (c *Cluster) Kill(component Component) error {
	return c.procs.on(component, func(child *process) error {
		if child.hasEnded() {
			return errors.New("has ended before")
		}
		child.killed = true
		if err := child.signal(syscall.SIGKILL); err != nil {
			return err
		}
		<-child.ended
		return nil
	})
}

// Restart starts a component again after Kill, with the same flags: at the same port, on
// the same data. It returns when etcd or the API server answers, and at once for others.
func (c *Cluster) Restart(ctx context.Context, component Component) error {
	for {
		err := c.procs.again(component)
		if err == nil {
			err = c.back(ctx, component)
		}
		if !errors.Is(err, errPortTaken) || ctx.Err() != nil {
			return err
		}
		// A client that knocked at the port while nobody was there has got it as its own.
		err = c.procs.on(component, func(child *process) error { child.killed = true; return nil })
		if err != nil {
			return err
		}
	}
}

// back returns when a component that was started again answers.
func (c *Cluster) back(ctx context.Context, component Component) error {
	switch component {
	case Etcd:
		return c.procs.await(ctx, "waiting for etcd", c.healthy(c.store+"/health"))
	case APIServer:
		return c.procs.await(ctx, "waiting for the API server", c.serving)
	}
	return nil
}

// Pause freezes a component by SIGSTOP: its connections stay open and nobody answers.
func (c *Cluster) Pause(component Component) error {
	return c.procs.on(component, func(child *process) error { return child.signal(syscall.SIGSTOP) })
}

// Resume lets a paused component go on.
func (c *Cluster) Resume(component Component) error {
	return c.procs.on(component, func(child *process) error { return child.signal(syscall.SIGCONT) })
}

// again starts a component that was killed.
func (p *processes) again(component Component) error {
	return p.on(component, func(child *process) error {
		if !child.killed {
			return errors.New("was not killed")
		}
		next, err := p.fork(child.name, child.line)
		if err == nil {
			*child = *next
		}
		return err
	})
}

// on calls do with the component's process, under the lock.
func (p *processes) on(component Component, do func(*process) error) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, child := range p.all {
		if child.name == string(component) {
			if err := do(child); err != nil {
				return fmt.Errorf("cluster: %s: %w", component, err)
			}
			return nil
		}
	}
	return fmt.Errorf("cluster: there is no %s", component)
}

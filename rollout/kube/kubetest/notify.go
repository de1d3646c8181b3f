package kubetest

import "sync"

// notifier tells any number of waiters that something was committed in this process.
type notifier struct {
	mu   sync.Mutex
	next chan struct{}
}

// wait answers a channel that is closed by the next notify. Take it before looking.
func (n *notifier) wait() <-chan struct{} {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.next == nil {
		n.next = make(chan struct{})
	}
	return n.next
}

func (n *notifier) notify() {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.next != nil {
		close(n.next)
		n.next = nil
	}
}

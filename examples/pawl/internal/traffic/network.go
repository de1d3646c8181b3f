package traffic

import (
	"context"
	"errors"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	coreinformers "k8s.io/client-go/informers/core/v1"
	discoveryinformers "k8s.io/client-go/informers/discovery/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
)

const (
	// Lag is how long after an EndpointSlice has changed the proxy follows, always. A kube-proxy takes
	// up to a second.
	Lag = 300 * time.Millisecond
	// Drain is how long a pod that is deleted serves on at least, unless its grace period is shorter or
	// its annotation sim/stop-delay says otherwise. It is for the Options.Stop of the cluster as well, so
	// that the pod is there as long.
	Drain = 3 * time.Second
)

// Network is the pods of a namespace and the proxy of a Service.
type Network struct {
	node  *node
	proxy *proxy

	cancel  context.CancelFunc
	running sync.WaitGroup
}

// Open starts servers for all pods of a namespace, and the proxy of a Service there. When it returns,
// the pods that run serve, and the proxy knows of them. The caller closes the network; the context is for
// the start alone.
func Open(ctx context.Context, api kubernetes.Interface, namespace, service string) (*Network, error) {
	proxy, err := listen()
	if err != nil {
		return nil, err
	}
	n := &Network{node: newNode(), proxy: proxy}
	running, cancel := context.WithCancel(context.WithoutCancel(ctx))
	n.cancel = cancel
	n.running.Go(func() { proxy.accept(running, n.node.dial) })
	n.running.Go(func() { proxy.follow(running) })

	pods := coreinformers.NewPodInformer(api, namespace, 0, nil)
	slices := discoveryinformers.NewFilteredEndpointSliceInformer(api, namespace, 0, nil, func(l *metav1.ListOptions) {
		l.LabelSelector = labels.Set{discoveryv1.LabelServiceName: service}.String()
	})
	podsSeen, podsErr := pods.AddEventHandler(handler[*corev1.Pod]{
		see:  func(pod *corev1.Pod, _ bool) { n.node.see(pod) },
		gone: n.node.gone,
	})
	slicesSeen, slicesErr := slices.AddEventHandler(handler[*discoveryv1.EndpointSlice]{
		see:  func(slice *discoveryv1.EndpointSlice, first bool) { proxy.see(running, slice, first) },
		gone: func(slice *discoveryv1.EndpointSlice) { proxy.gone(running, slice) },
	})
	if err := errors.Join(podsErr, slicesErr); err != nil {
		return nil, errors.Join(err, n.Close())
	}
	n.running.Go(func() { pods.RunWithContext(running) })
	n.running.Go(func() { slices.RunWithContext(running) })
	if !cache.WaitForCacheSync(ctx.Done(), podsSeen.HasSynced, slicesSeen.HasSynced) {
		return nil, errors.Join(context.Cause(ctx), n.Close())
	}
	return n, nil
}

// Address is where the Service is reached: host and port, for plain HTTP.
func (n *Network) Address() string { return n.proxy.listener.Addr().String() }

// Call sends requests from when somebody serves until the context is done, and returns what became of
// them.
func (n *Network) Call(ctx context.Context) Tally {
	select {
	case <-n.proxy.served:
	case <-ctx.Done():
	}
	if ctx.Err() != nil {
		return Tally{}
	}
	run := Load{Address: n.Address()}.Start()
	<-ctx.Done()
	return run.Stop()
}

// Rest waits until the proxy has followed what happened so far and no pod is on its way out.
func (n *Network) Rest(ctx context.Context) {
	for wait := Lag; ; wait = 50 * time.Millisecond {
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
		if !n.node.draining() {
			return
		}
	}
}

// Close ends all servers at once, and the proxy. An error is one of a server that could not start.
func (n *Network) Close() error {
	n.cancel()
	n.proxy.listener.Close()
	n.running.Wait()
	return n.node.close()
}

// handler passes on what an informer sees.
type handler[T any] struct {
	see  func(object T, first bool) // first: it was there when the watch began
	gone func(object T)
}

func (h handler[T]) OnAdd(object any, first bool) { h.see(object.(T), first) }
func (h handler[T]) OnUpdate(_, object any)       { h.see(object.(T), false) }

func (h handler[T]) OnDelete(object any) {
	if missed, ok := object.(cache.DeletedFinalStateUnknown); ok {
		object = missed.Obj
	}
	h.gone(object.(T))
}

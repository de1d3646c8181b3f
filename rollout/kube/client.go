package kube

import (
	"context"
	"sync"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/record"

	"github.com/gopawl/pawl/rollout"
)

// Client is what outlives a [Workload]: the connection, the caches, and the memory of our own
// writes. Make one for a process and use it from any number of goroutines, one for each owner at
// a time; do not copy it. Its fields are set before the first use. A process that loses its
// leadership and gains it again makes a new one: this one does not know what others wrote.
type Client struct {
	// API writes, and reads what must not come from a cache. Required.
	API kubernetes.Interface
	// Cache is what is read from in ordinary; nil reads live.
	Cache Cache
	// Events, if set, gets the events of a Deployment: ScalingReplicaSet and so on.
	Events record.EventRecorder
	// Prefix is that of our own annotations; "" is [DefaultPrefix].
	Prefix string
	// FieldManager is the name under which writes are recorded; "" is [DefaultFieldManager].
	FieldManager string

	fence   fence
	aliases sync.Map // uid of an owner → aliasAnswer
	owners  sync.Map // ownerName → uid of the owner
}

// Cache is what a [Client] reads from: [Informers], a [ListFunc] over a cache such as that of a
// controller-runtime manager, or your own. What it returns is not changed. It may lag behind the cluster, but
// does not go back in time.
// One that is a [rollout.Watcher] too wakes up Engine.Run.
type Cache interface {
	ReplicaSets(ctx context.Context, namespace string) ([]*appsv1.ReplicaSet, error)
	Pods(ctx context.Context, namespace string, selector labels.Selector) ([]*corev1.Pod, error)
}

// ownerName is what a controller knows of an owner that is gone.
type ownerName struct{ kind, namespace, name string }

// Forget drops what is remembered of an owner that is gone. Forgetting one that is not costs a live
// read.
func (c *Client) Forget(kind, namespace, name string) {
	if uid, known := c.owners.LoadAndDelete(ownerName{kind, namespace, name}); known {
		c.forget(uid.(types.UID))
	}
}

// meet remembers the uid of an owner, and forgets that of an earlier one by the same name.
func (c *Client) meet(o Owner) {
	before, known := c.owners.Swap(ownerName{o.Kind, o.Namespace, o.Name}, o.UID)
	if known && before != o.UID {
		c.forget(before.(types.UID))
	}
}

func (c *Client) forget(owner types.UID) {
	c.fence.forget(owner)
	c.aliases.Delete(owner)
}

// Watch returns a channel that receives when the cache has seen a change, as that of a
// [rollout.Watcher]; nil where the cache is none.
func (c *Client) Watch(ctx context.Context) (<-chan struct{}, error) {
	if watcher, ok := c.Cache.(rollout.Watcher); ok {
		return watcher.Watch(ctx)
	}
	return nil, nil
}

func (c *Client) manager() string {
	if c.FieldManager == "" {
		return DefaultFieldManager
	}
	return c.FieldManager
}

// replicaSets returns all ReplicaSets of a namespace, with every write that this client made to
// those of the owner. The first read for an owner is live, since a cache may be older than what
// an earlier process wrote. A live list is held to our own writes as well: an API server may answer
// from a cache of its own.
func (c *Client) replicaSets(ctx context.Context, owner types.UID, namespace string) ([]*appsv1.ReplicaSet, error) {
	if c.fence.first(owner) {
		sets, version, err := c.liveReplicaSets(ctx, namespace)
		if err == nil {
			c.fence.looked(owner, version, sets)
		}
		return sets, err
	}
	sets, err := c.knownReplicaSets(ctx, namespace)
	if err != nil {
		return nil, err
	}
	return c.fence.pass(owner, sets, func(name string) (*appsv1.ReplicaSet, error) {
		return c.API.AppsV1().ReplicaSets(namespace).Get(ctx, name, metav1.GetOptions{})
	})
}

func (c *Client) knownReplicaSets(ctx context.Context, namespace string) ([]*appsv1.ReplicaSet, error) {
	if c.Cache != nil {
		return c.Cache.ReplicaSets(ctx, namespace)
	}
	sets, _, err := c.liveReplicaSets(ctx, namespace)
	return sets, err
}

func (c *Client) liveReplicaSets(ctx context.Context, namespace string) (sets []*appsv1.ReplicaSet, version string, err error) {
	list, err := c.API.AppsV1().ReplicaSets(namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, "", err
	}
	return pointers(list.Items), list.ResourceVersion, nil
}

func (c *Client) pods(ctx context.Context, namespace string, selector labels.Selector) ([]*corev1.Pod, error) {
	if c.Cache != nil {
		return c.Cache.Pods(ctx, namespace, selector)
	}
	list, err := c.API.CoreV1().Pods(namespace).List(ctx, metav1.ListOptions{LabelSelector: selector.String()})
	if err != nil {
		return nil, err
	}
	return pointers(list.Items), nil
}

func pointers[T any](items []T) []*T {
	out := make([]*T, len(items))
	for i := range items {
		out[i] = &items[i]
	}
	return out
}

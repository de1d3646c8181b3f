package kubetest

import (
	"errors"
	"fmt"
	"strconv"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/rest"
)

// Options shape a [Cluster]. The zero value is a cluster in memory whose pods take a second to
// become ready and no time to stop.
type Options struct {
	// Store holds the cluster; nil is one of its own in memory.
	Store Store
	// Resources are kinds beside the built-in ones.
	Resources []Resource
	// StartUp is the time from the start of a pod's containers until they are ready. 0 is one
	// second; a negative one is none at all. The annotation sim/ready-delay overrules it.
	StartUp time.Duration
	// Stop is the time from the deletion of a pod until it is gone. It is cut short by the
	// grace period, and overruled by the annotation sim/stop-delay.
	Stop time.Duration
	// Seed determines the names and UIDs that the cluster generates. Only the one with which a
	// store was first used counts.
	Seed uint64
	// Poll is how often to look for writes of other processes that share the store; 0 is
	// never.
	Poll time.Duration
}

// Cluster is a Kubernetes API with stand-ins for the controllers behind it. It is an
// [net/http.Handler] and may be used by several goroutines. Everything it knows is in its
// store.
type Cluster struct {
	store   Store
	catalog *catalog
	startUp time.Duration
	stop    time.Duration
	poll    time.Duration
	changes notifier
	cache   cache
}

// host is where the clients of [Cluster.Config] believe to be; nothing listens there.
const host = "http://kubetest"

// New answers a cluster over the store of the options, after it has put into an empty one what
// every cluster has: the namespace default and the node embedded. The controllers stand still
// until [Cluster.Run]. An error is one of the store, or of the resources.
func New(o Options) (*Cluster, error) {
	if err := checkResources(o.Resources); err != nil {
		return nil, err
	}
	c := &Cluster{store: o.Store, catalog: newCatalog(o.Resources), stop: o.Stop, poll: o.Poll}
	if c.store == nil {
		c.store = &Memory{}
	}
	switch {
	case o.StartUp == 0:
		c.startUp = time.Second
	case o.StartUp > 0:
		c.startUp = o.StartUp
	}
	return c, c.populate(o.Seed)
}

// Config answers a configuration for any client of client-go. Its requests are answered within
// this process; they are not throttled.
func (c *Cluster) Config() *rest.Config {
	return &rest.Config{
		Host:          host,
		Transport:     Transport(c),
		QPS:           -1,
		ContentConfig: rest.ContentConfig{AcceptContentTypes: jsonType, ContentType: jsonType},
	}
}

func checkResources(resources []Resource) error {
	seen := map[string]bool{}
	for _, r := range newCatalog(nil).all {
		seen[r.id()] = true
	}
	for _, r := range resources {
		if r.Group == "" || r.Version == "" || r.Kind == "" || r.Plural == "" {
			return fmt.Errorf("kubetest: a resource needs a group, a version, a kind and a plural: %+v", r)
		}
		id := (&resource{Resource: r}).id()
		if seen[id] {
			return fmt.Errorf("kubetest: resource %s is there twice", id)
		}
		seen[id] = true
	}
	return nil
}

const (
	storeFormat = "kubetest/1"
	nodeName    = "embedded"
)

var errFormat = errors.New("kubetest: the store was written by another version of this package")

// populate fills an empty store.
func (c *Cluster) populate(seed uint64) error {
	var format []byte
	err := c.view(func(s *session) (err error) {
		value, err := s.tx.Get(keyFormat)
		format = append(format, value...)
		return err
	})
	if err != nil {
		return err
	}
	if string(format) == storeFormat {
		return nil
	}
	return c.update(false, func(s *session) error {
		format, err := s.tx.Get(keyFormat) // again, as another process may have been faster
		if err != nil || string(format) == storeFormat {
			return err
		}
		if format != nil {
			return errFormat
		}
		return errors.Join(
			s.tx.Put(keyFormat, []byte(storeFormat)),
			s.tx.Put(keySeed, strconv.AppendUint(nil, seed, 10)),
			s.createTyped(c.catalog.namespaces, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: metav1.NamespaceDefault}}),
			s.createTyped(c.catalog.nodes, theNode()))
	})
}

// createTyped creates an object that is given in its Go type.
func (s *session) createTyped(res *resource, obj runtime.Object) error {
	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(obj)
	if err != nil {
		return err
	}
	_, err = s.create(res, &unstructured.Unstructured{Object: content})
	return err
}

// theNode is there to be shown; nothing depends on it.
func theNode() *corev1.Node {
	return &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{Name: nodeName, Labels: map[string]string{corev1.LabelHostname: nodeName}},
		Status: corev1.NodeStatus{
			Conditions: []corev1.NodeCondition{{
				Type: corev1.NodeReady, Status: corev1.ConditionTrue, Reason: "KubeletReady",
				Message: "kubelet is posting ready status",
			}},
			Addresses: []corev1.NodeAddress{
				{Type: corev1.NodeInternalIP, Address: nodeAddress},
				{Type: corev1.NodeHostName, Address: nodeName},
			},
			NodeInfo: corev1.NodeSystemInfo{
				KubeletVersion: serverVersion.GitVersion, OperatingSystem: "linux", Architecture: "amd64",
			},
		},
	}
}

const nodeAddress = "10.0.0.1"

package kubetest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	utiljson "k8s.io/apimachinery/pkg/util/json"
)

// times are the moments that the whole seconds of the API cannot hold. They are kept beside
// the object, where no client can lose them.
type times struct {
	Created   time.Time `json:"created,omitzero"`
	Deleted   time.Time `json:"deleted,omitzero"`   // the request to delete
	Scheduled time.Time `json:"scheduled,omitzero"` // a pod's assignment to the node
	Started   time.Time `json:"started,omitzero"`   // its containers run, or fail to
	Ready     time.Time `json:"ready,omitzero"`
	Failed    time.Time `json:"failed,omitzero"` // the latest crash, or the end of a first try
}

// object is one API object with its times, free to be changed.
type object struct {
	unstructured.Unstructured
	times times
}

// record is an object as it is stored. Records are shared: nobody changes them.
type record struct {
	res   *resource
	value []byte          // the stored envelope
	raw   json.RawMessage // the object within
	object

	once  sync.Once
	typed runtime.Object
	err   error

	bareOnce sync.Once
	bare     json.RawMessage
}

type envelope struct {
	Times  times           `json:"times"`
	Object json.RawMessage `json:"object"`
}

func decodeRecord(res *resource, value []byte) (*record, error) {
	r := &record{res: res, value: bytes.Clone(value)}
	var e envelope
	if err := json.Unmarshal(r.value, &e); err != nil {
		return nil, fmt.Errorf("kubetest: stored %s: %w", res.Plural, err)
	}
	r.raw, r.times = e.Object, e.Times
	if err := utiljson.Unmarshal(e.Object, &r.Object); err != nil {
		return nil, fmt.Errorf("kubetest: stored %s: %w", res.Plural, err)
	}
	return r, nil
}

func encodeRecord(res *resource, o *object) (*record, error) {
	raw, err := json.Marshal(o.Object)
	if err != nil {
		return nil, err
	}
	value, err := json.Marshal(envelope{o.times, raw})
	if err != nil {
		return nil, err
	}
	return &record{res: res, value: value, raw: raw, object: *o}, nil
}

// edit answers a copy to change.
func (r *record) edit() *object {
	return &object{Unstructured: *r.DeepCopy(), times: r.times}
}

// dropOwners removes the references to owners.
func (o *object) dropOwners(owners ...types.UID) {
	left := slices.DeleteFunc(o.GetOwnerReferences(), func(ref metav1.OwnerReference) bool {
		return slices.Contains(owners, ref.UID)
	})
	if len(left) == 0 {
		left = nil // so that nothing is written
	}
	o.SetOwnerReferences(left)
}

// as answers the object in its Go type, shared and not to be changed.
func as[T runtime.Object](r *record) (T, error) {
	r.once.Do(func() { r.typed, r.err = r.res.decode(&r.Unstructured) })
	typed, _ := r.typed.(T)
	return typed, r.err
}

// cache spares decoding what was decoded before. It is keyed by content, so it can be neither
// stale nor wrong, whoever writes to the store.
type cache struct {
	mu      sync.Mutex
	records map[string]*record
}

const cacheLimit = 20_000

func (c *cache) decode(res *resource, key string, value []byte) (*record, error) {
	c.mu.Lock()
	known := c.records[key]
	c.mu.Unlock()
	if known != nil && bytes.Equal(known.value, value) {
		return known, nil
	}
	r, err := decodeRecord(res, value)
	if err == nil {
		c.keep(key, r)
	}
	return r, err
}

func (c *cache) keep(key string, r *record) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.records == nil || len(c.records) > cacheLimit {
		c.records = map[string]*record{}
	}
	c.records[key] = r
}

func (c *cache) drop(key string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.records, key)
}

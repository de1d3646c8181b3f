package kubetest

import (
	"errors"
	"strconv"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// The keys of the store. Objects are at object/<resource>/<namespace>/<name>, the log of
// their changes at log/<revision>.
const (
	keyFormat    = "meta/format"
	keyRevision  = "meta/revision"
	keySeed      = "meta/seed"
	keyDraws     = "meta/draws"
	keyAddresses = "meta/addresses"
	prefixObject = "object/"
	prefixLog    = "log/"
)

// session is one transaction on the cluster, at one moment.
type session struct {
	*Cluster
	tx  Tx
	now time.Time
}

// session starts one. Its time has no monotonic reading, as it may be compared with that of
// another process.
func (c *Cluster) session(tx Tx) *session { return &session{c, tx, time.Now().UTC().Round(0)} }

// view runs the function on a consistent state of the cluster.
func (c *Cluster) view(look func(*session) error) error {
	return c.store.View(func(tx Tx) error { return look(c.session(tx)) })
}

// errDryRun undoes a transaction that succeeded.
var errDryRun = errors.New("dry run")

// update runs the function in a transaction and, if it is kept, wakes whoever waits.
func (c *Cluster) update(dryRun bool, change func(*session) error) error {
	err := c.store.Update(func(tx Tx) error {
		err := change(c.session(tx))
		if err == nil && dryRun {
			return errDryRun
		}
		return err
	})
	if errors.Is(err, errDryRun) {
		return nil
	}
	if err == nil {
		c.changes.notify()
	}
	return err
}

func (s *session) revision() (uint64, error) { return s.number(keyRevision) }

// get answers the object, or the API's NotFound error.
func (s *session) get(res *resource, namespace, name string) (*record, error) {
	r, err := s.find(res, namespace, name)
	if err == nil && r == nil {
		err = apierrors.NewNotFound(res.groupResource(), name)
	}
	return r, err
}

// find answers the object, or nil.
func (s *session) find(res *resource, namespace, name string) (*record, error) {
	key := res.key(namespace, name)
	value, err := s.tx.Get(key)
	if err != nil || value == nil {
		return nil, err
	}
	return s.cache.decode(res, key, value)
}

// unchanged tells whether the object is still as it was read in this transaction.
func (s *session) unchanged(r *record) (bool, error) {
	now, err := s.find(r.res, r.GetNamespace(), r.GetName())
	return err == nil && now != nil && now.GetResourceVersion() == r.GetResourceVersion(), err
}

// list answers the objects of a namespace, or of all when it is "", ordered by namespace and
// name.
func (s *session) list(res *resource, namespace string) ([]*record, error) {
	var all []*record
	err := scanPrefix(s.tx, res.prefix(namespace), func(key string, value []byte) error {
		r, err := s.cache.decode(res, key, value)
		all = append(all, r)
		return err
	})
	return all, err
}

func (s *session) insert(res *resource, o *object) (*record, error) {
	return s.put(res, o, entry{Type: entryAdded})
}

func (s *session) replace(old *record, o *object) (*record, error) {
	before := attributesOf(old)
	return s.put(old.res, o, entry{Type: entryModified, Before: &before})
}

// put stores the object under the next revision and logs it.
func (s *session) put(res *resource, o *object, e entry) (*record, error) {
	rev, err := s.next(keyRevision)
	if err != nil {
		return nil, err
	}
	o.SetResourceVersion(strconv.FormatUint(rev, 10))
	r, err := encodeRecord(res, o)
	if err != nil {
		return nil, err
	}
	if len(r.raw) > maxObjectBytes {
		return nil, errTooLarge()
	}
	key := res.key(o.GetNamespace(), o.GetName())
	if err := s.tx.Put(key, r.value); err != nil {
		return nil, err
	}
	s.cache.keep(key, r)
	return r, s.log(rev, r, e)
}

// remove deletes the object and answers its last state, as a watch shows it.
func (s *session) remove(old *record, last *object) (*record, error) {
	rev, err := s.next(keyRevision)
	if err != nil {
		return nil, err
	}
	last.SetResourceVersion(strconv.FormatUint(rev, 10))
	r, err := encodeRecord(old.res, last)
	if err != nil {
		return nil, err
	}
	key := old.res.key(old.GetNamespace(), old.GetName())
	s.cache.drop(key)
	if err := s.tx.Delete(key); err != nil {
		return nil, err
	}
	before := attributesOf(old)
	return r, s.log(rev, r, entry{Type: entryDeleted, Before: &before})
}

// maxObjectBytes is what etcd takes in one request.
const maxObjectBytes = 3 << 19

func errTooLarge() error {
	return &apierrors.StatusError{ErrStatus: metav1.Status{
		Status:  metav1.StatusFailure,
		Code:    500,
		Message: "etcdserver: request is too large",
	}}
}

// apiTime is the moment in the API's whole seconds.
func apiTime(t time.Time) metav1.Time { return metav1.NewTime(t.UTC().Truncate(time.Second)) }

package kube

import (
	"sync"

	appsv1 "k8s.io/api/apps/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/resourceversion"
)

// fence makes reads from a cache include our own writes. It remembers, for every ReplicaSet that
// was written and that the cache has not shown since, the resource version of the write. The
// zero value is ready. Losing it costs one live read.
type fence struct {
	mu     sync.Mutex
	owners map[types.UID]map[types.UID]written // owner → ReplicaSet → last write; a missing owner was never read
}

type written struct {
	name    string
	version string
	deleted bool
}

func (f *fence) first(owner types.UID) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.owners[owner] == nil
}

func (f *fence) looked(owner types.UID) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.owners == nil {
		f.owners = map[types.UID]map[types.UID]written{}
	}
	if f.owners[owner] == nil {
		f.owners[owner] = map[types.UID]written{}
	}
}

// wrote remembers a write to a ReplicaSet, as the API server answered it.
func (f *fence) wrote(owner types.UID, rs *appsv1.ReplicaSet) {
	f.remember(owner, rs.UID, written{name: rs.Name, version: rs.ResourceVersion})
}

// deleted remembers that a ReplicaSet was deleted.
func (f *fence) deleted(owner types.UID, rs *appsv1.ReplicaSet) {
	f.remember(owner, rs.UID, written{name: rs.Name, deleted: true})
}

func (f *fence) remember(owner, rs types.UID, w written) {
	f.looked(owner)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.owners[owner][rs] = w
}

// forget drops what is known of a write, unless another has followed it.
func (f *fence) forget(owner, rs types.UID, w written) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.owners[owner][rs] == w {
		delete(f.owners[owner], rs)
	}
}

func (f *fence) pending(owner types.UID) map[types.UID]written {
	f.mu.Lock()
	defer f.mu.Unlock()
	pending := make(map[types.UID]written, len(f.owners[owner]))
	for uid, w := range f.owners[owner] {
		pending[uid] = w
	}
	return pending
}

// pass returns what the cache shows with our own writes in it. Where the cache has not caught up
// it reads live, once for each ReplicaSet.
func (f *fence) pass(owner types.UID, cached []*appsv1.ReplicaSet, live func(name string) (*appsv1.ReplicaSet, error)) ([]*appsv1.ReplicaSet, error) {
	pending := f.pending(owner)
	seen := make([]*appsv1.ReplicaSet, 0, len(cached)+len(pending))
	for _, rs := range cached {
		w, ok := pending[rs.UID]
		switch {
		case !ok:
			seen = append(seen, rs)
		case w.deleted:
			delete(pending, rs.UID) // still shown: neither believed nor forgotten
		case caughtUp(rs, w):
			f.forget(owner, rs.UID, w)
			delete(pending, rs.UID)
			seen = append(seen, rs)
		}
	}
	for uid, w := range pending {
		if w.deleted {
			f.forget(owner, uid, w)
			continue
		}
		rs, err := live(w.name)
		switch {
		case apierrors.IsNotFound(err), err == nil && rs.UID != uid:
			f.forget(owner, uid, w)
		case err != nil:
			return nil, err
		default:
			seen = append(seen, rs)
		}
	}
	return seen, nil
}

// caughtUp reports whether a cached object is at least as new as a write. Versions that cannot be
// compared count as behind: that costs a live read and decides nothing wrong.
func caughtUp(rs *appsv1.ReplicaSet, w written) bool {
	order, err := resourceversion.CompareResourceVersion(rs.ResourceVersion, w.version)
	return err == nil && order >= 0
}

package kube

import (
	"maps"
	"sync"

	appsv1 "k8s.io/api/apps/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/resourceversion"
)

// fence makes reads from a cache include our own writes, and what an earlier process wrote: for
// every ReplicaSet of an owner it remembers the resource version below which the cache is not
// believed. That is the one of our last write, or of the first look, which is live. The zero
// value is ready. Losing it costs one live look.
type fence struct {
	mu     sync.Mutex
	owners map[types.UID]*memory // a missing owner was never looked at
}

// memory is what is known of the ReplicaSets of one owner.
type memory struct {
	since string // resource version of the first look
	marks map[types.UID]mark
}

// mark is what is known of one ReplicaSet.
type mark struct {
	name    string
	version string // the cache must show this version or a later one
	gone    bool   // it does not exist any more
	shown   bool   // the cache has shown it: once it does so no longer, it never will again
}

func (f *fence) first(owner types.UID) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.owners[owner] == nil
}

// looked remembers the first look: what there was at a resource version.
func (f *fence) looked(owner types.UID, since string, sets []*appsv1.ReplicaSet) {
	m := &memory{since: since, marks: map[types.UID]mark{}}
	for _, rs := range sets {
		if controls(owner, rs) {
			m.marks[rs.UID] = mark{name: rs.Name, version: rs.ResourceVersion}
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.owners == nil {
		f.owners = map[types.UID]*memory{}
	}
	f.owners[owner] = m
}

// wrote remembers a write to a ReplicaSet, as the API server answered it.
func (f *fence) wrote(owner types.UID, rs *appsv1.ReplicaSet) {
	f.change(owner, rs.UID, func(m *mark) { m.name, m.version = rs.Name, rs.ResourceVersion })
}

// deleted remembers that a ReplicaSet is gone.
func (f *fence) deleted(owner, rs types.UID) {
	f.change(owner, rs, func(m *mark) { m.gone = true })
}

func (f *fence) change(owner, rs types.UID, do func(*mark)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if m := f.owners[owner]; m != nil {
		k := m.marks[rs]
		do(&k)
		m.marks[rs] = k
	}
}

func (f *fence) forget(owner types.UID) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.owners, owner)
}

// pass returns what the cache shows with our own writes in it. Where the cache has not caught up
// it reads live, once for each ReplicaSet.
func (f *fence) pass(owner types.UID, cached []*appsv1.ReplicaSet, live func(name string) (*appsv1.ReplicaSet, error)) ([]*appsv1.ReplicaSet, error) {
	seen, behind := f.sift(owner, cached)
	for uid, k := range behind {
		rs, err := live(k.name)
		switch {
		case apierrors.IsNotFound(err), err == nil && rs.UID != uid:
			f.deleted(owner, uid)
		case err != nil:
			return nil, err
		default:
			seen = append(seen, rs)
		}
	}
	return seen, nil
}

// sift parts what can be believed of the cache from what must be looked at.
func (f *fence) sift(owner types.UID, cached []*appsv1.ReplicaSet) (seen []*appsv1.ReplicaSet, behind map[types.UID]mark) {
	f.mu.Lock()
	defer f.mu.Unlock()
	m := f.owners[owner]
	if m == nil { // forgotten in between
		return append(seen, cached...), nil
	}
	behind = maps.Clone(m.marks)
	for _, rs := range cached {
		k, known := m.marks[rs.UID]
		switch {
		case known:
			k.shown = true
			m.marks[rs.UID] = k
			if k.gone {
				delete(behind, rs.UID)
			} else if caughtUp(rs, k.version) {
				delete(behind, rs.UID)
				seen = append(seen, rs)
			}
		case !controls(owner, rs), caughtUp(rs, m.since): // else it had gone before the first look
			seen = append(seen, rs)
		}
	}
	for uid, k := range behind {
		if k.gone {
			delete(behind, uid)
			if k.shown {
				delete(m.marks, uid)
			}
		}
	}
	return seen, behind
}

func controls(owner types.UID, rs *appsv1.ReplicaSet) bool {
	ref := metav1.GetControllerOfNoCopy(rs)
	return ref != nil && ref.UID == owner
}

// caughtUp reports whether a cached object is at least as new as a version. Versions that cannot
// be compared count as behind: that costs a live read and decides nothing wrong.
func caughtUp(rs *appsv1.ReplicaSet, version string) bool {
	order, err := resourceversion.CompareResourceVersion(rs.ResourceVersion, version)
	return err == nil && order >= 0
}

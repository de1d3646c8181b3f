package rollouttest

import (
	"encoding/binary"

	"github.com/gopawl/pawl/rollout"
)

// A key is all of a world in few bytes: two worlds are the same when their keys are. The
// reasons of steps are left out.

func (w *world) key(to []byte) []byte {
	k := keyWriter{to}
	k.to = append(k.to, byte(w.template))
	k.number(int64(w.replicas))
	k.flags(w.paused)
	k.number(w.now)
	k.number(int64(w.left))
	for i := range w.versions {
		k.flags(w.versions[i].exists, w.rejected[i])
		if w.versions[i].exists {
			k.version(&w.versions[i])
		}
	}
	k.number(int64(len(w.underWay)))
	for _, step := range w.underWay {
		k.action(step.Action)
	}
	return k.to
}

func worldOf(key string) (w world) {
	k := keyReader{[]byte(key)}
	w.template, w.replicas = int(k.byte()), k.small()
	k.flags(&w.paused)
	w.now, w.left = k.number(), int(k.number())
	for i := range w.versions {
		var exists bool
		k.flags(&exists, &w.rejected[i])
		if exists {
			w.versions[i] = k.version()
		}
	}
	w.underWay = make([]rollout.Step, k.number())
	for i := range w.underWay {
		w.underWay[i].Action = k.action()
	}
	return w
}

type keyWriter struct{ to []byte }

func (k *keyWriter) number(n int64) { k.to = binary.AppendVarint(k.to, n) }

func (k *keyWriter) flags(flags ...bool) {
	b := byte(0)
	for i, set := range flags {
		if set {
			b |= 1 << i
		}
	}
	k.to = append(k.to, b)
}

func (k *keyWriter) counts(c counts) {
	for _, n := range [...]int32{c.starting, c.ready, c.available, c.terminating} {
		k.number(int64(n))
	}
}

func (k *keyWriter) basis(b rollout.Basis) {
	k.number(int64(b.Desired))
	k.number(int64(b.Max))
}

func (k *keyWriter) version(v *version) {
	k.flags(v.due, v.frozen)
	k.number(int64(v.size))
	k.counts(v.counts)
	if v.frozen {
		k.counts(v.shown)
	}
	k.basis(v.basis)
	for _, n := range [...]int64{v.number, v.created, v.scaled, v.settled} {
		k.number(n)
	}
}

// The kinds of action in a key.
const (
	keyCreate = iota
	keyAdopt
	keyScale
	keySettle
	keyReject
	keyDelete
)

func (k *keyWriter) action(a rollout.Action) {
	put := func(kind byte, name string) { k.to = append(k.to, kind, byte(indexOf(name))) }
	switch a := a.(type) {
	case rollout.Create:
		put(keyCreate, a.Template)
		k.number(int64(a.Replicas))
		k.basis(a.Basis)
	case rollout.Adopt:
		put(keyAdopt, a.Name)
	case rollout.Scale:
		put(keyScale, a.Name)
		k.number(int64(a.From))
		k.number(int64(a.To))
		k.basis(a.Basis)
	case rollout.Settle:
		put(keySettle, a.Name)
	case rollout.Reject:
		put(keyReject, a.Template)
	case rollout.Delete:
		put(keyDelete, a.Name)
	default: // no world has one under way: it could not be carried out
		k.to = append(k.to, a.String()...)
	}
}

type keyReader struct{ from []byte }

func (k *keyReader) byte() byte {
	b := k.from[0]
	k.from = k.from[1:]
	return b
}

func (k *keyReader) number() int64 {
	n, size := binary.Varint(k.from)
	k.from = k.from[size:]
	return n
}

func (k *keyReader) small() int32 { return int32(k.number()) }

func (k *keyReader) flags(flags ...*bool) {
	b := k.byte()
	for i, flag := range flags {
		*flag = b&(1<<i) != 0
	}
}

func (k *keyReader) counts() counts { return counts{k.small(), k.small(), k.small(), k.small()} }

func (k *keyReader) basis() rollout.Basis { return rollout.Basis{Desired: k.small(), Max: k.small()} }

func (k *keyReader) version() version {
	v := version{exists: true}
	k.flags(&v.due, &v.frozen)
	v.size = k.small()
	v.counts = k.counts()
	if v.frozen {
		v.shown = k.counts()
	}
	v.basis = k.basis()
	for _, n := range [...]*int64{&v.number, &v.created, &v.scaled, &v.settled} {
		*n = k.number()
	}
	return v
}

func (k *keyReader) action() rollout.Action {
	kind, name := k.byte(), names[k.byte()]
	switch kind {
	case keyCreate:
		return rollout.Create{Template: name, Replicas: k.small(), Basis: k.basis()}
	case keyAdopt:
		return rollout.Adopt{Name: name}
	case keyScale:
		return rollout.Scale{Name: name, From: k.small(), To: k.small(), Basis: k.basis()}
	case keySettle:
		return rollout.Settle{Name: name}
	case keyReject:
		return rollout.Reject{Template: name}
	}
	return rollout.Delete{Name: name}
}

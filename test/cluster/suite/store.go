package suite

import (
	"context"
	"fmt"

	clientv3 "go.etcd.io/etcd/client/v3"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/scheme"
)

// StoreObserver returns an Observer that reads what the API server has stored, and so misses nothing
// while the API server is away.
func (f *Fixture) StoreObserver() *Observer {
	f.Helper()
	store, err := clientv3.New(clientv3.Config{Endpoints: []string{shared.Store()}})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { store.Close() })
	o := &Observer{Fixture: f, api: NewClient(f.T, f.Config)}
	var ctx context.Context
	ctx, o.stop = context.WithCancel(f.Context())
	revision := int64(0) // one for both kinds
	for _, kind := range []string{"pods", "replicasets"} {
		prefix := "/registry/" + kind + "/" + f.Namespace + "/"
		now, err := store.Get(ctx, prefix, clientv3.WithPrefix(), clientv3.WithRev(revision))
		if err != nil {
			f.Fatal(err)
		}
		if revision == 0 {
			revision = now.Header.Revision
		}
		for _, kv := range now.Kvs {
			object, err := stored(kv.Value, kv.ModRevision)
			if err != nil {
				f.Fatal(err)
			}
			o.start = append(o.start, object)
		}
		changes := store.Watch(ctx, prefix, clientv3.WithPrefix(), clientv3.WithPrevKV(), clientv3.WithRev(revision+1))
		o.running.Go(func() { o.read(changes) })
	}
	return o
}

func (o *Observer) read(changes clientv3.WatchChan) {
	for answer := range changes {
		for _, e := range answer.Events {
			value := e.Kv.Value
			if e.Type == clientv3.EventTypeDelete {
				value = e.PrevKv.Value
			}
			object, err := stored(value, e.Kv.ModRevision)
			if err != nil {
				o.Error(err)
				continue
			}
			o.saw(change{uint64(e.Kv.ModRevision), e.Type == clientv3.EventTypeDelete, object})
		}
	}
}

// stored decodes an object, of which the store keeps everything but the version.
func stored(value []byte, revision int64) (metav1.Object, error) {
	decoded, _, err := scheme.Codecs.UniversalDeserializer().Decode(value, nil, nil)
	if err != nil {
		return nil, fmt.Errorf("what is stored: %w", err)
	}
	object, ok := decoded.(metav1.Object)
	if !ok {
		return nil, fmt.Errorf("what is stored: %T", decoded)
	}
	object.SetResourceVersion(fmt.Sprint(revision))
	return object, nil
}

package app

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/gopawl/pawl/rollout/kube/kubetest"
)

// wire is the way to a cluster, on which requests for Leases can be held up or refused.
type wire struct {
	http.RoundTripper
	cut    atomic.Bool // they do not arrive
	refuse atomic.Bool // they are not allowed to write
}

func (w *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	if strings.Contains(r.URL.Path, "/leases") {
		if w.cut.Load() {
			<-r.Context().Done()
			return nil, r.Context().Err()
		}
		if w.refuse.Load() && r.Method != http.MethodGet {
			body := `{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"Forbidden","message":"leases is forbidden","code":403}`
			rec := &http.Response{StatusCode: http.StatusForbidden, Header: http.Header{"Content-Type": {"application/json"}}, Request: r}
			rec.Body = readCloser{strings.NewReader(body)}
			return rec, nil
		}
	}
	return w.RoundTripper.RoundTrip(r)
}

type readCloser struct{ *strings.Reader }

func (readCloser) Close() error { return nil }

// newStores makes stores on one cluster, each with a wire of its own. What a Store that is called
// like a person holds is shown under that name.
func newStores(t *testing.T, names ...string) ([]Store, []*wire) {
	t.Helper()
	cluster := kubetest.Start(t, kubetest.Options{})
	stores, wires := make([]Store, len(names)), make([]*wire, len(names))
	for i, name := range names {
		config := cluster.Config()
		wires[i] = &wire{RoundTripper: config.Transport}
		config.Transport = wires[i]
		stores[i] = Store{API: kubernetes.NewForConfigOrDie(config), Namespace: "default", Identity: name}
	}
	return stores, wires
}

func readLease(t *testing.T, s Store) *coordinationv1.Lease {
	t.Helper()
	l, err := s.API.CoordinationV1().Leases(s.Namespace).Get(context.Background(), "pawl.web", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func wantHolder(t *testing.T, s Store, want string) {
	t.Helper()
	if l := readLease(t, s); nameOf(holderOf(l)) != want {
		t.Errorf("the lease is held by %q, want %q", holderOf(l), want)
	}
}

// hold writes a Lease as another process would.
func hold(t *testing.T, s Store, holder string) {
	t.Helper()
	ctx, leases := context.Background(), s.API.CoordinationV1().Leases(s.Namespace)
	lasts := int32(15)
	spec := coordinationv1.LeaseSpec{HolderIdentity: &holder, LeaseDurationSeconds: &lasts}
	there, err := leases.Get(ctx, "pawl.web", metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		_, err = leases.Create(ctx, &coordinationv1.Lease{ObjectMeta: metav1.ObjectMeta{Name: "pawl.web"}, Spec: spec}, metav1.CreateOptions{})
	} else if err == nil {
		there.Spec = spec
		now := metav1.NowMicro()
		there.Spec.RenewTime = &now
		_, err = leases.Update(ctx, there, metav1.UpdateOptions{})
	}
	if err != nil {
		t.Fatal(err)
	}
}

func nobodyElse(t *testing.T) func(string) {
	return func(holder string) { t.Errorf("waits for %s", holder) }
}

func TestExclusiveReleasesAfterWorkHasReturned(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stores, _ := newStores(t, "ann")
		ctx, cancel := context.WithCancel(t.Context())
		failure := errors.New("the error of work")
		err := stores[0].Exclusive(ctx, "web", nobodyElse(t), func(ctx context.Context) error {
			wantHolder(t, stores[0], "ann")
			cancel()
			<-ctx.Done()
			time.Sleep(time.Minute) // work takes long to stop: nobody else may begin
			wantHolder(t, stores[0], "ann")
			if age := time.Since(readLease(t, stores[0]).Spec.RenewTime.Time); age > 2*time.Second {
				t.Errorf("the last sign of life was %v ago", age)
			}
			return failure
		})
		if err != failure {
			t.Errorf("Exclusive: %v, want the error of work", err)
		}
		wantHolder(t, stores[0], "")
	})
}

func TestReleasedLeaseIsTakenSoon(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stores, _ := newStores(t, "ann", "bob")
		var released time.Time
		var held []string
		var both sync.WaitGroup
		both.Go(func() {
			err := stores[0].Exclusive(t.Context(), "web", nobodyElse(t), func(context.Context) error {
				time.Sleep(10 * time.Minute)
				released = time.Now()
				return nil
			})
			if err != nil {
				t.Error(err)
			}
		})
		time.Sleep(time.Second)
		err := stores[1].Exclusive(t.Context(), "web", func(holder string) { held = append(held, holder) }, func(context.Context) error {
			if waited := time.Since(released); released.IsZero() || waited > time.Second {
				t.Errorf("bob begins %v after ann is done", waited)
			}
			return nil
		})
		if both.Wait(); err != nil {
			t.Error(err)
		}
		if fmt.Sprint(held) != "[ann]" {
			t.Errorf("bob was told %v, want ann once", held)
		}
	})
}

func TestSilentHolderIsReplaced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stores, _ := newStores(t, "bob")
		const ann = "ann@elsewhere/1"
		hold(t, stores[0], ann+"#x.y")
		began, told := time.Now(), ""
		go func() {
			for range 6 {
				time.Sleep(10 * time.Second)
				hold(t, stores[0], ann+"#x.y")
			}
		}()
		err := stores[0].Exclusive(t.Context(), "web", func(holder string) { told += holder }, func(context.Context) error {
			wantHolder(t, stores[0], "bob")
			return nil
		})
		if err != nil || told != ann {
			t.Errorf("Exclusive: %v; it was told of %q", err, told)
		}
		if waited := time.Since(began); waited < 75*time.Second || waited > 76*time.Second {
			t.Errorf("waited %v, want 15s after the last sign of life at 60s", waited)
		}
	})
}

func TestCancelledWhileWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stores, _ := newStores(t, "bob")
		hold(t, stores[0], "ann")
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		began := time.Now()
		err := stores[0].Exclusive(ctx, "web", func(string) {}, func(context.Context) error {
			t.Error("work was begun")
			return nil
		})
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(began) != 5*time.Second {
			t.Errorf("Exclusive: %v after %v", err, time.Since(began))
		}
		wantHolder(t, stores[0], "ann")
	})
}

func TestHolderWhoMayNotWriteLeasesIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stores, wires := newStores(t, "ann")
		wires[0].refuse.Store(true)
		err := stores[0].Exclusive(t.Context(), "web", nobodyElse(t), func(context.Context) error {
			t.Error("work was begun")
			return nil
		})
		if !apierrors.IsForbidden(err) {
			t.Errorf("Exclusive: %v, want the refusal", err)
		}
	})
}

func TestOneAtATimeInOneProcessToo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stores, _ := newStores(t, "")
		var working, worked atomic.Int32
		var all sync.WaitGroup
		for range 5 {
			all.Go(func() {
				err := stores[0].Exclusive(t.Context(), "web", func(string) {}, func(context.Context) error {
					if working.Add(1) != 1 {
						t.Error("two at a time")
					}
					time.Sleep(20 * time.Second)
					working.Add(-1)
					worked.Add(1)
					return nil
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
		if all.Wait(); worked.Load() != 5 {
			t.Errorf("%d of 5 have worked", worked.Load())
		}
	})
}

// A Lease goes with the app, so that deleting the ConfigMap leaves nothing behind.
func TestLeaseBelongsToTheApp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stores, _ := newStores(t, "ann")
		cm, err := stores[0].API.CoreV1().ConfigMaps(stores[0].Namespace).Create(t.Context(), &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: ConfigMapName("web")}}, metav1.CreateOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if err := stores[0].Exclusive(t.Context(), "web", nobodyElse(t), func(context.Context) error { return nil }); err != nil {
			t.Fatal(err)
		}
		lease, err := stores[0].API.CoordinationV1().Leases(stores[0].Namespace).Get(t.Context(), ConfigMapName("web"), metav1.GetOptions{})
		if err != nil || len(lease.OwnerReferences) != 1 || lease.OwnerReferences[0].UID != cm.UID {
			t.Errorf("%v (%v), want %s as the owner", lease.OwnerReferences, err, cm.UID)
		}
	})
}

// A deletion leaves the Lease to the garbage collector, which may come late. The next app of that name
// makes it its own before it writes, or it would lose it in the middle of a rollout.
func TestLeaseOfADeletedAppIsTakenOver(t *testing.T) {
	s, _ := newStore(t) // nobody collects garbage
	ctx := t.Context()
	idle := func(context.Context) error { return nil }
	apply(t, s, web(t, "web:1", nil), Created)
	if err := s.Exclusive(ctx, "web", nil, idle); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Delete(ctx, "web", metav1.DeletePropagationBackground, false); err != nil {
		t.Fatal(err)
	}
	before := readLease(t, s)
	apply(t, s, web(t, "web:1", nil), Created)
	if err := s.Exclusive(ctx, "web", nil, idle); err != nil {
		t.Fatal(err)
	}
	after := readLease(t, s)
	if after.UID != before.UID {
		t.Fatal("it is another lease: the test shows nothing")
	}
	if len(after.OwnerReferences) != 1 || after.OwnerReferences[0].UID != configMap(t, s).UID {
		t.Errorf("owners %+v, want the app that is there now", after.OwnerReferences)
	}
}

package app

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
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

	"github.com/gopawl/pawl/rollout"
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

func TestLostLeaseEndsWorkAndIsLeftAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stores, _ := newStores(t, "ann")
		err := stores[0].Exclusive(t.Context(), "web", nobodyElse(t), func(ctx context.Context) error {
			hold(t, stores[0], "bob")
			select {
			case <-ctx.Done():
			case <-time.After(2 * time.Second):
				t.Error("work goes on")
			}
			late := context.WithoutCancel(ctx)
			d := &Driver{Store: stores[0], App: "web"} // which could not write if it tried
			for what, write := range map[string]func() error{
				"Apply": func() error { return d.Apply(late, rollout.Scale{}) },
				"Save":  func() error { return d.Save(late, rollout.Status{}) },
			} {
				if err := write(); !errors.Is(err, ErrLeaseLost) {
					t.Errorf("%s after the loss: %v", what, err)
				}
			}
			return ctx.Err()
		})
		if !errors.Is(err, ErrLeaseLost) {
			t.Errorf("Exclusive: %v", err)
		}
		wantHolder(t, stores[0], "bob")
	})
}

// A holder that is cut off must not write once another one may have begun, and may go on when
// none has.
func TestCutOffHolder(t *testing.T) {
	for name, takenOver := range map[string]bool{"taken over": true, "missed by nobody": false} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				stores, wires := newStores(t, "ann", "bob")
				err := stores[0].Exclusive(t.Context(), "web", nobodyElse(t), func(ctx context.Context) error {
					wires[0].cut.Store(true)
					time.Sleep(9 * time.Second)
					if err := stillHeld(ctx); err != nil {
						t.Errorf("after 9s, when nobody can have taken over: %v", err)
					}
					time.Sleep(11 * time.Second)
					var transient *rollout.TransientError
					if err := stillHeld(ctx); !errors.As(err, &transient) {
						t.Errorf("after 20s: %v, want an error that passes", err)
					}
					if takenOver {
						took := make(chan struct{})
						go stores[1].Exclusive(t.Context(), "web", func(string) {}, func(context.Context) error {
							close(took)
							time.Sleep(time.Minute)
							wantHolder(t, stores[1], "bob")
							return nil
						})
						<-took
					}
					wires[0].cut.Store(false)
					for { // a request that was under way when the wire was mended may still hang
						err := stillHeld(ctx)
						if !errors.As(err, &transient) {
							return err
						}
						time.Sleep(time.Second)
					}
				})
				if errors.Is(err, ErrLeaseLost) != takenOver || err != nil && !takenOver {
					t.Errorf("Exclusive: %v", err)
				}
				time.Sleep(10 * time.Minute)
			})
		})
	}
}

func TestFresh(t *testing.T) {
	for ago, want := range map[time.Duration]bool{
		0: true, 9 * time.Second: true, 11 * time.Second: false, time.Hour: false,
		-time.Minute: false, // the clock was set back: nothing is known
	} {
		l := Store{API: &kubernetes.Clientset{}}.lease("web")
		l.renewed.Store(time.Now().Add(-ago).UnixNano())
		if l.isFresh() != want {
			t.Errorf("a sign of life %v ago is fresh: %v", ago, !want)
		}
	}
}

// A change of something else in the Lease is no loss.
func TestLeaseThatSomebodyLabels(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stores, _ := newStores(t, "ann")
		err := stores[0].Exclusive(t.Context(), "web", nobodyElse(t), func(ctx context.Context) error {
			l := readLease(t, stores[0])
			l.Labels = map[string]string{"seen": "yes"}
			if _, err := stores[0].API.CoordinationV1().Leases("default").Update(ctx, l, metav1.UpdateOptions{}); err != nil {
				return err
			}
			time.Sleep(time.Minute)
			return ctx.Err()
		})
		if err != nil {
			t.Error(err)
		}
		if l := readLease(t, stores[0]); holderOf(l) != "" || l.Labels["seen"] != "yes" {
			t.Errorf("the lease is held by %q and has the labels %v", holderOf(l), l.Labels)
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

// deadPID is the number of a process that has just ended.
func deadPID(t *testing.T) int {
	t.Helper()
	c := exec.Command(os.Args[0], "-test.run=^$")
	if err := c.Run(); err != nil {
		t.Fatal(err)
	}
	return c.Process.Pid
}

func TestDeadHolderIsReplacedAtOnce(t *testing.T) {
	gone := deadPID(t)
	synctest.Test(t, func(t *testing.T) {
		stores, _ := newStores(t, "bob")
		hold(t, stores[0], fmt.Sprintf("ann@%s/%d#%s.x", hostname(), gone, place()))
		began := time.Now()
		if err := stores[0].Exclusive(t.Context(), "web", nobodyElse(t), func(context.Context) error { return nil }); err != nil {
			t.Error(err)
		}
		if waited := time.Since(began); waited > time.Second {
			t.Errorf("waited %v for the dead", waited)
		}
	})
}

func TestDead(t *testing.T) {
	gone, host, here := deadPID(t), hostname(), place()
	for _, c := range []struct {
		holder string
		want   bool
		why    string
	}{
		{tagged(identity()), false, "this process"},
		{fmt.Sprintf("ann@%s/%d#%s.x", host, gone, here), true, "ended"},
		{fmt.Sprintf("ann@corp.example@%s/%d#%s.x", host, gone, here), true, "a user with an @"},
		{fmt.Sprintf("corp/ann@%s/%d#%s.x", host, gone, here), true, "a user with a slash"},
		{fmt.Sprintf("ann@%s/1#%s.x", host, here), false, "always there"},
		{fmt.Sprintf("ann@%s/%d#other.x", host, gone), false, "another machine or container of the same name"},
		{fmt.Sprintf("ann@elsewhere/%d#%s.x", gone, here), false, "another host"},
		{fmt.Sprintf("ann@%s/0#%s.x", host, here), false, "no process number"},
		{fmt.Sprintf("ann@%s/-%d#%s.x", host, gone, here), false, "a process group"},
		{fmt.Sprintf("ann@%s/%d9999999999999999999#%s.x", host, gone, here), false, "too large"},
		{fmt.Sprintf("ann@%s/x#%s.x", host, here), false, "no number"},
		{fmt.Sprintf("ann@%s#%s.x", host, here), false, "no process"},
		{"controller-7c9f", false, "somebody else's identity"},
		{"", false, "nobody"},
		{"#", false, "nothing"},
	} {
		if got := dead(c.holder); got != c.want {
			t.Errorf("dead(%q) = %v, want %v: %s", c.holder, got, c.want, c.why)
		}
	}
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

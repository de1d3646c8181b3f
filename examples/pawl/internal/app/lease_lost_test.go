package app

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/gopawl/pawl/rollout"
)

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

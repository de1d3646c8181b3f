package app

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"

	"github.com/gopawl/pawl/rollout"
	"github.com/gopawl/pawl/rollout/kube"
	"github.com/gopawl/pawl/rollout/kube/kubetest"
)

// tended is a store in a cluster whose controllers run; call it in a bubble.
func tended(t *testing.T) Store {
	config := kubetest.Start(t, kubetest.Options{}).Config()
	return Store{API: kubernetes.NewForConfigOrDie(config), Namespace: "default", Identity: "me@example"}
}

// complete rolls an app out to the end.
func complete(t *testing.T, s Store) {
	t.Helper()
	err := s.Exclusive(t.Context(), "web", nil, func(ctx context.Context) error {
		d := &Driver{Store: s, Client: &kube.Client{API: s.API}, App: "web"}
		engine := rollout.Engine{Poll: time.Second}
		_, err := engine.Run(ctx, d, d)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func podsOf(t *testing.T, s Store) map[string]string {
	t.Helper()
	list, err := s.API.CoreV1().Pods(s.Namespace).List(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	uids := map[string]string{}
	for _, p := range list.Items {
		uids[p.Name] = string(p.UID)
	}
	return uids
}

func remove(t *testing.T, s Store, policy metav1.DeletionPropagation) {
	t.Helper()
	d, err := s.Delete(t.Context(), "web", policy, false)
	if err == nil {
		err = d.Wait(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Load(t.Context(), "web"); !apierrors.IsNotFound(err) {
		t.Fatalf("it is still there (%v)", err)
	}
}

func TestOrphansAreTakenOverWithoutARestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := tended(t)
		three := map[string]string{"spec.replicas": "3"}
		apply(t, s, web(t, "web:1", three), Created)
		complete(t, s)
		was := podsOf(t, s)
		remove(t, s, metav1.DeletePropagationOrphan)
		time.Sleep(time.Hour)
		sets, err := s.API.AppsV1().ReplicaSets(s.Namespace).List(t.Context(), metav1.ListOptions{})
		if err != nil || len(sets.Items) != 1 || len(sets.Items[0].OwnerReferences) != 0 {
			t.Fatalf("%d replica sets (%v), want one without an owner", len(sets.Items), err)
		}
		if _, err := s.API.CoordinationV1().Leases(s.Namespace).Get(t.Context(), "pawl.web", metav1.GetOptions{}); !apierrors.IsNotFound(err) {
			t.Errorf("the lease has stayed (%v)", err)
		}
		apply(t, s, web(t, "web:1", three), Created)
		complete(t, s)
		if now := podsOf(t, s); len(was) != 3 || len(now) != 3 {
			t.Errorf("%d pods before, %d after", len(was), len(now))
		} else {
			for name, uid := range was {
				if now[name] != uid {
					t.Errorf("pod %s is not the one it was", name)
				}
			}
		}
		owner := metav1.GetControllerOf(&must(s.API.AppsV1().ReplicaSets(s.Namespace).List(t.Context(), metav1.ListOptions{})).Items[0])
		if owner == nil || owner.UID != configMap(t, s).UID {
			t.Errorf("the owner is %v, want the new app", owner)
		}
	})
}

func TestDeletionGoesOnToWhatBelongsToTheApp(t *testing.T) {
	for _, policy := range []metav1.DeletionPropagation{metav1.DeletePropagationBackground, metav1.DeletePropagationForeground} {
		t.Run(string(policy), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := tended(t)
				apply(t, s, web(t, "web:1", nil), Created)
				complete(t, s)
				remove(t, s, policy)
				if left := podsOf(t, s); policy == metav1.DeletePropagationForeground && len(left) > 0 {
					t.Errorf("%v are left after the app", left)
				}
				time.Sleep(time.Hour)
				if left := podsOf(t, s); len(left) > 0 {
					t.Errorf("%v are left", left)
				}
			})
		})
	}
}

// Nobody runs controllers here: the app stays on its way out.
func TestNothingIsWantedOfAnAppThatIsBeingDeleted(t *testing.T) {
	s, _ := newStore(t)
	apply(t, s, web(t, "web:1", nil), Created)
	if _, err := s.Delete(t.Context(), "web", metav1.DeletePropagationForeground, false); err != nil {
		t.Fatal(err)
	}
	d := &Driver{Store: s, Client: &kube.Client{API: s.API}, App: "web"}
	_, run := (&rollout.Engine{}).Run(t.Context(), d, d)
	_, _, again := s.Apply(t.Context(), web(t, "web:2", nil), false)
	_, scaled := s.Change(t.Context(), "web", false, func(_ *Record, wanted *unstructured.Unstructured) error {
		return unstructured.SetNestedField(wanted.Object, int64(2), "spec", "replicas")
	})
	for what, err := range map[string]error{"run": run, "apply": again, "scale": scaled} {
		if deleting := (*DeletingError)(nil); !errors.As(err, &deleting) {
			t.Errorf("%s: %v, want a DeletingError", what, err)
		}
	}
	sets, err := s.API.AppsV1().ReplicaSets(s.Namespace).List(t.Context(), metav1.ListOptions{})
	if err != nil || len(sets.Items) > 0 {
		t.Errorf("%d replica sets were made (%v)", len(sets.Items), err)
	}
}

// A finalizer of somebody's holds the app on its way out.
func TestUndoOfAnAppThatIsBeingDeletedSaysWhatFailed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := tended(t)
		for _, image := range []string{"web:1", "web:2"} {
			if _, _, err := s.Apply(t.Context(), web(t, image, nil), false); err != nil {
				t.Fatal(err)
			}
			complete(t, s)
		}
		cm := configMap(t, s)
		cm.Finalizers = []string{"example.com/hold"}
		if _, err := s.API.CoreV1().ConfigMaps(s.Namespace).Update(t.Context(), cm, metav1.UpdateOptions{}); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Delete(t.Context(), "web", metav1.DeletePropagationBackground, false); err != nil {
			t.Fatal(err)
		}
		d := &Driver{Store: s, Client: &kube.Client{API: s.API}, App: "web"}
		_, err := d.Undo(t.Context(), 0, false)
		deleting := (*DeletingError)(nil)
		if want := `failed restoring revision 1: deployment "web" is being deleted`; err == nil || err.Error() != want || !errors.As(err, &deleting) {
			t.Errorf("%v, want %s", err, want)
		}
	})
}

func TestDeleteIsCareful(t *testing.T) {
	s, dyn := newStore(t)
	if _, err := s.Delete(t.Context(), "web", metav1.DeletePropagationBackground, false); !apierrors.IsNotFound(err) {
		t.Errorf("no app: %v, want NotFound", err)
	}
	cm := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "pawl.db"}}
	if _, err := s.API.CoreV1().ConfigMaps("default").Create(t.Context(), cm, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	var foreign *ForeignError
	if _, err := s.Delete(t.Context(), "db", metav1.DeletePropagationBackground, false); !errors.As(err, &foreign) {
		t.Errorf("a stranger: %v, want a ForeignError", err)
	}
	apply(t, s, web(t, "web:1", nil), Created)
	if _, err := s.Delete(t.Context(), "web", metav1.DeletePropagationOrphan, true); err != nil {
		t.Error(err)
	}
	damaged := configMap(t, s)
	damaged.Data = nil
	if _, err := s.API.CoreV1().ConfigMaps("default").Update(t.Context(), damaged, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Delete(t.Context(), "web", metav1.DeletePropagationBackground, false); err != nil {
		t.Errorf("a damaged one: %v", err)
	}
	gone := object(t, "{apiVersion: v1, kind: Secret, metadata: {name: key, namespace: default}}")
	if _, err := DeleteObject(t.Context(), dynamic.Interface(dyn), gone, metav1.DeletePropagationBackground, false); !apierrors.IsNotFound(err) {
		t.Errorf("no secret: %v, want NotFound", err)
	}
}

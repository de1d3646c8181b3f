package kube_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/gopawl/pawl/rollout"
	"github.com/gopawl/pawl/rollout/kube"
	"github.com/gopawl/pawl/rollout/kube/kubetest"
)

// kept is a target whose Reject keeps what it gets, as one annotation would.
func (e *env) kept(t kube.Target, annotation *string) kube.Target {
	t.Reject = func(_ context.Context, rejected map[string]rollout.Rejection) (err error) {
		*annotation, err = kube.EncodeRejections(rejected)
		return err
	}
	return t
}

func TestRejectionIsKeptWithItsTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := still(t)
		c := &kube.Client{API: e.api}
		annotation := ""
		target := e.kept(e.target("web:2", 1), &annotation)
		target.Rejected = map[string]rollout.Rejection{"h1-older": {Why: "too slow"}}
		before := maps.Clone(target.Rejected)
		w, s := e.observed(c, target)
		e.check(w.Apply(t.Context(), rollout.Reject{Template: s.Template, Why: "no", BackTo: "h1-older"}))
		want := map[string]rollout.Rejection{
			"h1-older": {Why: "too slow"},
			s.Template: {Why: "no", BackTo: "h1-older", At: time.Now().UTC()},
		}
		if d := cmp.Diff(before, target.Rejected); d != "" {
			t.Errorf("the target's own map was changed:\n%s", d)
		}
		if s, err := w.Observe(t.Context()); err != nil || !cmp.Equal(want, s.Rejected) {
			t.Errorf("seen by the same workload: %+v, %v", s.Rejected, err)
		}
		read, err := kube.ParseRejections(annotation)
		e.check(err)
		if d := cmp.Diff(want, read); d != "" {
			t.Errorf("kept, -want +got:\n%s", d)
		}
		target.Rejected = read
		if _, s := e.observed(c, target); !cmp.Equal(want, s.Rejected) {
			t.Errorf("seen by the next: %+v", s.Rejected)
		}
	})
}

func TestRejectNeedsSomebodyWhoKeepsIt(t *testing.T) {
	e := still(t)
	w, s := e.observed(&kube.Client{API: e.api}, e.target("web:1", 1))
	if err := w.Apply(t.Context(), rollout.Reject{Template: s.Template}); !errors.Is(err, rollout.ErrUnsupported) {
		t.Errorf("got %v", err)
	}
}

func TestErrorsOfTheHook(t *testing.T) {
	owners := schema.GroupResource{Resource: "configmaps"}
	for _, c := range []struct {
		err                 error
		conflict, transient bool
	}{
		{apierrors.NewConflict(owners, "web", errors.New("changed")), true, false},
		{apierrors.NewTooManyRequests("slow down", 3), false, true},
		{apierrors.NewGenericServerResponse(http.StatusForbidden, "patch", owners, "web", "no", 0, true), false, false},
		{errBroken, false, false},
	} {
		e := still(t)
		target := e.target("web:1", 1)
		target.Reject = func(context.Context, map[string]rollout.Rejection) error { return c.err }
		w, s := e.observed(&kube.Client{API: e.api}, target)
		err := w.Apply(t.Context(), rollout.Reject{Template: s.Template})
		var transient *rollout.TransientError
		if !errors.Is(err, c.err) || errors.Is(err, rollout.ErrConflict) != c.conflict || errors.As(err, &transient) != c.transient {
			t.Errorf("%v became %v", c.err, err)
		}
		if s, err := w.Observe(t.Context()); err != nil || len(s.Rejected) > 0 {
			t.Errorf("what was not kept is seen: %+v, %v", s.Rejected, err)
		}
	}
}

// An annotation cannot grow for ever: what nothing has any more goes, the oldest first, and a reason
// is cut.
func TestRejectionsDoNotPileUp(t *testing.T) {
	e := still(t)
	e.serving("web-1", "h1-exists")
	annotation := ""
	target := e.kept(e.target("web:2", 1), &annotation)
	target.Rejected = map[string]rollout.Rejection{"h1-exists": {Why: "long ago"}}
	for i := range 30 {
		target.Rejected[fmt.Sprintf("h1-%02d", i)] = rollout.Rejection{At: time.Unix(int64(i), 0)}
	}
	w, s := e.observed(&kube.Client{API: e.api}, target)
	e.check(w.Apply(t.Context(), rollout.Reject{Template: s.Template, Why: strings.Repeat("ä", 5000)}))
	kept, err := kube.ParseRejections(annotation)
	e.check(err)
	want := []string{"h1-exists", s.Template}
	for i := range 10 {
		want = append(want, fmt.Sprintf("h1-%d", 20+i))
	}
	slices.Sort(want)
	if d := cmp.Diff(want, slices.Sorted(maps.Keys(kept))); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
	if why := kept[s.Template].Why; strings.Trim(why, "ä") != "…" || len(why) < 900 || len(why) > 1100 {
		t.Errorf("a reason of %d bytes: %.20q…", len(why), why)
	}
	if len(annotation) > 16<<10 {
		t.Errorf("%d bytes", len(annotation))
	}
}

func TestRejectionsAsText(t *testing.T) {
	if text, err := kube.EncodeRejections(nil); text != "" || err != nil {
		t.Errorf("none: %q, %v", text, err)
	}
	if got, err := kube.ParseRejections(""); len(got) > 0 || err != nil {
		t.Errorf("none: %v, %v", got, err)
	}
	for _, bad := range []string{"x", `"h1"`, `[]`, `{"h1":"why"}`, `{"h1":{"at":"yesterday"}}`, `{} {}`, strings.Repeat("{", 1e6)} {
		_, err := kube.ParseRejections(bad)
		var invalid *rollout.InvalidError
		if !errors.As(err, &invalid) || invalid.Path != "rejected" || len(err.Error()) > 500 {
			t.Errorf("%.20q: %v", bad, err)
		}
	}
	if _, err := kube.EncodeRejections(map[string]rollout.Rejection{"h1": {At: time.Date(99999, 1, 1, 0, 0, 0, 0, time.UTC)}}); err == nil {
		t.Error("a time that has no text")
	}
}

func TestWhatIsKeptWithTheOwnerIsNotCopied(t *testing.T) {
	e := still(t)
	c := &kube.Client{API: e.api, Prefix: "example.com"}
	target := e.target("web:1", 0)
	target.Annotations = map[string]string{"team": "blue", c.RejectedKey(): "{}", c.ApprovedKey(): "yes", "example.com/switched": "x"}
	e.reconcile(c, target)
	a := e.only().Annotations
	for key := range target.Annotations {
		if _, copied := a[key]; copied != (key == "team") {
			t.Errorf("%s: copied %t", key, copied)
		}
	}
	w, _ := e.observed(c, target)
	if d := cmp.Diff(target.Annotations, w.Annotations(e.only().Name)); d != "" {
		t.Errorf("of the owner after going back, -want +got:\n%s", d)
	}
}

// A rejected rollout goes back to a revision that is not the wanted one.
func TestRevisionThatIsNotWantedIsLedBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := start(t, kubetest.Options{})
		c := &kube.Client{API: e.api}
		old := e.target("web:1", 2)
		old.Annotations = map[string]string{kube.ChangeCauseKey: "first"}
		e.run(c, old)
		was := e.only()
		rejected := e.target("web:2", 2)
		rejected.MinReadySeconds = 5
		rejected.Annotations = map[string]string{kube.ChangeCauseKey: "second"}
		w, s := e.observed(c, rejected)
		e.check(w.Apply(t.Context(), rollout.Create{Template: s.Template, Replicas: 1}))
		for _, a := range []rollout.Action{
			rollout.Adopt{Name: was.Name},
			rollout.Scale{Name: was.Name, From: 2, To: 3},
			rollout.Scale{Name: was.Name, From: 3, To: 3},
			rollout.Settle{Name: was.Name},
		} {
			if err := w.Apply(t.Context(), a); err != nil {
				t.Errorf("%v: %v", a, err)
			}
		}
		now := e.set(was.Name)
		for key, want := range map[string]string{
			kube.RevisionKey: "3", kube.RevisionHistoryKey: "1", kube.ChangeCauseKey: "first",
			kube.DefaultPrefix + "/template": was.Annotations[kube.DefaultPrefix+"/template"],
		} {
			if got := now.Annotations[key]; got != want {
				t.Errorf("%s is %q, want %q", key, got, want)
			}
		}
		if now.Annotations[settledKey] == "" || *now.Spec.Replicas != 3 || now.Spec.MinReadySeconds != 0 {
			t.Errorf("%d replicas, annotations %v", *now.Spec.Replicas, now.Annotations)
		}
		e.wantConflict(w.Apply(t.Context(), rollout.Create{Template: was.Annotations[kube.DefaultPrefix+"/template"]}))
	})
}

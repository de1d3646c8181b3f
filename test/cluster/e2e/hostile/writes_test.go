package hostile

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	admissionv1 "k8s.io/api/admissionregistration/v1"
	appsv1 "k8s.io/api/apps/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/gopawl/pawl/rollout"
	"github.com/gopawl/pawl/rollout/kube"
	"github.com/gopawl/pawl/strategies"
	"github.com/gopawl/pawl/test/cluster/suite"
)

type refusal struct {
	cause cause
	why   kube.Refusal
	says  []string
	sets  int // how many ReplicaSets there are meanwhile
}

// refusals are causes for which Pawl's own writes are refused in the rollout of another version.
var refusals = map[string]refusal{
	"quota of replica sets": {
		cause: quota("count/replicasets.apps", "1"), why: kube.QuotaExceeded, sets: 1,
		says: []string{"create replica set ", "exceeded quota: little, requested: count/replicasets.apps=1, used: count/replicasets.apps=1, limited: count/replicasets.apps=1"},
	},
	"policy against the new replica set": {
		cause: policy(admissionv1.Create, "apps", "replicasets", "!object.spec.template.spec.containers.exists(c, c.image.endsWith('2.4.17') || c.image == 'web:2')", tryCreate),
		why:   kube.Invalid, sets: 1,
		says: []string{"create replica set ", "denied request: not on a Friday"},
	},
	"policy against shrinking": {
		cause: policy(admissionv1.Update, "apps", "replicasets", "object.spec.replicas >= oldObject.spec.replicas", tryShrink),
		why:   kube.Invalid, sets: 2,
		says: []string{"scale replica set ", " from 3 to 2", "denied request: not on a Friday"},
	},
}

// A write of the command's is refused: it ends with the reason in the words of who refused, and leaves
// everything as it is. When the cause is gone, resume goes on to the end.
func TestCommandEndsAtARefusal(t *testing.T) {
	t.Parallel()
	for name, c := range refusals {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := begin(t)
			gone := c.cause(s.Fixture)
			o := s.Observer()
			s.Prints(s.Fails("run", "-f", suite.Manifest("httpd.v2.yaml")), append(c.says, "Error from server (")...)
			if n := len(s.Sets()); n != c.sets {
				t.Errorf("%d replica sets, want %d", n, c.sets)
			}
			s.serves(older, 3)
			gone()
			s.Prints(s.Does("resume", "httpd"), done)
			within(o)
			s.over()
		})
	}
}

// A controller is refused at every look, with a reason that it can tell, and each time has written
// nothing. When the cause is gone, the next look goes on.
func TestReconcilerGoesOnAfterARefusal(t *testing.T) {
	t.Parallel()
	all := maps.Clone(refusals)
	all["rights that were taken away"] = refusal{cause: withoutRights, why: kube.Forbidden, sets: 1, says: []string{"cannot list resource"}}
	for name, c := range all {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, wire := suite.New(t), &suite.Wire{}
			client, target := least(f, wire), f.Target("web", "web:1", 3)
			f.Roll(client, target)
			gone := c.cause(f)
			o := f.Observer()
			target = suite.WithImage(target, "web:2")
			var refused *kube.RefusedError
			f.Eventually(20*time.Second, func(context.Context) error {
				_, err := f.Reconcile(client, target)
				if !errors.As(err, &refused) {
					return fmt.Errorf("not refused yet: %w", err)
				}
				return nil
			})
			t.Log(refused)
			if refused.Why != c.why || len(f.Sets()) != c.sets {
				t.Errorf("refused as %s with %d replica sets, want %s with %d", refused.Why, len(f.Sets()), c.why, c.sets)
			}
			for _, says := range c.says {
				if !strings.Contains(refused.Error(), says) {
					t.Errorf("%q is not said", says)
				}
			}
			before, writes := f.Sizes(), len(wire.Writes())
			for range 3 {
				status, err := f.Reconcile(client, target)
				if !errors.As(err, &refused) || errors.Is(err, rollout.ErrConflict) {
					t.Errorf("%+v: %v, want the refusal again", status, err)
				}
			}
			if diff := cmp.Diff(before, f.Sizes()); diff != "" || len(wire.Writes()) != writes {
				t.Errorf("written: %v %s", wire.Writes()[writes:], diff)
			}
			gone()
			engine := rollout.Engine{Poll: 100 * time.Millisecond}
			if status, err := engine.Run(t.Context(), f.Workload(client, target), strategies.Rolling{}); err != nil {
				t.Errorf("%+v: %v", status, err)
			}
			within(o)
			if len(f.Sets()) != 2 {
				t.Errorf("%d replica sets, want 2", len(f.Sets()))
			}
		})
	}
}

// trialSet makes a ReplicaSet of the new version, as a dry run.
func trialSet(ctx context.Context, f *suite.Fixture) (*appsv1.ReplicaSet, error) {
	rs := suite.ReplicaSet("trial", newer, 0)
	rs.Spec.Template.Annotations = nil
	return f.Client.AppsV1().ReplicaSets(f.Namespace).Create(ctx, rs, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
}

func tryCreate(ctx context.Context, f *suite.Fixture) error {
	_, err := trialSet(ctx, f)
	return err
}

// tryShrink takes the last replica from the one ReplicaSet there is, or from either of two, as a dry run.
func tryShrink(ctx context.Context, f *suite.Fixture) error {
	name := largest(f).Name
	_, err := f.Client.AppsV1().ReplicaSets(f.Namespace).Patch(ctx, name, types.MergePatchType, []byte(`{"spec":{"replicas":0}}`),
		metav1.PatchOptions{DryRun: []string{metav1.DryRunAll}})
	return err
}

func largest(f *suite.Fixture) (found appsv1.ReplicaSet) {
	f.Helper()
	for i, rs := range f.Sets() {
		if i == 0 || *rs.Spec.Replicas > *found.Spec.Replicas {
			found = rs
		}
	}
	return found
}

// withoutRights takes away what was granted in the namespace, to whomever.
func withoutRights(f *suite.Fixture) (gone func()) {
	f.Helper()
	api := f.Client.RbacV1().RoleBindings(f.Namespace)
	list, err := api.List(f.Context(), metav1.ListOptions{})
	must(f, err)
	for _, b := range list.Items {
		must(f, api.Delete(f.Context(), b.Name, metav1.DeleteOptions{}))
	}
	allowed := func(yes bool) func(context.Context) error {
		return func(ctx context.Context) error {
			for _, b := range list.Items {
				config, err := suite.Cluster().ConfigFor("anybody", b.Subjects[0].Name)
				if err != nil {
					return err
				}
				err = mayRead(suite.NewClient(f.T, config), f.Namespace)(ctx)
				if (err == nil) != yes || err != nil && !apierrors.IsForbidden(err) {
					return fmt.Errorf("allowed: %v, want %v (%w)", err == nil, yes, err)
				}
			}
			return nil
		}
	}
	f.Eventually(20*time.Second, allowed(false))
	return func() {
		for _, b := range list.Items {
			b.ResourceVersion = ""
			_, err := api.Create(f.Context(), &b, metav1.CreateOptions{})
			must(f, err)
		}
		f.Eventually(20*time.Second, allowed(true))
	}
}

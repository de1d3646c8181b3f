package kube

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/gopawl/pawl/rollout"
)

// op is one operation of a JSON patch (RFC 6902).
type op struct {
	Op    string `json:"op"`
	Path  string `json:"path"`
	Value any    `json:"value,omitempty"`
}

// set is an operation that gives an annotation a value; remove takes it away.
func set(key, value string) op { return op{"add", annotationPath(key), value} }
func remove(key string) op     { return op{Op: "remove", Path: annotationPath(key)} }

func annotationPath(key string) string { return "/metadata/annotations/" + escaped(key) }

// escaped is a key as a part of a path (RFC 6901).
func escaped(key string) string { return strings.NewReplacer("~", "~0", "/", "~1").Replace(key) }

// patch changes a ReplicaSet if it is still the one that was observed, still the owner's, and still
// has the size that was observed. Fields that this version does not know are left alone.
func (w *Workload) patch(ctx context.Context, rs *appsv1.ReplicaSet, action string, changes []op) error {
	tests := []op{
		{"test", "/metadata/uid", rs.UID}, {"test", w.ownerPath(rs), w.target.Owner.UID},
		{"test", "/spec/replicas", size(rs)},
	}
	if rs.Annotations == nil {
		tests = append(tests, op{"test", "/metadata/annotations", json.RawMessage("null")}, op{"add", "/metadata/annotations", map[string]string{}})
	}
	data, err := json.Marshal(slices.Concat(tests, changes))
	if err != nil {
		return err
	}
	api := w.client.API.AppsV1().ReplicaSets(rs.Namespace)
	now, err := api.Patch(ctx, rs.Name, types.JSONPatchType, data, metav1.PatchOptions{FieldManager: w.client.manager()})
	if err != nil {
		return classify(ctx, action, w.refused(ctx, rs, err))
	}
	w.wrote(now)
	return nil
}

// wrote remembers what a write led to, for the next look and for the actions before it.
func (w *Workload) wrote(rs *appsv1.ReplicaSet) {
	w.client.fence.wrote(w.target.Owner.UID, rs)
	if w.seen != nil {
		w.seen[rs.Name] = rs
	}
}

// ownerPath is where a ReplicaSet says that it is the owner's.
func (w *Workload) ownerPath(rs *appsv1.ReplicaSet) string {
	at := slices.IndexFunc(rs.OwnerReferences, func(r metav1.OwnerReference) bool { return r.UID == w.target.Owner.UID })
	return fmt.Sprintf("/metadata/ownerReferences/%d/uid", at)
}

// refused tells a test that failed from a result that is not valid: the API server answers both
// with 422. It looks at the object once.
func (w *Workload) refused(ctx context.Context, rs *appsv1.ReplicaSet, err error) error {
	if !apierrors.IsInvalid(err) {
		return err
	}
	live, getErr := w.client.API.AppsV1().ReplicaSets(rs.Namespace).Get(ctx, rs.Name, metav1.GetOptions{})
	if getErr != nil {
		return getErr
	}
	if live.UID == rs.UID && w.ownerPath(live) == w.ownerPath(rs) && size(live) == size(rs) && (live.Annotations == nil) == (rs.Annotations == nil) && hasAnnotations(live, rs) {
		return err
	}
	return rollout.ErrConflict // the server's own sentence says nothing more
}

// hasAnnotations reports whether live still has every annotation that was observed, which a patch
// may be about to remove.
func hasAnnotations(live, observed *appsv1.ReplicaSet) bool {
	for k := range observed.Annotations {
		if _, ok := live.Annotations[k]; !ok {
			return false
		}
	}
	return true
}

// refresh is what brings the metadata of the new ReplicaSet up to date: the owner's annotations,
// the identity, and the time until a ready pod counts as available. Nil is nothing.
func (w *Workload) refresh(rs *appsv1.ReplicaSet) []op {
	var ops []op
	wanted := w.wantedAnnotations()
	for _, k := range slices.Sorted(maps.Keys(wanted)) {
		if v, ok := rs.Annotations[k]; !ok || v != wanted[k] {
			ops = append(ops, set(k, wanted[k]))
		}
	}
	copied := copiedKeys(wanted)
	was := rs.Annotations[w.keys.copied]
	for _, k := range slices.Compact(slices.Sorted(strings.SplitSeq(was, ","))) {
		_, has := rs.Annotations[k]
		if _, ok := wanted[k]; !ok && has && !w.keys.notCopied(k) {
			ops = append(ops, remove(k))
		}
	}
	if was != copied {
		ops = append(ops, set(w.keys.copied, copied))
	}
	if rs.Annotations[w.keys.template] != w.identity {
		ops = append(ops, set(w.keys.template, w.identity))
	}
	if rs.Spec.MinReadySeconds != w.target.MinReadySeconds {
		ops = append(ops, op{"add", "/spec/minReadySeconds", w.target.MinReadySeconds})
	}
	return ops
}

func copiedKeys(annotations map[string]string) string {
	return strings.Join(slices.Sorted(maps.Keys(annotations)), ",")
}

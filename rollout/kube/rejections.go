package kube

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/gopawl/pawl/rollout"
)

const (
	// rejectionsKept is how many rejections stay of templates that nothing has any more, so that one
	// which comes back is known.
	rejectionsKept = 10
	// whyLength is how many bytes of a reason are kept: an owner's annotations have to hold them all.
	whyLength = 1000
)

// EncodeRejections makes one annotation value of rejected templates; "" is none.
func EncodeRejections(rejected map[string]rollout.Rejection) (string, error) {
	if len(rejected) == 0 {
		return "", nil
	}
	data, err := json.Marshal(rejected)
	return string(data), err
}

// ParseRejections reads what EncodeRejections made. Its error is an [*rollout.InvalidError].
func ParseRejections(text string) (map[string]rollout.Rejection, error) {
	if text == "" {
		return nil, nil
	}
	var rejected map[string]rollout.Rejection
	if err := json.Unmarshal([]byte(text), &rejected); err != nil {
		return nil, &rollout.InvalidError{Path: "rejected", Value: fmt.Sprintf("%.100q", text), Allowed: "a JSON object of rejections by template: " + err.Error()}
	}
	return rejected, nil
}

// reject gives a template up, and hands all that were given up to Target.Reject.
func (w *Workload) reject(ctx context.Context, a rollout.Reject) error {
	rejected := maps.Clone(w.target.Rejected)
	if rejected == nil {
		rejected = map[string]rollout.Rejection{}
	}
	rejected[a.Template] = rollout.Rejection{Why: clipped(a.Why), BackTo: a.BackTo, At: time.Now().UTC()}
	rejected = worthKeeping(rejected, w.templates())
	if err := w.target.Reject(ctx, rejected); err != nil {
		if apierrors.IsConflict(err) {
			return fmt.Errorf("reject %s: %w: %w", a.Template, rollout.ErrConflict, err)
		}
		return Transient(err)
	}
	w.target.Rejected = rejected
	return nil
}

// templates are the identities of the wanted template and of those that revisions have.
func (w *Workload) templates() map[string]bool {
	found := map[string]bool{w.identity: true}
	for _, rs := range w.seen {
		found[w.identityOf(rs)] = true
	}
	return found
}

// worthKeeping are the rejections of templates that exist, and the latest others.
func worthKeeping(rejected map[string]rollout.Rejection, exist map[string]bool) map[string]rollout.Rejection {
	others := slices.DeleteFunc(slices.Collect(maps.Keys(rejected)), func(t string) bool { return exist[t] })
	slices.SortFunc(others, func(a, b string) int {
		return cmp.Or(rejected[b].At.Compare(rejected[a].At), strings.Compare(a, b))
	})
	kept := maps.Clone(rejected)
	for _, template := range others[min(len(others), rejectionsKept):] {
		delete(kept, template)
	}
	return kept
}

// clipped is a reason of a length that can be kept.
func clipped(why string) string {
	if len(why) <= whyLength {
		return why
	}
	return strings.ToValidUTF8(why[:whyLength], "") + "…"
}

package kube

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/gopawl/pawl/hashing"
	"github.com/gopawl/pawl/rollout"
)

// A template that carries no stamp of the wanted identity may still be the wanted one: the
// template came back from the cluster with its defaults filled in, or the ReplicaSet was made by
// somebody else. Then the API server is asked to default the wanted template (a dry-run create)
// and the results are compared exactly.

// alias returns the uid of the ReplicaSet whose template equals the wanted one though its stamp
// does not say so; the oldest wins. It asks the API server only where no stamp matches, and
// remembers the answer.
func (w *Workload) alias(ctx context.Context, sets []*appsv1.ReplicaSet) (types.UID, error) {
	stamped := func(rs *appsv1.ReplicaSet) bool { return rs.Annotations[w.keys.template] == w.identity }
	if len(sets) == 0 || slices.ContainsFunc(sets, stamped) {
		return "", nil
	}
	question := aliasQuestion{w.identity, uids(sets)}
	if known, ok := w.client.aliases.Load(w.target.Owner.UID); ok && known.(aliasAnswer).aliasQuestion == question {
		return known.(aliasAnswer).uid, nil
	}
	uid, err := w.compare(ctx, sets)
	var refused *RefusedError
	if errors.As(err, &refused) {
		return "", nil // creating it will say why, if it comes to that
	}
	if err == nil {
		w.client.aliases.Store(w.target.Owner.UID, aliasAnswer{question, uid})
	}
	return uid, err
}

// aliasQuestion is which of some ReplicaSets has a template. Its answer holds as long as it is the
// same.
type aliasQuestion struct{ identity, among string }

type aliasAnswer struct {
	aliasQuestion
	uid types.UID // "" is none
}

func uids(sets []*appsv1.ReplicaSet) string {
	all := make([]string, len(sets))
	for i, rs := range sets {
		all[i] = string(rs.UID)
	}
	slices.Sort(all)
	return strings.Join(all, ",")
}

// compare looks for a ReplicaSet whose stored template is what the API server would store for the
// wanted one. Both come as JSON from the same server, so they are compared by the identities of
// their JSON forms: every field counts, known here or not, and quantities count by value.
func (w *Workload) compare(ctx context.Context, sets []*appsv1.ReplicaSet) (types.UID, error) {
	wanted, err := w.defaulted(ctx)
	if apierrors.IsBadRequest(err) || apierrors.IsNotFound(err) {
		return "", nil // an admission webhook that cannot dry-run, no such namespace: nothing can be told
	}
	if err != nil {
		return "", classify(ctx, "dry-run create of a replica set", err)
	}
	byAge := slices.SortedFunc(slices.Values(sets), func(a, b *appsv1.ReplicaSet) int {
		if c := a.CreationTimestamp.Compare(b.CreationTimestamp.Time); c != 0 {
			return c
		}
		return strings.Compare(a.Name, b.Name)
	})
	for _, rs := range byAge {
		id, err := w.storedIdentity(ctx, rs)
		switch {
		case apierrors.IsNotFound(err): // the cache lags
		case err != nil:
			return "", classify(ctx, fmt.Sprintf("read replica set %q", rs.Name), err)
		case id == wanted:
			return rs.UID, nil
		}
	}
	return "", nil
}

// defaulted is the identity of the wanted template as the API server would store it.
func (w *Workload) defaulted(ctx context.Context) (string, error) {
	body := w.body("", hashing.Label(w.identity, 0), 0, rollout.Basis{})
	meta := body["metadata"].(map[string]any)
	delete(meta, "name")
	meta["generateName"] = "pawl-dry-run-"
	data, err := json.Marshal(body)
	if err != nil {
		return "", err
	}
	raw, err := w.post(data).Param("dryRun", metav1.DryRunAll).Do(ctx).Raw()
	if err != nil {
		return "", err
	}
	return templateIdentity(raw)
}

// storedIdentity reads a ReplicaSet live, as JSON.
func (w *Workload) storedIdentity(ctx context.Context, rs *appsv1.ReplicaSet) (string, error) {
	raw, err := w.raw(ctx, rs.Name)
	if err != nil {
		return "", err
	}
	return templateIdentity(raw)
}

// raw is a ReplicaSet as the API server sends it.
func (w *Workload) raw(ctx context.Context, name string) ([]byte, error) {
	return w.client.API.AppsV1().RESTClient().Get().
		Namespace(w.target.Owner.Namespace).Resource("replicasets").Name(name).
		SetHeader("Accept", "application/json").Do(ctx).Raw()
}

func templateIdentity(replicaSet []byte) (string, error) {
	template, err := templateOf(replicaSet)
	if err != nil {
		return "", err
	}
	return hashing.Template(template)
}

func templateOf(replicaSet []byte) (map[string]any, error) {
	var rs struct {
		Spec struct {
			Template map[string]any `json:"template"`
		} `json:"spec"`
	}
	err := decode(replicaSet, &rs)
	return rs.Spec.Template, err
}

package app

import (
	"context"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/util/retry"

	"github.com/gopawl/pawl/examples/pawl/internal/manifest"
	"github.com/gopawl/pawl/rollout/kube"
)

// Replace makes a manifest all that is wanted of an app: what it does not say goes, whoever said
// it. It counts as applied, so that a later [Store.Apply] compares with it. There being no such app
// is a NotFound error, as in [Store.Load].
func (s Store) Replace(ctx context.Context, deployment *unstructured.Unstructured, dryRun bool) (*Record, error) {
	asked := manifest.AppsV1(deployment)
	var record *Record
	err := retry.RetryOnConflict(retry.DefaultRetry, func() error {
		was, err := s.Load(ctx, asked.GetName())
		if err != nil {
			return err
		}
		record, err = s.write(ctx, was, asked, written(deployment), dryRun)
		return err
	})
	return record, err
}

// ReplaceObject puts an object of a manifest in the place of the one that is there. It counts as
// applied as well.
func ReplaceObject(ctx context.Context, client dynamic.Interface, asked *unstructured.Unstructured, dryRun bool) (*unstructured.Unstructured, error) {
	api, _, err := resourceOf(client, asked)
	if err != nil {
		return nil, err
	}
	if asked, err = remembering(asked); err != nil {
		return nil, err
	}
	var now *unstructured.Unstructured
	err = retry.RetryOnConflict(retry.DefaultRetry, func() error {
		live, err := api.Get(ctx, asked.GetName(), metav1.GetOptions{})
		if err != nil {
			return err
		}
		next := asked.DeepCopy()
		next.SetResourceVersion(live.GetResourceVersion())
		now, err = api.Update(ctx, next, metav1.UpdateOptions{DryRun: dry(dryRun), FieldManager: kube.DefaultFieldManager})
		return err
	})
	return now, err
}

package app

import (
	"context"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"
)

// DeletingError says that an app is on its way out: nothing is wanted of it any more.
type DeletingError struct{ App string }

// Error names the app.
func (e *DeletingError) Error() string { return fmt.Sprintf("deployment %q is being deleted", e.App) }

// Deletion is one that was asked for.
type Deletion struct {
	uid types.UID
	get func(context.Context) (metav1.Object, error)
}

// Delete asks for the deletion of an app. The policy says what becomes of its ReplicaSets and pods:
// with Orphan they go on without an owner, and the next app whose selector matches takes them over.
// An app of which the record is damaged can be deleted too.
func (s Store) Delete(ctx context.Context, app string, policy metav1.DeletionPropagation, dryRun bool) (Deletion, error) {
	cm, err := s.find(ctx, app)
	if err != nil {
		return Deletion{}, err
	}
	api := s.API.CoreV1().ConfigMaps(s.Namespace)
	err = api.Delete(ctx, cm.Name, deletion(cm.UID, policy, dryRun))
	if apierrors.IsNotFound(err) {
		return Deletion{}, apierrors.NewNotFound(resource, app)
	}
	if err == nil && policy == metav1.DeletePropagationOrphan && !dryRun {
		err = s.deleteLease(ctx, app) // nobody would own it
	}
	return Deletion{cm.UID, func(ctx context.Context) (metav1.Object, error) {
		return api.Get(ctx, cm.Name, metav1.GetOptions{})
	}}, err
}

func (s Store) deleteLease(ctx context.Context, app string) error {
	err := s.API.CoordinationV1().Leases(s.Namespace).Delete(ctx, ConfigMapName(app), metav1.DeleteOptions{})
	if apierrors.IsNotFound(err) {
		return nil
	}
	return err
}

// DeleteObject asks for the deletion of an object of a manifest.
func DeleteObject(ctx context.Context, client dynamic.Interface, asked *unstructured.Unstructured, policy metav1.DeletionPropagation, dryRun bool) (Deletion, error) {
	api, _, err := resourceOf(client, asked)
	if err != nil {
		return Deletion{}, err
	}
	live, err := api.Get(ctx, asked.GetName(), metav1.GetOptions{})
	if err != nil {
		return Deletion{}, err
	}
	err = api.Delete(ctx, asked.GetName(), deletion(live.GetUID(), policy, dryRun))
	return Deletion{live.GetUID(), func(ctx context.Context) (metav1.Object, error) {
		return api.Get(ctx, asked.GetName(), metav1.GetOptions{})
	}}, err
}

func deletion(uid types.UID, policy metav1.DeletionPropagation, dryRun bool) metav1.DeleteOptions {
	return metav1.DeleteOptions{
		Preconditions: &metav1.Preconditions{UID: &uid}, PropagationPolicy: &policy, DryRun: dry(dryRun),
	}
}

// Wait waits until the object is gone: at once after a deletion in the background, and when
// everything that belongs to it is gone or released after another one.
func (d Deletion) Wait(ctx context.Context) error {
	for {
		live, err := d.get(ctx)
		switch {
		case apierrors.IsNotFound(err), err == nil && live.GetUID() != d.uid:
			return nil
		case err != nil:
			return err
		}
		if err := pause(ctx, deletionPoll); err != nil {
			return err
		}
	}
}

// deletionPoll is how often one that waits for a deletion looks.
const deletionPoll = 200 * time.Millisecond

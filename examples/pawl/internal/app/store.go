package app

import (
	"context"
	"encoding/json"
	"errors"
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/util/retry"

	"github.com/gopawl/pawl/examples/pawl/internal/manifest"
	"github.com/gopawl/pawl/rollout/kube"
)

// Store keeps the records of a namespace.
type Store struct {
	API       kubernetes.Interface
	Namespace string
	// Identity is who holds the Leases, in the words of [Store.Exclusive]; "" is this process,
	// user@host/pid.
	Identity string
}

// Outcome is what became of an object, in kubectl's words.
type Outcome string

// The outcomes of an apply.
const (
	Created    Outcome = "created"
	Configured Outcome = "configured"
	Unchanged  Outcome = "unchanged"
)

// Load reads an app. It is a NotFound error for the Deployment of that name if there is none.
func (s Store) Load(ctx context.Context, app string) (*Record, error) {
	cm, err := s.find(ctx, app)
	if err != nil {
		return nil, err
	}
	return read(cm)
}

// Names are those of the apps in the namespace, in lexical order.
func (s Store) Names(ctx context.Context) ([]string, error) {
	list, err := s.API.CoreV1().ConfigMaps(s.Namespace).List(ctx, metav1.ListOptions{LabelSelector: Label})
	if err != nil {
		return nil, err
	}
	var names []string
	for _, cm := range list.Items {
		names = append(names, cm.Labels[Label])
	}
	slices.Sort(names)
	return names, nil
}

func (s Store) find(ctx context.Context, app string) (*corev1.ConfigMap, error) {
	cm, err := s.API.CoreV1().ConfigMaps(s.Namespace).Get(ctx, ConfigMapName(app), metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err):
		return nil, apierrors.NewNotFound(resource, app)
	case err != nil:
		return nil, err
	case cm.Labels[Label] == "":
		return nil, &ForeignError{cm.Namespace, cm.Name}
	}
	return cm, nil
}

// Apply brings what is wanted to a manifest, three-way: what the manifest says holds, what it no
// longer says goes, and what it never said (replicas, say) stays.
func (s Store) Apply(ctx context.Context, deployment *unstructured.Unstructured, dryRun bool) (*Record, Outcome, error) {
	asked := written(deployment)
	var record *Record
	outcome := Configured
	err := retry.RetryOnConflict(retry.DefaultRetry, func() error {
		was, err := s.Load(ctx, asked.GetName())
		if apierrors.IsNotFound(err) {
			outcome = Created
			record, err = s.create(ctx, deployment, dryRun)
			if apierrors.IsAlreadyExists(err) {
				return apierrors.NewConflict(resource, asked.GetName(), err)
			}
			return err
		}
		if err != nil {
			return err
		}
		wanted, err := threeWay(was.applied, asked, was.Manifest, appsv1.Deployment{})
		if err != nil {
			return err
		}
		wanted.SetAPIVersion(deployment.GetAPIVersion()) // what is gone has the default of its version
		wanted = manifest.AppsV1(wanted)
		if err := causeOfApplied(was.Manifest, asked, wanted); err != nil {
			return err
		}
		changed := !same(wanted, was.Manifest)
		if outcome = Configured; !changed && same(asked, was.applied) {
			outcome = Unchanged
		}
		record, err = s.write(ctx, was, wanted, asked, dryRun)
		return err
	})
	return record, outcome, err
}

// written is what a manifest says, without the defaults of what it does not: these are nobody's wish,
// and give way to what others want.
func written(deployment *unstructured.Unstructured) *unstructured.Unstructured {
	u := deployment.DeepCopy()
	u.SetAPIVersion(appsv1.SchemeGroupVersion.String())
	return u
}

func (s Store) create(ctx context.Context, deployment *unstructured.Unstructured, dryRun bool) (*Record, error) {
	cm, err := s.first(deployment)
	if err != nil {
		return nil, err
	}
	cm, err = s.API.CoreV1().ConfigMaps(s.Namespace).Create(ctx, cm,
		metav1.CreateOptions{DryRun: dry(dryRun), FieldManager: kube.DefaultFieldManager})
	if err != nil {
		return nil, err
	}
	return read(cm)
}

// Proposed is the record of an app that is nowhere yet, nor need its namespace be.
func (s Store) Proposed(deployment *unstructured.Unstructured) (*Record, error) {
	cm, err := s.first(deployment)
	if err != nil {
		return nil, err
	}
	return read(cm)
}

// first is the ConfigMap of a new app.
func (s Store) first(deployment *unstructured.Unstructured) (*corev1.ConfigMap, error) {
	content, err := data(manifest.AppsV1(deployment), written(deployment), 1)
	return &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: s.Namespace, Name: ConfigMapName(deployment.GetName()), Labels: map[string]string{Label: deployment.GetName()},
		},
		Data: content,
	}, err
}

// Change edits what is wanted of an app. The edit may be called again when somebody else was
// faster; its error ends the change with nothing written. Another template loses the change-cause of
// the one before, unless the edit gives another cause as well.
func (s Store) Change(ctx context.Context, app string, dryRun bool, edit func(*Record, *unstructured.Unstructured) error) (*Record, error) {
	return s.change(ctx, app, dryRun, func(r *Record, wanted *unstructured.Unstructured) error {
		if err := edit(r, wanted); err != nil {
			return err
		}
		causeOfChange(r.Manifest, wanted)
		return nil
	})
}

// change is Change with whatever cause the edit leaves.
func (s Store) change(ctx context.Context, app string, dryRun bool, edit func(*Record, *unstructured.Unstructured) error) (*Record, error) {
	var record *Record
	err := retry.RetryOnConflict(retry.DefaultRetry, func() error {
		was, err := s.Load(ctx, app)
		if err != nil {
			return err
		}
		wanted := was.Manifest.DeepCopy()
		if err := edit(was, wanted); err != nil {
			return err
		}
		record, err = s.write(ctx, was, wanted, was.applied, dryRun)
		return err
	})
	return record, err
}

// write puts a changed manifest in the place of the one that was read. The counter makes it
// conditional; the status beside it may change meanwhile.
func (s Store) write(ctx context.Context, was *Record, wanted, applied *unstructured.Unstructured, dryRun bool) (*Record, error) {
	if was.Deleting() {
		return nil, &DeletingError{was.Name()}
	}
	spec, errs := manifest.Deployment(wanted)
	errs = append(errs, renamed(was.Manifest, wanted)...)
	if len(errs) == 0 && !apiequality.Semantic.DeepEqual(spec.Selector, was.Spec.Selector) {
		errs = append(errs, field.Invalid(field.NewPath("spec", "selector"), spec.Selector, "field is immutable"))
	}
	if len(errs) > 0 {
		return nil, &InvalidError{was.Name(), errs}
	}
	generation := was.Generation
	if !same(wanted, was.Manifest) {
		generation++
	} else if same(applied, was.applied) {
		return was, nil
	}
	content, err := data(wanted, applied, generation)
	if err != nil {
		return nil, err
	}
	patch := []map[string]any{{"op": "test", "path": "/metadata/uid", "value": was.configMap.UID}}
	for _, key := range []string{generationKey, manifestKey, appliedKey} {
		patch = append(patch, map[string]any{"op": "test", "path": "/data/" + key, "value": was.configMap.Data[key]})
	}
	for key, value := range content {
		patch = append(patch, map[string]any{"op": "add", "path": "/data/" + key, "value": value})
	}
	body, err := json.Marshal(patch)
	if err != nil {
		return nil, err
	}
	cm, err := s.API.CoreV1().ConfigMaps(s.Namespace).Patch(ctx, was.configMap.Name, types.JSONPatchType, body,
		metav1.PatchOptions{DryRun: dry(dryRun), FieldManager: kube.DefaultFieldManager})
	if apierrors.IsInvalid(err) {
		return nil, s.lost(ctx, was, err)
	}
	if err != nil {
		return nil, err
	}
	return read(cm)
}

// lost tells a write that somebody else overtook from one that is not valid.
func (s Store) lost(ctx context.Context, was *Record, err error) error {
	live, getErr := s.API.CoreV1().ConfigMaps(s.Namespace).Get(ctx, was.configMap.Name, metav1.GetOptions{})
	if getErr != nil {
		return errors.Join(err, getErr)
	}
	if live.UID == was.configMap.UID && live.Data[generationKey] == was.configMap.Data[generationKey] && live.Data[appliedKey] == was.configMap.Data[appliedKey] {
		return err
	}
	return apierrors.NewConflict(resource, was.Name(), err)
}

// SaveStatus keeps the outcome of a look.
func (s Store) SaveStatus(ctx context.Context, r *Record, st Status) error {
	text, err := json.Marshal(st)
	if err != nil {
		return err
	}
	patch, err := json.Marshal(map[string]any{
		"metadata": map[string]any{"uid": r.configMap.UID},
		"data":     map[string]any{statusKey: string(text)},
	})
	if err != nil {
		return err
	}
	_, err = s.API.CoreV1().ConfigMaps(s.Namespace).Patch(ctx, r.configMap.Name, types.MergePatchType, patch,
		metav1.PatchOptions{FieldManager: kube.DefaultFieldManager})
	if apierrors.IsInvalid(err) { // so it is where the uid is another one by now
		return s.lost(ctx, r, err)
	}
	return err
}

func dry(yes bool) []string {
	if yes {
		return []string{metav1.DryRunAll}
	}
	return nil
}

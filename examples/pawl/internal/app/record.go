package app

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	utiljson "k8s.io/apimachinery/pkg/util/json"

	"github.com/gopawl/pawl/examples/pawl/internal/manifest"
	"github.com/gopawl/pawl/rollout"
)

// Label marks the ConfigMaps that are ours; its value is the app's name.
const Label = "gopawl.github.io/app"

// Keys of the ConfigMap's data.
const (
	manifestKey   = "manifest"   // what is wanted: an apps/v1 Deployment, as JSON
	appliedKey    = "applied"    // the same as it was applied last
	generationKey = "generation" // goes up with every change of what is wanted
	statusKey     = "status"     // the outcome of the last look
)

var configMapKind = corev1.SchemeGroupVersion.WithKind("ConfigMap")

// resource is what errors call an app: it has the shape and the texts of a Deployment.
var resource = schema.GroupResource{Group: "apps", Resource: "deployments"}

// ConfigMapName is the name of an app's ConfigMap and of its Lease.
func ConfigMapName(app string) string { return "pawl." + app }

// Record is one app as the cluster has it.
type Record struct {
	// Manifest is what is wanted, in the shape of an apps/v1 Deployment.
	Manifest *unstructured.Unstructured
	// Spec are its settings.
	Spec manifest.Spec
	// Generation counts the changes of what is wanted.
	Generation int64
	// Status is the outcome of the last look; Observed is the Generation that it is of, and
	// Number the highest revision seen.
	Status

	applied   *unstructured.Unstructured
	configMap *corev1.ConfigMap
}

// Status is what is kept of the last look.
type Status struct {
	Observed int64          `json:"observedGeneration"`
	Number   int64          `json:"revision"`
	Rollout  rollout.Status `json:"rollout"`
}

// Name is the app's.
func (r *Record) Name() string { return r.Manifest.GetName() }

// GivenUp reports whether the last who drove the rollout that is wanted now has given it up.
func (r *Record) GivenUp() bool {
	return r.Rollout.Phase == rollout.Failed && r.Observed == r.Generation
}

// Deleting reports whether the app is on its way out.
func (r *Record) Deleting() bool { return r.configMap.DeletionTimestamp != nil }

// Created is when the app came to be.
func (r *Record) Created() time.Time { return r.configMap.CreationTimestamp.Time }

// Replicas is how many are wanted; 1 where nothing says.
func (r *Record) Replicas() int32 {
	if r.Spec.Replicas == nil {
		return 1
	}
	return *r.Spec.Replicas
}

// ForeignError says that a ConfigMap of an app's name is not one of ours.
type ForeignError struct{ Namespace, Name string }

// Error names the ConfigMap and what is missing.
func (e *ForeignError) Error() string {
	return fmt.Sprintf("configmap %q in namespace %q does not have the label %s: it was not made by pawl and is left alone", e.Name, e.Namespace, Label)
}

// DamagedError says that a ConfigMap of ours cannot be read.
type DamagedError struct {
	Name, Key string
	Err       error
}

// Error names the ConfigMap, the key and what is wrong with it.
func (e *DamagedError) Error() string {
	return fmt.Sprintf("configmap %q: data[%s]: %v", e.Name, e.Key, e.Err)
}

// Unwrap returns the cause.
func (e *DamagedError) Unwrap() error { return e.Err }

// read makes a record of a ConfigMap.
func read(cm *corev1.ConfigMap) (*Record, error) {
	r := &Record{configMap: cm}
	var err error
	if r.Manifest, err = parse(cm.Data[manifestKey]); err != nil {
		return nil, &DamagedError{cm.Name, manifestKey, err}
	}
	if r.applied, err = parse(cm.Data[appliedKey]); err != nil {
		return nil, &DamagedError{cm.Name, appliedKey, err}
	}
	spec, errs := manifest.Deployment(r.Manifest)
	if len(errs) > 0 {
		return nil, &DamagedError{cm.Name, manifestKey, errs.ToAggregate()}
	}
	r.Spec = spec
	if r.Generation, err = strconv.ParseInt(cm.Data[generationKey], 10, 64); err != nil {
		return nil, &DamagedError{cm.Name, generationKey, err}
	}
	// A status that cannot be read is lost, and that costs time only.
	_ = json.Unmarshal([]byte(cm.Data[statusKey]), &r.Status)
	return r, nil
}

func parse(text string) (*unstructured.Unstructured, error) {
	u := &unstructured.Unstructured{}
	err := utiljson.Unmarshal([]byte(text), &u.Object)
	if err == nil && u.Object == nil {
		err = errors.New("is not an object")
	}
	return u, err
}

// data is the part of the ConfigMap that says what is wanted.
func data(wanted, applied *unstructured.Unstructured, generation int64) (map[string]string, error) {
	w, err := json.Marshal(wanted.Object)
	if err != nil {
		return nil, err
	}
	a, err := json.Marshal(applied.Object)
	if err != nil {
		return nil, err
	}
	return map[string]string{
		manifestKey: string(w), appliedKey: string(a), generationKey: strconv.FormatInt(generation, 10),
	}, nil
}

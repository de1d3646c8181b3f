package kube

import (
	"errors"

	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/gopawl/pawl/rollout"
)

// Amounts are those of a Deployment's rolling update, or of a custom resource that has its fields;
// what is nil is unset. The error joins an [*rollout.InvalidError] for each that is none, at its place
// below path.
func Amounts(path string, r *appsv1.RollingUpdateDeployment) (maxSurge, maxUnavailable rollout.Amount, err error) {
	if r == nil {
		return rollout.Amount{}, rollout.Amount{}, nil
	}
	maxSurge, errSurge := amount(path+".maxSurge", r.MaxSurge)
	maxUnavailable, errUnavailable := amount(path+".maxUnavailable", r.MaxUnavailable)
	return maxSurge, maxUnavailable, errors.Join(errSurge, errUnavailable)
}

func amount(path string, given *intstr.IntOrString) (rollout.Amount, error) {
	if given == nil {
		return rollout.Amount{}, nil
	}
	read, err := rollout.ParseAmount(given.String())
	var invalid *rollout.InvalidError
	if errors.As(err, &invalid) {
		invalid.Path = path
	}
	return read, err
}

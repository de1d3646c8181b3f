package manifest

import (
	"math"
	"strconv"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// checkStrategy has the rules and the wording of ValidateDeploymentStrategy.
func checkStrategy(s *appsv1.DeploymentStrategy, path *field.Path) field.ErrorList {
	switch s.Type {
	case appsv1.RecreateDeploymentStrategyType:
		if s.RollingUpdate != nil {
			return field.ErrorList{field.Forbidden(path.Child("rollingUpdate"),
				"may not be specified when strategy `type` is 'Recreate'")}
		}
		return nil
	case appsv1.RollingUpdateDeploymentStrategyType:
		return checkRolling(s.RollingUpdate, path.Child("rollingUpdate"))
	default:
		return field.ErrorList{field.NotSupported(path.Child("type"), s.Type, []appsv1.DeploymentStrategyType{
			appsv1.RecreateDeploymentStrategyType, appsv1.RollingUpdateDeploymentStrategyType,
		})}
	}
}

// checkRolling wants both amounts defaulted.
func checkRolling(r *appsv1.RollingUpdateDeployment, path *field.Path) field.ErrorList {
	if r == nil {
		return nil
	}
	surge, unavailable := path.Child("maxSurge"), path.Child("maxUnavailable")
	errs := append(checkAmount(r.MaxUnavailable, unavailable), checkAmount(r.MaxSurge, surge)...)
	if len(errs) > 0 {
		return errs
	}
	if number(r.MaxUnavailable) == 0 && number(r.MaxSurge) == 0 {
		errs = append(errs, field.Invalid(unavailable, r.MaxUnavailable, "may not be 0 when `maxSurge` is 0"))
	}
	if r.MaxUnavailable.Type == intstr.String && number(r.MaxUnavailable) > 100 {
		errs = append(errs, field.Invalid(unavailable, r.MaxUnavailable, "must not be greater than 100%"))
	}
	return errs
}

func checkAmount(amount *intstr.IntOrString, path *field.Path) field.ErrorList {
	if amount.Type == intstr.Int {
		return apivalidation.ValidateNonnegativeField(int64(amount.IntVal), path)
	}
	var errs field.ErrorList
	for _, msg := range validation.IsValidPercent(amount.StrVal) {
		errs = append(errs, field.Invalid(path, amount, msg))
	}
	if len(errs) == 0 && number(amount) < 0 {
		errs = append(errs, field.Invalid(path, amount, "must not be greater than "+strconv.Itoa(math.MaxInt32)+"%"))
	}
	return errs
}

// number is the count or the percentage; -1 for none that fits 32 bits.
func number(amount *intstr.IntOrString) int32 {
	if amount.Type == intstr.Int {
		return amount.IntVal
	}
	n, err := strconv.ParseInt(strings.TrimSuffix(amount.StrVal, "%"), 10, 32)
	if err != nil {
		return -1
	}
	return int32(n)
}

package kube_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/gopawl/pawl/rollout"
	"github.com/gopawl/pawl/rollout/kube"
)

func TestAmounts(t *testing.T) {
	amount := func(text string) *intstr.IntOrString {
		if text == "" {
			return nil
		}
		v := intstr.Parse(text)
		return &v
	}
	for _, c := range []struct{ surge, unavailable, err string }{
		{},
		{surge: "0", unavailable: "30%"},
		{surge: "3"},
		{surge: "-1", err: `update.maxSurge: invalid value "-1": must be a number of 0 or more, or a percentage such as "25%"`},
		{unavailable: "half", err: `update.maxUnavailable: invalid value "half": must be a number of 0 or more, or a percentage such as "25%"`},
		{surge: "x", unavailable: "y%", err: `update.maxSurge: invalid value "x": must be a number of 0 or more, or a percentage such as "25%"
update.maxUnavailable: invalid value "y%": must be a number of 0 or more, or a percentage such as "25%"`},
	} {
		surge, unavailable, err := kube.Amounts("update", &appsv1.RollingUpdateDeployment{MaxSurge: amount(c.surge), MaxUnavailable: amount(c.unavailable)})
		text := ""
		if err != nil {
			text = err.Error()
		}
		if d := cmp.Diff(c.err, text); d != "" {
			t.Errorf("%q, %q: error, -want +got:\n%s", c.surge, c.unavailable, d)
		}
		if err == nil && (surge.String() != c.surge || unavailable.String() != c.unavailable) {
			t.Errorf("%q, %q became %q, %q", c.surge, c.unavailable, surge, unavailable)
		}
	}
	if surge, unavailable, err := kube.Amounts("update", nil); err != nil || surge != (rollout.Amount{}) || unavailable != (rollout.Amount{}) {
		t.Errorf("nothing given: %v, %v, %v; want nothing set", surge, unavailable, err)
	}
}

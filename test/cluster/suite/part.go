package suite

import (
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
)

// BoundsOf are the extremes of what a label selector selects, one of several workloads in a namespace,
// say. It is called after Bounds.
func (o *Observer) BoundsOf(selector string) Bounds {
	o.Helper()
	selects, err := labels.Parse(selector)
	if err != nil {
		o.Fatal(err)
	}
	other := func(object metav1.Object) bool { return !selects.Matches(labels.Set(object.GetLabels())) }
	part := Observer{
		start:  slices.DeleteFunc(slices.Clone(o.start), other),
		events: slices.DeleteFunc(slices.Clone(o.events), func(c change) bool { return other(c.object) }),
	}
	bounds, _ := part.replay()
	return bounds
}

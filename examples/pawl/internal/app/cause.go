package app

import (
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/gopawl/pawl/hashing"
	"github.com/gopawl/pawl/rollout/kube"
)

// The change-cause says why a revision came to be. So it stays with its template: a change that
// makes another template brings a cause of its own or has none, and does not inherit the one before
// (kubernetes #111732); a change that leaves the template as it is leaves the cause as well.

var causePath = []string{"metadata", "annotations", kube.ChangeCauseKey}

func causeOf(u *unstructured.Unstructured) (cause string, given bool) {
	cause, given, _ = unstructured.NestedString(u.Object, causePath...) // what is no text is refused later
	return cause, given
}

// causeOfApplied is for a manifest that was merged into what was wanted: where it brings no cause,
// there is the one of the template or none.
func causeOfApplied(was, asked, wanted *unstructured.Unstructured) error {
	if _, own := causeOf(asked); own {
		return nil
	}
	if cause, had := causeOf(was); had && sameTemplate(was, wanted) {
		return unstructured.SetNestedField(wanted.Object, cause, causePath...)
	}
	removeCause(wanted)
	return nil
}

// causeOfChange is for what was edited: the cause that stands there still is not that of another
// template.
func causeOfChange(was, wanted *unstructured.Unstructured) {
	before, had := causeOf(was)
	if now, has := causeOf(wanted); had && has && now == before && !sameTemplate(was, wanted) {
		removeCause(wanted)
	}
}

func removeCause(u *unstructured.Unstructured) {
	if _, given := causeOf(u); !given {
		return
	}
	unstructured.RemoveNestedField(u.Object, causePath...)
	if left, _, _ := unstructured.NestedMap(u.Object, causePath[:2]...); len(left) == 0 {
		unstructured.RemoveNestedField(u.Object, causePath[:2]...)
	}
}

// sameTemplate reports whether two manifests ask for one revision. A template that cannot be read is
// no revision's: it is refused when it is to be written.
func sameTemplate(a, b *unstructured.Unstructured) bool {
	x, xErr := templateOf(a)
	y, yErr := templateOf(b)
	return xErr == nil && yErr == nil && x == y
}

func templateOf(u *unstructured.Unstructured) (string, error) {
	template, _, err := unstructured.NestedMap(u.Object, "spec", "template")
	if err != nil {
		return "", err
	}
	return hashing.Template(template)
}

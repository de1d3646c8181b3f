package cli

import (
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// mask takes the values out of two forms of a Secret, so that only shows which of them differ, as
// in kubectl diff. Either may be nil.
func mask(before, after *unstructured.Unstructured) {
	from, to := secrets(before), secrets(after)
	for key, value := range from {
		other, both := to[key]
		switch {
		case both && other != value:
			from[key], to[key] = "*** (before)", "*** (after)"
		case both:
			from[key], to[key] = "***", "***"
		default:
			from[key] = "***"
		}
	}
	for key := range to {
		if _, both := from[key]; !both {
			to[key] = "***"
		}
	}
}

// secrets are the data of a Secret.
func secrets(u *unstructured.Unstructured) map[string]any {
	if u == nil {
		return nil
	}
	data, _ := u.Object["data"].(map[string]any)
	return data
}

package view

import (
	"strings"

	corev1 "k8s.io/api/core/v1"
)

func (d *description) environmentFrom(sources []corev1.EnvFromSource) {
	if len(sources) > 0 {
		d.line(2, "Environment Variables from:")
	}
	for _, s := range sources {
		kind, name, optional := "", "", false
		switch {
		case s.ConfigMapRef != nil:
			kind, name, optional = "ConfigMap", s.ConfigMapRef.Name, yes(s.ConfigMapRef.Optional)
		case s.SecretRef != nil:
			kind, name, optional = "Secret", s.SecretRef.Name, yes(s.SecretRef.Optional)
		}
		if s.Prefix != "" {
			kind += " with prefix '" + s.Prefix + "'"
		}
		d.line(3, "%s\t%s\tOptional: %t", name, kind, optional)
	}
}

func yes(b *bool) bool { return b != nil && *b }

func (d *description) environment(all []corev1.EnvVar) {
	if len(all) == 0 {
		d.line(2, "Environment:\t<none>")
		return
	}
	d.line(2, "Environment:")
	for _, e := range all {
		if e.ValueFrom != nil {
			d.reference(e.Name, e.ValueFrom)
			continue
		}
		title := e.Name + ":"
		for s := range strings.SplitSeq(e.Value, "\n") {
			d.line(3, "%s\t%s", title, s)
			title = ""
		}
	}
}

// reference is a variable whose value is known only in a pod.
func (d *description) reference(name string, from *corev1.EnvVarSource) {
	switch {
	case from.FieldRef != nil:
		d.line(3, "%s:\t (%s:%s)", name, from.FieldRef.APIVersion, from.FieldRef.FieldPath)
	case from.ResourceFieldRef != nil:
		d.line(3, "%s:\t (%s)", name, from.ResourceFieldRef.Resource)
	case from.SecretKeyRef != nil:
		r := from.SecretKeyRef
		d.line(3, "%s:\t<set to the key '%s' in secret '%s'>\tOptional: %t", name, r.Key, r.Name, yes(r.Optional))
	case from.ConfigMapKeyRef != nil:
		r := from.ConfigMapKeyRef
		d.line(3, "%s:\t<set to the key '%s' of config map '%s'>\tOptional: %t", name, r.Key, r.Name, yes(r.Optional))
	}
}

package kubetest

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// need is a ConfigMap or Secret, or a key in one, without which a pod does not start.
type need struct {
	secret bool
	name   string
	key    string // "" is the whole
	volume string // the volume that needs it; "" is a container's environment
}

// needs lists them in the order in which the kubelet meets them: volumes first.
func (p pod) needs() []need {
	var all []need
	add := func(secret bool, name, key, volume string, optional *bool) {
		if !isTrue(optional) {
			all = append(all, need{secret, name, key, volume})
		}
	}
	for _, v := range p.Spec.Volumes {
		if c := v.ConfigMap; c != nil {
			add(false, c.Name, "", v.Name, c.Optional)
		}
		if c := v.Secret; c != nil {
			add(true, c.SecretName, "", v.Name, c.Optional)
		}
		if v.Projected == nil {
			continue
		}
		for _, source := range v.Projected.Sources {
			if c := source.ConfigMap; c != nil {
				add(false, c.Name, "", v.Name, c.Optional)
			}
			if c := source.Secret; c != nil {
				add(true, c.Name, "", v.Name, c.Optional)
			}
		}
	}
	for _, list := range [][]corev1.Container{p.Spec.InitContainers, p.Spec.Containers} {
		for _, c := range list {
			environmentNeeds(c, add)
		}
	}
	return all
}

func environmentNeeds(c corev1.Container, add func(secret bool, name, key, volume string, optional *bool)) {
	for _, from := range c.EnvFrom {
		if r := from.ConfigMapRef; r != nil {
			add(false, r.Name, "", "", r.Optional)
		}
		if r := from.SecretRef; r != nil {
			add(true, r.Name, "", "", r.Optional)
		}
	}
	for _, e := range c.Env {
		if e.ValueFrom == nil {
			continue
		}
		if r := e.ValueFrom.ConfigMapKeyRef; r != nil {
			add(false, r.Name, r.Key, "", r.Optional)
		}
		if r := e.ValueFrom.SecretKeyRef; r != nil {
			add(true, r.Name, r.Key, "", r.Optional)
		}
	}
}

// missing says what is missing in the kubelet's words, or "".
func (s *session) missing(namespace string, n need) (string, error) {
	res := s.catalog.configMaps
	if n.secret {
		res = s.catalog.secrets
	}
	r, err := s.find(res, namespace, n.name)
	switch {
	case err != nil:
		return "", err
	case r == nil:
		return fmt.Sprintf("%s %q not found", res.singular(), n.name), nil
	case n.key == "":
		return "", nil
	}
	for _, field := range []string{"data", "binaryData"} {
		if _, there, err := unstructured.NestedFieldNoCopy(r.Object, field, n.key); there || err != nil {
			return "", err
		}
	}
	return fmt.Sprintf("couldn't find key %s in %s %s/%s", n.key, res.Kind, namespace, n.name), nil
}

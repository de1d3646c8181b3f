package manifest

import (
	"reflect"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/validation"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// kind is what a manifest may hold.
type kind struct {
	apiVersion, kind string
	rank             int // place in the order of applying
	cluster          bool
	schema           reflect.Type
	name             validation.ValidateNameFunc
	// check is given the object as written and the part of it that conforms
	// to the schema, which decodes into schema without an error. Nil is no
	// further check.
	check func(written, conforming map[string]any) field.ErrorList
	// normalise changes a valid object in place. Nil changes nothing.
	normalise func(map[string]any)
}

// kinds are all of them, in the order in which errors name them.
func kinds() []kind {
	list := []kind{
		{
			apiVersion: "v1", kind: "Namespace", rank: 0, cluster: true,
			schema: reflect.TypeFor[corev1.Namespace](), name: validation.NameIsDNSLabel,
		},
		{
			apiVersion: "v1", kind: "ConfigMap", rank: 1,
			schema: reflect.TypeFor[corev1.ConfigMap](), name: validation.NameIsDNSSubdomain,
			check: checkConfigMap,
		},
		{
			apiVersion: "v1", kind: "Secret", rank: 2,
			schema: reflect.TypeFor[corev1.Secret](), name: validation.NameIsDNSSubdomain,
			check: checkSecret, normalise: mergeStringData,
		},
		{
			apiVersion: "v1", kind: "Service", rank: 3,
			schema: reflect.TypeFor[corev1.Service](), name: validation.NameIsDNS1035Label,
			check: checkService,
		},
	}
	for _, v := range versions() {
		list = append(list, kind{
			apiVersion: v.name, kind: "Deployment", rank: 4,
			schema: v.schema, name: validation.NameIsDNSSubdomain,
			check: v.check,
		})
	}
	return list
}

func rank(o Object) int {
	k, _ := (document{object: o.Object}).kind()
	return k.rank
}

// kind looks the document's kind up; the error names those supported.
func (d document) kind() (kind, *field.Error) {
	apiVersion, name := d.text("apiVersion"), d.text("kind")
	switch {
	case apiVersion == "":
		return kind{}, field.Required(field.NewPath("apiVersion"), "such as apps/v1")
	case name == "":
		return kind{}, field.Required(field.NewPath("kind"), "such as Deployment")
	}
	var supported []string
	for _, k := range kinds() {
		if k.apiVersion == apiVersion && k.kind == name {
			return k, nil
		}
		supported = append(supported, k.apiVersion+" "+k.kind)
	}
	return kind{}, field.NotSupported(field.NewPath("kind"), apiVersion+" "+name, supported)
}

// check validates a document and, if it is valid, normalises it.
func (d document) check() (warnings []string, errs field.ErrorList) {
	k, bad := d.kind()
	if bad != nil {
		return nil, field.ErrorList{bad}
	}
	warnings, errs = k.validate(d.object)
	if k.normalise != nil && len(errs) == 0 {
		k.normalise(d.object)
	}
	return warnings, errs
}

// validate reports all errors of an object in one go: what does not conform
// to the schema is cut out, the rest is checked as if it had not been there,
// and complaints about the missing parts are dropped.
func (k kind) validate(object map[string]any) (warnings []string, errs field.ErrorList) {
	c := conformer{secret: k.kind == "Secret"}
	conforming, _ := c.value(object, k.schema, nil).(map[string]any)
	found := k.checkMeta(conforming)
	if k.check != nil {
		found = append(found, k.check(object, conforming)...)
	}
	for _, err := range found {
		if !concerns(err, c.errs) {
			c.errs = append(c.errs, err)
		}
	}
	return c.warnings(), c.errs
}

func (k kind) checkMeta(object map[string]any) field.ErrorList {
	path := field.NewPath("metadata")
	meta := decode[metav1.PartialObjectMetadata](object).ObjectMeta
	var errs field.ErrorList
	if meta.Name == "" && meta.GenerateName != "" {
		meta.Name, meta.GenerateName = "placeholder", ""
		errs = append(errs, field.Required(path.Child("name"), "generateName is not enough: an object is found again by its name"))
	}
	if meta.Namespace == "" && !k.cluster {
		meta.Namespace = "placeholder"
	}
	return append(errs, validation.ValidateObjectMeta(&meta, !k.cluster, k.name, path)...)
}

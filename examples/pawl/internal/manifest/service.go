package manifest

import (
	corev1 "k8s.io/api/core/v1"
	metavalidation "k8s.io/apimachinery/pkg/apis/meta/v1/validation"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// checkService checks what decides where traffic goes: selector, type, ports.
func checkService(_, conforming map[string]any) field.ErrorList {
	spec := decode[corev1.Service](conforming).Spec
	path := field.NewPath("spec")
	errs := metavalidation.ValidateLabels(spec.Selector, path.Child("selector"))
	switch spec.Type {
	case "", corev1.ServiceTypeClusterIP, corev1.ServiceTypeExternalName, corev1.ServiceTypeLoadBalancer, corev1.ServiceTypeNodePort:
	default:
		errs = append(errs, field.NotSupported(path.Child("type"), spec.Type, []corev1.ServiceType{
			corev1.ServiceTypeClusterIP, corev1.ServiceTypeExternalName, corev1.ServiceTypeLoadBalancer, corev1.ServiceTypeNodePort,
		}))
	}
	portless := spec.Type == corev1.ServiceTypeExternalName || spec.ClusterIP == corev1.ClusterIPNone
	if len(spec.Ports) == 0 && !portless {
		errs = append(errs, field.Required(path.Child("ports"), ""))
	}
	names := sets.New[string]()
	for i := range spec.Ports {
		errs = append(errs, checkPort(&spec.Ports[i], len(spec.Ports) > 1, names, path.Child("ports").Index(i))...)
	}
	return errs
}

// checkPort adds the name of the port to names.
func checkPort(p *corev1.ServicePort, named bool, names sets.Set[string], path *field.Path) field.ErrorList {
	errs := checkPortName(p.Name, named, names, path.Child("name"))
	for _, msg := range validation.IsValidPortNum(int(p.Port)) {
		errs = append(errs, field.Invalid(path.Child("port"), p.Port, msg))
	}
	switch p.Protocol {
	case "", corev1.ProtocolSCTP, corev1.ProtocolTCP, corev1.ProtocolUDP:
	default:
		errs = append(errs, field.NotSupported(path.Child("protocol"), p.Protocol,
			[]corev1.Protocol{corev1.ProtocolSCTP, corev1.ProtocolTCP, corev1.ProtocolUDP}))
	}
	for _, msg := range invalidTarget(p.TargetPort) {
		errs = append(errs, field.Invalid(path.Child("targetPort"), p.TargetPort, msg))
	}
	return errs
}

func checkPortName(name string, required bool, names sets.Set[string], path *field.Path) field.ErrorList {
	if name == "" {
		if required {
			return field.ErrorList{field.Required(path, "")}
		}
		return nil
	}
	if names.Has(name) {
		return field.ErrorList{field.Duplicate(path, name)}
	}
	names.Insert(name)
	var errs field.ErrorList
	for _, msg := range validation.IsDNS1123Label(name) {
		errs = append(errs, field.Invalid(path, name, msg))
	}
	return errs
}

// invalidTarget has nothing against 0 and "", which stand for the port itself.
func invalidTarget(target intstr.IntOrString) []string {
	switch {
	case target.Type == intstr.Int && target.IntVal != 0:
		return validation.IsValidPortNum(int(target.IntVal))
	case target.Type == intstr.String && target.StrVal != "":
		return validation.IsValidPortName(target.StrVal)
	}
	return nil
}

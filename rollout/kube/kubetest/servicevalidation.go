package kubetest

import (
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/api/validation"
	v1validation "k8s.io/apimachinery/pkg/apis/meta/v1/validation"
	"k8s.io/apimachinery/pkg/util/intstr"
	utilvalidation "k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

var (
	serviceTypes = []corev1.ServiceType{
		corev1.ServiceTypeClusterIP, corev1.ServiceTypeExternalName, corev1.ServiceTypeLoadBalancer, corev1.ServiceTypeNodePort,
	}
	protocols = []corev1.Protocol{corev1.ProtocolSCTP, corev1.ProtocolTCP, corev1.ProtocolUDP}
)

func checkService(s, old *corev1.Service) field.ErrorList {
	var errs field.ErrorList
	headless := s.Spec.ClusterIP == corev1.ClusterIPNone || s.Spec.Type == corev1.ServiceTypeExternalName
	if len(s.Spec.Ports) == 0 && !headless {
		errs = append(errs, field.Required(specPath.Child("ports"), ""))
	}
	for i := range s.Spec.Ports {
		errs = append(errs, checkServicePort(s.Spec.Ports, i)...)
	}
	errs = append(errs, v1validation.ValidateLabels(s.Spec.Selector, specPath.Child("selector"))...)
	errs = append(errs, checkOneOf(s.Spec.Type, serviceTypes, specPath.Child("type"))...)
	if ip := s.Spec.ClusterIP; ip != "" && ip != corev1.ClusterIPNone {
		errs = append(errs, utilvalidation.IsValidIP(specPath.Child("clusterIPs").Index(0), ip)...)
	}
	if old != nil && old.Spec.ClusterIP != "" && s.Spec.Type == old.Spec.Type && s.Spec.ClusterIP != old.Spec.ClusterIP {
		errs = append(errs, field.Invalid(specPath.Child("clusterIPs").Index(0), []string{s.Spec.ClusterIP}, "may not change once set"))
	}
	return errs
}

func checkServicePort(ports []corev1.ServicePort, i int) field.ErrorList {
	p, path := ports[i], specPath.Child("ports").Index(i)
	var errs field.ErrorList
	if p.Name == "" && len(ports) > 1 {
		errs = append(errs, field.Required(path.Child("name"), ""))
	}
	for _, why := range utilvalidation.IsValidPortNum(int(p.Port)) {
		errs = append(errs, field.Invalid(path.Child("port"), p.Port, why))
	}
	errs = append(errs, checkOneOf(p.Protocol, protocols, path.Child("protocol"))...)
	if p.TargetPort.Type == intstr.Int {
		for _, why := range utilvalidation.IsValidPortNum(int(p.TargetPort.IntVal)) {
			errs = append(errs, field.Invalid(path.Child("targetPort"), p.TargetPort, why))
		}
	}
	for _, other := range ports[:i] {
		if other.Port == p.Port && other.Protocol == p.Protocol {
			return append(errs, field.Duplicate(path, corev1.ServicePort{Protocol: p.Protocol, Port: p.Port}))
		}
	}
	return errs
}

func checkOneOf[T ~string](value T, known []T, path *field.Path) field.ErrorList {
	for _, k := range known {
		if value == k {
			return nil
		}
	}
	return field.ErrorList{field.NotSupported(path, value, known)}
}

func checkEndpointSlice(s, old *discoveryv1.EndpointSlice) field.ErrorList {
	path := field.NewPath("addressType")
	if s.AddressType == "" {
		return field.ErrorList{field.Required(path, "")}
	}
	var errs field.ErrorList
	if s.AddressType != discoveryv1.AddressTypeFQDN {
		for i, endpoint := range s.Endpoints {
			for j, address := range endpoint.Addresses {
				errs = append(errs, utilvalidation.IsValidIP(field.NewPath("endpoints").Index(i).Child("addresses").Index(j), address)...)
			}
		}
	}
	if old != nil {
		errs = append(errs, validation.ValidateImmutableField(s.AddressType, old.AddressType, path)...)
	}
	return errs
}

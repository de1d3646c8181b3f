package kubetest

import (
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
)

const (
	sliceManager = "endpointslice-controller.k8s.io"
	// sliceLength is how many endpoints go into one slice.
	sliceLength = 100
)

// endpoints is the controller of EndpointSlices. Those of a Service that is gone are left to
// the garbage collector.
func (s *session) endpoints() (due time.Time, err error) {
	services, err := s.list(s.catalog.services, "")
	if err != nil || len(services) == 0 {
		return due, err
	}
	pods, err := s.podsByNamespace()
	if err != nil {
		return due, err
	}
	slices, err := s.slicesByService()
	if err != nil {
		return due, err
	}
	for _, r := range services {
		svc, err := as[*corev1.Service](r)
		if err != nil {
			return due, err
		}
		if svc.DeletionTimestamp != nil || len(svc.Spec.Selector) == 0 || svc.Spec.Type == corev1.ServiceTypeExternalName {
			continue
		}
		if err := s.publish(svc, pods[svc.Namespace], slices[svc.UID]); err != nil {
			return due, err
		}
	}
	return due, nil
}

// slicesByService lists the slices that this controller has made, by the Service's UID.
func (s *session) slicesByService() (map[types.UID][]*record, error) {
	records, err := s.list(s.catalog.endpointSlices, "")
	if err != nil {
		return nil, err
	}
	all := map[types.UID][]*record{}
	for _, r := range records {
		owner := metav1.GetControllerOf(&r.Unstructured)
		if owner != nil && r.GetLabels()[discoveryv1.LabelManagedBy] == sliceManager && r.GetDeletionTimestamp() == nil {
			all[owner.UID] = append(all[owner.UID], r)
		}
	}
	return all, nil
}

// publish makes the slices of a Service show its pods. Pods that resolve a named port
// differently are not in one slice.
func (s *session) publish(svc *corev1.Service, pods []pod, have []*record) error {
	for _, want := range desiredSlices(svc, pods) {
		var old *record
		if len(have) > 0 {
			old, have = have[0], have[1:]
		}
		if err := s.keepSlice(svc, want, old); err != nil {
			return err
		}
	}
	for _, surplus := range have {
		if _, _, err := s.erase(surplus, &metav1.DeleteOptions{}); err != nil {
			return err
		}
	}
	return nil
}

// desiredSlices answers at least one slice, which may be empty.
func desiredSlices(svc *corev1.Service, pods []pod) []*discoveryv1.EndpointSlice {
	selector := labels.SelectorFromSet(svc.Spec.Selector)
	groups := map[string]*discoveryv1.EndpointSlice{}
	var all []*discoveryv1.EndpointSlice
	for _, p := range pods {
		if p.Status.PodIP == "" || finished(p.Pod) || !selector.Matches(labels.Set(p.Labels)) {
			continue
		}
		ports := portsOf(svc, p.Pod)
		key := fmt.Sprint(portKey(ports))
		slice := groups[key]
		if slice == nil || len(slice.Endpoints) == sliceLength {
			slice = newSlice(svc, ports)
			groups[key] = slice
			all = append(all, slice)
		}
		slice.Endpoints = append(slice.Endpoints, endpointOf(svc, p.Pod))
	}
	if len(all) == 0 {
		all = append(all, newSlice(svc, nil))
	}
	return all
}

func portKey(ports []discoveryv1.EndpointPort) string {
	var key strings.Builder
	for _, p := range ports {
		fmt.Fprintf(&key, "%s:%d/%s ", *p.Name, *p.Port, *p.Protocol)
	}
	return key.String()
}

// portsOf resolves the Service's ports on a pod; one whose name the pod does not know is left
// out.
func portsOf(svc *corev1.Service, p *corev1.Pod) []discoveryv1.EndpointPort {
	var ports []discoveryv1.EndpointPort
	for _, sp := range svc.Spec.Ports {
		number := sp.TargetPort.IntVal
		if name := sp.TargetPort.StrVal; name != "" {
			number = namedPort(p, name, sp.Protocol)
		}
		if number > 0 {
			name, protocol := sp.Name, sp.Protocol
			ports = append(ports, discoveryv1.EndpointPort{Name: &name, Port: &number, Protocol: &protocol, AppProtocol: sp.AppProtocol})
		}
	}
	return ports
}

func namedPort(p *corev1.Pod, name string, protocol corev1.Protocol) int32 {
	for _, c := range p.Spec.Containers {
		for _, port := range c.Ports {
			if port.Name == name && port.Protocol == protocol {
				return port.ContainerPort
			}
		}
	}
	return 0
}

func endpointOf(svc *corev1.Service, p *corev1.Pod) discoveryv1.Endpoint {
	serving, terminating := isReady(p), p.DeletionTimestamp != nil
	ready := svc.Spec.PublishNotReadyAddresses || serving && !terminating
	node := p.Spec.NodeName
	return discoveryv1.Endpoint{
		Addresses:  []string{p.Status.PodIP},
		Conditions: discoveryv1.EndpointConditions{Ready: &ready, Serving: &serving, Terminating: &terminating},
		TargetRef:  &corev1.ObjectReference{Kind: "Pod", Namespace: p.Namespace, Name: p.Name, UID: p.UID},
		NodeName:   &node,
	}
}

func newSlice(svc *corev1.Service, ports []discoveryv1.EndpointPort) *discoveryv1.EndpointSlice {
	tags := map[string]string{}
	for key, value := range svc.Labels {
		tags[key] = value
	}
	tags[discoveryv1.LabelServiceName] = svc.Name
	tags[discoveryv1.LabelManagedBy] = sliceManager
	return &discoveryv1.EndpointSlice{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: svc.Namespace, GenerateName: svc.Name + "-", Labels: tags,
			OwnerReferences: []metav1.OwnerReference{*metav1.NewControllerRef(svc, corev1.SchemeGroupVersion.WithKind("Service"))},
		},
		AddressType: discoveryv1.AddressTypeIPv4,
		Ports:       ports,
	}
}

// keepSlice creates or updates one slice.
func (s *session) keepSlice(svc *corev1.Service, want *discoveryv1.EndpointSlice, old *record) error {
	if old == nil {
		if ns, err := s.find(s.catalog.namespaces, "", svc.Namespace); err != nil || ns == nil || ns.GetDeletionTimestamp() != nil {
			return err
		}
		return s.createTyped(s.catalog.endpointSlices, want)
	}
	have, err := as[*discoveryv1.EndpointSlice](old)
	if err != nil || sameSlice(have, want) {
		return err
	}
	o := old.edit()
	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(want)
	if err != nil {
		return err
	}
	o.Object["endpoints"], o.Object["ports"] = content["endpoints"], content["ports"]
	o.SetLabels(want.Labels)
	_, err = s.modify(old, &unstructured.Unstructured{Object: o.Object}, "")
	return err
}

func sameSlice(a, b *discoveryv1.EndpointSlice) bool {
	return equality.Semantic.DeepEqual(a.Labels, b.Labels) && slices.EqualFunc(a.Ports, b.Ports, equalValues) &&
		slices.EqualFunc(a.Endpoints, b.Endpoints, equalValues)
}

func equalValues[T any](a, b T) bool { return equality.Semantic.DeepEqual(a, b) }

package kubetest

import (
	"fmt"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// The defaults below are those of Kubernetes that a client sees on what it created. A stored
// template is therefore not equal to the one that was sent, as with a real API server.

// fill sets a value that was left out.
func fill[T comparable](p *T, value T) {
	var zero T
	if *p == zero {
		*p = value
	}
}

// fillPtr sets an optional value that was left out.
func fillPtr[T any](p **T, value T) {
	if *p == nil {
		*p = &value
	}
}

func fillNamespace(n *corev1.Namespace) {
	if n.Labels == nil {
		n.Labels = map[string]string{}
	}
	n.Labels[corev1.LabelMetadataName] = n.Name
	fill(&n.Status.Phase, corev1.NamespaceActive)
	if n.Spec.Finalizers == nil && n.DeletionTimestamp == nil {
		n.Spec.Finalizers = []corev1.FinalizerName{corev1.FinalizerKubernetes}
	}
}

func fillSecret(s *corev1.Secret) {
	for key, value := range s.StringData {
		if s.Data == nil {
			s.Data = map[string][]byte{}
		}
		s.Data[key] = []byte(value)
	}
	s.StringData = nil
	fill(&s.Type, corev1.SecretTypeOpaque)
}

func fillService(s *corev1.Service) {
	fill(&s.Spec.Type, corev1.ServiceTypeClusterIP)
	fill(&s.Spec.SessionAffinity, corev1.ServiceAffinityNone)
	if s.Spec.SessionAffinity == corev1.ServiceAffinityClientIP {
		fillPtr(&s.Spec.SessionAffinityConfig, corev1.SessionAffinityConfig{})
		fillPtr(&s.Spec.SessionAffinityConfig.ClientIP, corev1.ClientIPConfig{})
		fillPtr(&s.Spec.SessionAffinityConfig.ClientIP.TimeoutSeconds, corev1.DefaultClientIPServiceAffinitySeconds)
	}
	if s.Spec.Type == corev1.ServiceTypeExternalName { // it has no addresses, nor what concerns them
		s.Spec.ClusterIP, s.Spec.ClusterIPs, s.Spec.IPFamilies = "", nil, nil
		s.Spec.IPFamilyPolicy, s.Spec.InternalTrafficPolicy = nil, nil
	} else {
		fillPtr(&s.Spec.InternalTrafficPolicy, corev1.ServiceInternalTrafficPolicyCluster)
	}
	for i := range s.Spec.Ports {
		p := &s.Spec.Ports[i]
		fill(&p.Protocol, corev1.ProtocolTCP)
		fill(&p.TargetPort, intstr.FromInt32(p.Port))
	}
}

func fillReplicaSet(rs *appsv1.ReplicaSet) {
	fillPtr(&rs.Spec.Replicas, 1)
	fillPodSpec(&rs.Spec.Template.Spec)
}

func fillReplicationController(rc *corev1.ReplicationController) {
	fillPtr(&rc.Spec.Replicas, 1)
	if rc.Spec.Template == nil {
		return
	}
	if len(rc.Spec.Selector) == 0 {
		rc.Spec.Selector = rc.Spec.Template.Labels
	}
	if len(rc.Labels) == 0 && len(rc.Spec.Template.Labels) > 0 {
		rc.Labels = rc.Spec.Template.Labels
	}
	fillPodSpec(&rc.Spec.Template.Spec)
}

func fillPod(p *corev1.Pod) {
	fill(&p.Status.Phase, corev1.PodPending)
	fill(&p.Spec.ServiceAccountName, "default")
	fillPtr(&p.Spec.EnableServiceLinks, true)
	if p.Status.PodIP != "" && len(p.Status.PodIPs) == 0 {
		p.Status.PodIPs = []corev1.PodIP{{IP: p.Status.PodIP}}
	}
	fillPodSpec(&p.Spec)
}

func fillPodSpec(s *corev1.PodSpec) {
	fill(&s.RestartPolicy, corev1.RestartPolicyAlways)
	fill(&s.DNSPolicy, corev1.DNSClusterFirst)
	fill(&s.SchedulerName, corev1.DefaultSchedulerName)
	fillPtr(&s.TerminationGracePeriodSeconds, int64(corev1.DefaultTerminationGracePeriodSeconds))
	fillPtr(&s.SecurityContext, corev1.PodSecurityContext{})
	s.DeprecatedServiceAccount = s.ServiceAccountName
	for i := range s.InitContainers {
		fillContainer(&s.InitContainers[i])
	}
	for i := range s.Containers {
		fillContainer(&s.Containers[i])
	}
	for i := range s.Volumes {
		fillVolume(&s.Volumes[i])
	}
}

func fillContainer(c *corev1.Container) {
	fill(&c.TerminationMessagePath, corev1.TerminationMessagePathDefault)
	fill(&c.TerminationMessagePolicy, corev1.TerminationMessageReadFile)
	fill(&c.ImagePullPolicy, pullPolicy(c.Image))
	for i := range c.Ports {
		fill(&c.Ports[i].Protocol, corev1.ProtocolTCP)
	}
	for i := range c.Env {
		if from := c.Env[i].ValueFrom; from != nil && from.FieldRef != nil {
			fill(&from.FieldRef.APIVersion, "v1")
		}
	}
	for _, p := range []*corev1.Probe{c.LivenessProbe, c.ReadinessProbe, c.StartupProbe} {
		fillProbe(p)
	}
	if l := c.Lifecycle; l != nil {
		for _, h := range []*corev1.LifecycleHandler{l.PostStart, l.PreStop} {
			if h != nil {
				fillHTTPGet(h.HTTPGet)
			}
		}
	}
}

// pullPolicy is Always for the tag latest, which is also what no tag means.
func pullPolicy(image string) corev1.PullPolicy {
	if tag := imageTag(image); tag == "latest" || tag == "" && !strings.Contains(image, "@") {
		return corev1.PullAlways
	}
	return corev1.PullIfNotPresent
}

// imageTag answers what follows the colon of an image's last part, without a digest.
func imageTag(image string) string {
	image, _, _ = strings.Cut(image, "@")
	_, tag, _ := strings.Cut(image[strings.LastIndex(image, "/")+1:], ":")
	return tag
}

func fillProbe(p *corev1.Probe) {
	if p == nil {
		return
	}
	fill(&p.TimeoutSeconds, 1)
	fill(&p.PeriodSeconds, 10)
	fill(&p.SuccessThreshold, 1)
	fill(&p.FailureThreshold, 3)
	fillHTTPGet(p.HTTPGet)
}

func fillHTTPGet(get *corev1.HTTPGetAction) {
	if get != nil {
		fill(&get.Scheme, corev1.URISchemeHTTP)
		fill(&get.Path, "/")
	}
}

// address answers the n-th address of a network whose first two bytes are given.
func address(network string, n uint64) string {
	n = n%65_000 + 1
	return fmt.Sprintf("%s.%d.%d", network, n>>8, n&0xff)
}

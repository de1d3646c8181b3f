package view

import (
	"cmp"
	"fmt"
	"maps"
	"net"
	"net/url"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

func (d *description) containers(title string, all []corev1.Container) {
	if len(all) == 0 {
		title += ": <none>"
	} else {
		title += ":"
	}
	d.line(1, "%s", title)
	for _, c := range all {
		d.container(c)
	}
}

func (d *description) container(c corev1.Container) {
	d.line(1, " %s:", c.Name)
	d.line(2, "Image:\t%s", c.Image)
	d.ports("Port", c.Ports, func(p corev1.ContainerPort) int32 { return p.ContainerPort })
	d.ports("Host Port", c.Ports, func(p corev1.ContainerPort) int32 { return p.HostPort })
	if c.SecurityContext != nil && c.SecurityContext.SeccompProfile != nil {
		d.line(2, "SeccompProfile:\t%s", string(c.SecurityContext.SeccompProfile.Type))
	}
	d.command("Command", c.Command)
	d.command("Args", c.Args)
	d.resources("Limits", c.Resources.Limits)
	d.resources("Requests", c.Resources.Requests)
	d.probe("Liveness", c.LivenessProbe)
	d.probe("Readiness", c.ReadinessProbe)
	d.probe("Startup", c.StartupProbe)
	d.environmentFrom(c.EnvFrom)
	d.environment(c.Env)
	d.mounts(c.VolumeMounts)
	d.devices(c.VolumeDevices)
}

func (d *description) ports(title string, ports []corev1.ContainerPort, number func(corev1.ContainerPort) int32) {
	var all []string
	for _, p := range ports {
		s := fmt.Sprintf("%d/%s", number(p), cmp.Or(p.Protocol, corev1.ProtocolTCP))
		if p.Name != "" {
			s += " (" + p.Name + ")"
		}
		all = append(all, s)
	}
	if len(all) > 1 {
		title += "s"
	}
	d.line(2, "%s:\t%s", title, cmp.Or(strings.Join(all, ", "), "<none>"))
}

func (d *description) command(title string, words []string) {
	if len(words) > 0 {
		d.line(2, "%s:", title)
	}
	for _, w := range words {
		for s := range strings.SplitSeq(w, "\n") {
			d.line(3, "%s", s)
		}
	}
}

func (d *description) resources(title string, list corev1.ResourceList) {
	if len(list) > 0 {
		d.line(2, "%s:", title)
	}
	for _, name := range slices.Sorted(maps.Keys(list)) {
		quantity := list[name]
		d.line(3, "%s:\t%s", string(name), quantity.String())
	}
}

func (d *description) probe(title string, p *corev1.Probe) {
	if p == nil {
		return
	}
	d.line(2, "%s:\t%s delay=%ds timeout=%ds period=%ds successThreshold=%d failureThreshold=%d", title, handler(p.ProbeHandler), p.InitialDelaySeconds,
		cmp.Or(p.TimeoutSeconds, 1), cmp.Or(p.PeriodSeconds, 10), cmp.Or(p.SuccessThreshold, 1), cmp.Or(p.FailureThreshold, 3))
}

func handler(h corev1.ProbeHandler) string {
	switch {
	case h.Exec != nil:
		return fmt.Sprintf("exec %v", h.Exec.Command)
	case h.HTTPGet != nil:
		u := url.URL{
			Scheme: strings.ToLower(string(cmp.Or(h.HTTPGet.Scheme, corev1.URISchemeHTTP))),
			Host:   host(h.HTTPGet.Host, h.HTTPGet.Port), Path: h.HTTPGet.Path,
		}
		return "http-get " + u.String()
	case h.TCPSocket != nil:
		return fmt.Sprintf("tcp-socket %s:%s", h.TCPSocket.Host, h.TCPSocket.Port.String())
	case h.GRPC != nil:
		service := ""
		if h.GRPC.Service != nil {
			service = *h.GRPC.Service
		}
		return fmt.Sprintf("grpc <pod>:%d %s", h.GRPC.Port, service)
	}
	return "unknown"
}

func host(name string, port intstr.IntOrString) string {
	if port.String() == "" {
		return name
	}
	return net.JoinHostPort(name, port.String())
}

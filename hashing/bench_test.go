package hashing_test

import (
	"fmt"
	"hash/fnv"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/dump"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/gopawl/pawl/hashing"
)

// twoContainers is a template of the size people write.
func twoContainers() *corev1.PodTemplateSpec { return templateOf(2) }

func templateOf(containers int) *corev1.PodTemplateSpec {
	t := &corev1.PodTemplateSpec{
		ObjectMeta: metav1.ObjectMeta{
			Labels:      map[string]string{"app": "web", "tier": "front", hashing.DefaultLabel: "x"},
			Annotations: map[string]string{"prometheus.io/scrape": "true"},
		},
		Spec: corev1.PodSpec{
			ServiceAccountName: "web",
			NodeSelector:       map[string]string{"kubernetes.io/os": "linux"},
			Volumes: []corev1.Volume{{Name: "tmp", VolumeSource: corev1.VolumeSource{
				EmptyDir: &corev1.EmptyDirVolumeSource{SizeLimit: ptr(resource.MustParse("1Gi"))},
			}}},
		},
	}
	for i := range containers {
		t.Spec.Containers = append(t.Spec.Containers, container(fmt.Sprint("c", i)))
	}
	return t
}

func container(name string) corev1.Container {
	return corev1.Container{
		Name:  name,
		Image: "registry.example.com/team/" + name + ":1.2.3",
		Ports: []corev1.ContainerPort{{Name: "http", ContainerPort: 8080}},
		Env:   []corev1.EnvVar{{Name: "MODE", Value: "production"}, {Name: "LEVEL", Value: "info"}},
		Resources: corev1.ResourceRequirements{
			Requests: corev1.ResourceList{"cpu": resource.MustParse("100m"), "memory": resource.MustParse("128Mi")},
			Limits:   corev1.ResourceList{"cpu": resource.MustParse("1"), "memory": resource.MustParse("1Gi")},
		},
		ReadinessProbe: &corev1.Probe{
			ProbeHandler:  corev1.ProbeHandler{HTTPGet: &corev1.HTTPGetAction{Path: "/ready", Port: intstr.FromInt32(8080)}},
			PeriodSeconds: 5,
		},
		VolumeMounts:    []corev1.VolumeMount{{Name: "tmp", MountPath: "/tmp"}},
		SecurityContext: &corev1.SecurityContext{RunAsNonRoot: ptr(true)},
	}
}

func ptr[T any](v T) *T { return &v }

func BenchmarkTemplate(b *testing.B) {
	t := twoContainers()
	benchmark(b, func() any { return t })
}

func BenchmarkTemplateByValue(b *testing.B) {
	t := twoContainers()
	benchmark(b, func() any { return *t })
}

func BenchmarkTemplateUnstructured(b *testing.B) {
	t, err := runtime.DefaultUnstructuredConverter.ToUnstructured(twoContainers())
	if err != nil {
		b.Fatal(err)
	}
	benchmark(b, func() any { return t })
}

func benchmark(b *testing.B, template func() any) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := hashing.Template(template()); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkTemplateSizes shows that time grows with the size of the template and no faster.
func BenchmarkTemplateSizes(b *testing.B) {
	for n := 1; n <= 64; n *= 2 {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			t := templateOf(n)
			benchmark(b, func() any { return t })
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/container")
		})
	}
}

// BenchmarkKubernetes is the hash of Kubernetes' deployment controller, to compare with.
func BenchmarkKubernetes(b *testing.B) {
	t := twoContainers()
	b.ReportAllocs()
	for b.Loop() {
		_ = kubernetes(t)
	}
}

func kubernetes(t *corev1.PodTemplateSpec) uint32 {
	h := fnv.New32a()
	//lint:ignore SA1019 the root module has no k8s.io/utils of its own
	_, _ = fmt.Fprintf(h, "%v", dump.ForHash(*t))
	return h.Sum32()
}

// BenchmarkBesideKubernetes reports how many times as fast as Kubernetes' hash the identity is,
// both taken by turns: what else the machine does slows both.
func BenchmarkBesideKubernetes(b *testing.B) {
	const each = 25 // identities for one hash, so that both take a like share of the time
	t := twoContainers()
	var ours, theirs time.Duration
	for b.Loop() {
		start := time.Now()
		for range each {
			if _, err := hashing.Template(t); err != nil {
				b.Fatal(err)
			}
		}
		turn := time.Now()
		_ = kubernetes(t)
		ours, theirs = ours+turn.Sub(start), theirs+time.Since(turn)
	}
	b.ReportMetric(each*theirs.Seconds()/ours.Seconds(), "times")
}

func BenchmarkLabel(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		_ = hashing.Label("h1-00112233445566778899aabbccddeeff", 1)
	}
}

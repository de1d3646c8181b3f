package hashing_test

import (
	"errors"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/gopawl/pawl/hashing"
)

// The identity is stamped on the revision; the label and the name are made from it.
func Example() {
	template := corev1.PodTemplateSpec{Spec: corev1.PodSpec{
		Containers: []corev1.Container{{Name: "httpd", Image: "httpd:2.4"}},
	}}
	identity, err := hashing.Template(&template)
	if err != nil {
		fmt.Println(err)
		return
	}
	label := hashing.Label(identity, 0)
	fmt.Println(identity)
	fmt.Println(hashing.Name("httpd", label))
	// Output:
	// h1-a929980b80548f4a6b8e4f45e58d0c04
	// httpd-wfh8wdsh9v
}

// Spellings of one quantity, unset and empty fields, and our own label make no difference.
func ExampleTemplate() {
	spelled := func(memory string, labels map[string]string) string {
		var t corev1.PodTemplateSpec
		t.Labels = labels
		t.Spec.Overhead = corev1.ResourceList{"memory": resource.MustParse(memory)}
		identity, _ := hashing.Template(&t)
		return identity
	}
	fmt.Println(spelled("1Gi", nil) == spelled("1024Mi", map[string]string{"pod-template-hash": "5d844d9fd5"}))
	fmt.Println(spelled("1Gi", nil) == spelled("1G", nil))
	// Output:
	// true
	// false
}

// An unstructured template of one's own kind, whose pods carry a label of one's own.
func ExampleTemplate_unstructured() {
	template := map[string]any{
		"metadata": map[string]any{"labels": map[string]any{"app": "web", "example.com/revision": "7"}},
		"spec":     map[string]any{"image": "web:1", "replicas": int64(0)},
	}
	identity, err := hashing.Template(template, "example.com/revision")
	fmt.Println(identity, err)
	// Output:
	// h1-56f4e5fdb7c0365c782d200ed5a63714 <nil>
}

// When the name is taken by a stranger, the next collision count gives another.
func ExampleLabel() {
	const identity = "h1-0123456789abcdef0123456789abcdef"
	taken := map[string]bool{hashing.Name("web", hashing.Label(identity, 0)): true}
	collision := 0
	for taken[hashing.Name("web", hashing.Label(identity, collision))] {
		collision++
	}
	fmt.Println(collision, hashing.Name("web", hashing.Label(identity, collision)))
	// Output:
	// 1 web-hdt7vz5s9m
}

func ExampleError() {
	_, err := hashing.Template(map[string]any{"spec": map[string]any{"done": make(chan int)}})
	var e *hashing.Error
	if errors.As(err, &e) {
		fmt.Println(e.Path, errors.Is(err, hashing.ErrUnsupported))
	}
	fmt.Println(err)
	// Output:
	// spec.done true
	// hash template: spec.done: no canonical form: chan int
}

package cli

import (
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// setImages changes images of a Deployment: each argument is CONTAINER=IMAGE.
func setImages(deployment *unstructured.Unstructured, args []string) error {
	for _, arg := range args {
		name, image, ok := strings.Cut(arg, "=")
		if !ok || name == "" || image == "" {
			return fmt.Errorf("invalid argument %q: must be CONTAINER=IMAGE", arg)
		}
		if err := setImage(deployment, name, image); err != nil {
			return err
		}
	}
	return nil
}

func setImage(deployment *unstructured.Unstructured, name, image string) error {
	found := false
	for _, list := range []string{"containers", "initContainers"} {
		path := []string{"spec", "template", "spec", list}
		containers, ok, err := unstructured.NestedSlice(deployment.Object, path...)
		if err != nil || !ok {
			continue
		}
		for _, c := range containers {
			container, _ := c.(map[string]any)
			its, _ := container["name"].(string)
			if its == name || name == "*" {
				container["image"] = image
				found = true
			}
		}
		if err := unstructured.SetNestedSlice(deployment.Object, containers, path...); err != nil {
			return err
		}
	}
	if !found {
		return fmt.Errorf("deployment %q: unable to find container named %q; its containers are %s", deployment.GetName(), name, strings.Join(containersOf(deployment), ", "))
	}
	return nil
}

package kube

import utiljson "k8s.io/apimachinery/pkg/util/json"

// decode reads JSON as apimachinery does: whole numbers become int64, as in unstructured objects.
func decode(data []byte, into any) error { return utiljson.Unmarshal(data, into) }

package manifest

import (
	"encoding/base64"
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

func checkConfigMap(_, conforming map[string]any) field.ErrorList {
	config := decode[corev1.ConfigMap](conforming)
	data, binary := field.NewPath("data"), field.NewPath("binaryData")
	errs := append(checkKeys(config.Data, data), checkKeys(config.BinaryData, binary)...)
	for _, key := range slices.Sorted(maps.Keys(config.Data)) {
		if _, twice := config.BinaryData[key]; twice {
			errs = append(errs, field.Invalid(data.Key(key), key, "duplicate of key present in binaryData"))
		}
	}
	if size(config.Data)+size(config.BinaryData) > corev1.MaxSecretSize {
		errs = append(errs, field.TooLong(data, nil, corev1.MaxSecretSize))
	}
	return errs
}

func checkSecret(_, conforming map[string]any) field.ErrorList {
	secret := decode[corev1.Secret](conforming)
	data := field.NewPath("data")
	errs := append(checkKeys(secret.Data, data), checkKeys(secret.StringData, field.NewPath("stringData"))...)
	for key := range secret.StringData {
		delete(secret.Data, key)
	}
	if size(secret.Data)+size(secret.StringData) > corev1.MaxSecretSize {
		errs = append(errs, field.TooLong(data, nil, corev1.MaxSecretSize))
	}
	return errs
}

func checkKeys[V any](data map[string]V, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	for _, key := range slices.Sorted(maps.Keys(data)) {
		for _, msg := range validation.IsConfigMapKey(key) {
			errs = append(errs, field.Invalid(path.Key(key), key, msg))
		}
	}
	return errs
}

func size[V string | []byte](data map[string]V) int {
	total := 0
	for _, value := range data {
		total += len(value)
	}
	return total
}

// mergeStringData puts stringData into data, over what is there under the same
// keys, as the API server does when it stores a Secret.
func mergeStringData(secret map[string]any) {
	fill(secret, "data", map[string]any{})
	data := child(secret, "data")
	for key, value := range child(secret, "stringData") {
		text, _ := value.(string)
		data[key] = base64.StdEncoding.EncodeToString([]byte(text))
	}
	delete(secret, "stringData")
	if len(data) == 0 {
		delete(secret, "data")
	}
}

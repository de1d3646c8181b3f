package hashing_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/gopawl/pawl/hashing"
)

// differ fails if two of the values have one identity.
func differ(t *testing.T, values ...any) {
	t.Helper()
	seen := map[string]any{}
	for _, v := range values {
		id := identity(t, v)
		if other, ok := seen[id]; ok {
			t.Errorf("same identity:\n%+v\n%+v", v, other)
		}
		seen[id] = v
	}
}

func TestDifferentTypedTemplatesDiffer(t *testing.T) {
	no, zero := false, int64(0)
	differ(t,
		corev1.PodTemplateSpec{},
		podSpec(corev1.PodSpec{AutomountServiceAccountToken: &no}),
		podSpec(corev1.PodSpec{TerminationGracePeriodSeconds: &zero}),
		podSpec(corev1.PodSpec{SecurityContext: &corev1.PodSecurityContext{}}),
		podSpec(corev1.PodSpec{Containers: []corev1.Container{{}}}),
		podSpec(corev1.PodSpec{Containers: []corev1.Container{{}, {}}}),
		podSpec(corev1.PodSpec{Containers: []corev1.Container{{Name: "a"}, {Name: "b"}}}),
		podSpec(corev1.PodSpec{Containers: []corev1.Container{{Name: "b"}, {Name: "a"}}}),
		podSpec(corev1.PodSpec{Containers: []corev1.Container{{Name: "ab"}}}),
		podSpec(corev1.PodSpec{Containers: []corev1.Container{{Args: []string{""}}}}),
		podSpec(corev1.PodSpec{Containers: []corev1.Container{{Args: []string{"a b"}}}}),
		podSpec(corev1.PodSpec{Containers: []corev1.Container{{Args: []string{"a", "b"}}}}),
		podSpec(corev1.PodSpec{InitContainers: []corev1.Container{{}}}),
		meta(metav1.ObjectMeta{Labels: map[string]string{"a": ""}}),
		meta(metav1.ObjectMeta{Labels: map[string]string{"a": "b"}}),
		meta(metav1.ObjectMeta{Labels: map[string]string{"b": "a"}}),
		meta(metav1.ObjectMeta{Annotations: map[string]string{"a": "b"}}),
		meta(metav1.ObjectMeta{Annotations: map[string]string{hashing.DefaultLabel: "b"}}),
		limits("1"), limits("0"), limits("1m"), limits("1k"), limits("1Ki"), limits("-1"), limits("10"), limits("1e18"), limits("100E"),
		sizeLimit(nil), sizeLimit(&resource.Quantity{}), divisor(resource.MustParse("1")),
		box{P: intstr.FromInt32(80)}, box{P: intstr.FromString("80")}, box{P: intstr.FromString("")},
		box{T: stamp(time.UTC, 0).Time}, box{T: stamp(time.UTC, 1).Time}, box{M: metav1.NewMicroTime(stamp(time.UTC, 0).Time)},
	)
}

func TestDifferentUnstructuredTemplatesDiffer(t *testing.T) {
	var values []any
	for _, text := range []string{
		`{}`, `{"a":0}`, `{"a":false}`, `{"a":""}`, `{"a":{}}`, `{"a":1}`, `{"a":"1"}`, `{"a":true}`, `{"a":"true"}`,
		`{"a":[null]}`, `{"a":[null,null]}`, `{"a":[[]]}`, `{"a":[{}]}`, `{"a":[1,2]}`, `{"a":[2,1]}`, `{"a":[12]}`,
		`{"a":0.1}`, `{"a":"0.1"}`, `{"a":1e300}`, `{"a":-1}`, `{"a":9007199254740993}`, `{"a":9007199254740992}`,
		`{"a":18446744073709551616}`, `{"ab":1}`, `{"a":{"b":1}}`, `{"b":{"a":1}}`, `{"a":"b","c":"d"}`, `{"a":"bc","d":""}`,
		`{"spec":{}}`, `{"emptyDir":{}}`, `{"securityContext":{}}`, `{"resources":{}}`, `{"labelSelector":{}}`, `{"labels":{}}`,
		`{"resources":{"limits":{"cpu":"1"}}}`, `{"resources":{"requests":{"cpu":"1"}}}`, `{"resources":{"limits":{"cpu":"100m"}}}`,
		`{"limits":{"cpu":"1"}}`, `{"limits":{"cpu":"1000m"}}`, `{"resources":{"limits":{"cpu":"x"}}}`, `{"resources":{"limits":{"cpu":"y"}}}`,
		`{"resources":{"limits":{"cpu":""}}}`, `{"resources":{"limits":{"cpu":"0"}}}`, `{"resources":{"limits":{"cpu":"1e65"}}}`,
		`{"resources":{"limits":{"cpu":"1e2147483647"}}}`, `{"resources":{"limits":{"cpu":1e99}}}`, `{"resources":{"limits":{"cpu":["1"]}}}`,
		`{"sizeLimit":"1"}`, `{"sizeLimit":"1000m"}`, `{"divisor":"1"}`, `{"divisor":"1000m"}`, `{"overhead":{"a":"1"}}`, `{"overhead":{"a":"1000m"}}`,
		`{"overhead":{}}`, `{"options":{}}`, `{"volumeAttributes":{}}`, `{"userAnnotations":{}}`, `{"limits":{}}`, `{"annotations":{}}`, `{"selector":{}}`,
		`{"resources":{"limits":{"cpu":-1}}}`, `{"resources":{"limits":{"cpu":{"nodeSelector":{}}}}}`, `{"resources":{"limits":{"cpu":{}}}}`,
		`{"metadata":{"labels":{"a":"1"}}}`, `{"metadata":{"labels":{"a":1}}}`, `{"metadata":{"annotations":{"pod-template-hash":"a"}}}`,
	} {
		values = append(values, decode(t, text))
	}
	differ(t, values...)
}

// TestEveryFieldCounts sets each field of a pod template that holds a value, alone and among all
// others, and wants another identity every time.
func TestEveryFieldCounts(t *testing.T) {
	full := new(corev1.PodTemplateSpec)
	fill(reflect.ValueOf(full).Elem(), 1)
	seen := map[string]string{identity(t, full): "full"}
	leaves := 0
	eachLeaf(reflect.ValueOf(full).Elem(), "", func(path string, leaf reflect.Value) {
		leaves++
		old := reflect.New(leaf.Type()).Elem()
		old.Set(leaf)
		for i, change := range []func(){func() { fill(leaf, 2) }, leaf.SetZero} {
			change()
			id := identity(t, full)
			if other, ok := seen[id]; ok {
				t.Fatalf("change %d of %s: same identity as %s", i, path, other)
			}
			seen[id] = path
		}
		leaf.Set(old)
	})
	if leaves < 500 {
		t.Errorf("%d leaves; a pod template has more", leaves)
	}
}

// fill sets a value and all that it holds to something made from n.
func fill(v reflect.Value, n int) {
	if leafOf(v, n) {
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), n)
	case reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i), n)
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0), n)
	case reflect.Map:
		key, elem := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		fill(key, n)
		fill(elem, n)
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(key, elem)
	default:
		panic(v.Type())
	}
}

// leafOf sets a value that holds no other and reports whether it is one.
func leafOf(v reflect.Value, n int) bool {
	switch v.Interface().(type) {
	case resource.Quantity:
		v.Set(reflect.ValueOf(*resource.NewQuantity(int64(n), resource.DecimalSI)))
		return true
	case metav1.Time:
		v.Set(reflect.ValueOf(metav1.Unix(int64(n), 0)))
		return true
	case intstr.IntOrString:
		v.Set(reflect.ValueOf(intstr.FromInt32(int32(n))))
		return true
	case metav1.FieldsV1:
		raw := fmt.Append(nil, `{"f:`, n, `":{}}`)
		return json.Unmarshal(raw, v.Addr().Interface()) == nil
	}
	switch v.Kind() {
	case reflect.Bool:
		v.SetBool(n == 1)
	case reflect.Int32, reflect.Int64:
		v.SetInt(int64(n))
	case reflect.String:
		v.SetString(fmt.Sprint("s", n))
	default:
		return false
	}
	return true
}

// eachLeaf calls f for all that can be set in a full value: leaves where a change to the zero
// value and one to another value both tell.
func eachLeaf(v reflect.Value, path string, f func(string, reflect.Value)) {
	switch v.Interface().(type) {
	case resource.Quantity, metav1.Time, intstr.IntOrString, metav1.FieldsV1:
		f(path, v)
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		eachLeaf(v.Elem(), path, f)
	case reflect.Struct:
		for i := range v.NumField() {
			eachLeaf(v.Field(i), path+"."+v.Type().Field(i).Name, f)
		}
	case reflect.Slice:
		eachLeaf(v.Index(0), path+"[]", f)
	case reflect.Bool:
	default:
		f(path, v)
	}
}

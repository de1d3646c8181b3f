package hashing_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/gopawl/pawl/hashing"
)

func limits(cpu string) corev1.PodTemplateSpec {
	return podSpec(corev1.PodSpec{Containers: []corev1.Container{{Resources: corev1.ResourceRequirements{
		Limits: corev1.ResourceList{"cpu": resource.MustParse(cpu)},
	}}}})
}

func sizeLimit(q *resource.Quantity) corev1.PodTemplateSpec {
	return podSpec(corev1.PodSpec{Volumes: []corev1.Volume{{VolumeSource: corev1.VolumeSource{
		EmptyDir: &corev1.EmptyDirVolumeSource{SizeLimit: q},
	}}}})
}

func divisor(q resource.Quantity) corev1.PodTemplateSpec {
	return podSpec(corev1.PodSpec{Containers: []corev1.Container{{Env: []corev1.EnvVar{{
		ValueFrom: &corev1.EnvVarSource{ResourceFieldRef: &corev1.ResourceFieldSelector{Divisor: q}},
	}}}}})
}

func podSpec(s corev1.PodSpec) corev1.PodTemplateSpec { return corev1.PodTemplateSpec{Spec: s} }

func meta(m metav1.ObjectMeta) corev1.PodTemplateSpec { return corev1.PodTemplateSpec{ObjectMeta: m} }

func spoken(q resource.Quantity) *resource.Quantity { _ = q.String(); return &q }

func inDec(q resource.Quantity) *resource.Quantity { q.ToDec(); return &q }

func stamp(zone *time.Location, nanos int) *metav1.Time {
	return &metav1.Time{Time: time.Date(2024, 5, 1, 12, 0, 0, nanos, time.UTC).In(zone)}
}

func TestSameTypedTemplatesAgree(t *testing.T) {
	east := time.FixedZone("east", 3600)
	gi := resource.MustParse("1Gi")
	for name, same := range map[string][]any{
		"value and pointer":    {limits("1"), ptr(limits("1")), ptr(ptr(limits("1")))},
		"quantity spellings":   {limits("1"), limits("1000m"), limits("1.0"), limits("1e0"), limits("0.001k")},
		"binary and decimal":   {limits("1Gi"), limits("1024Mi"), limits("1073741824"), limits("1073741824000m")},
		"large quantities":     {limits("12345678901234567890k"), limits("12345678901234567890000")},
		"zero quantities":      {limits("0"), limits("0Gi"), limits("0e5"), limits("-0")},
		"String called":        {sizeLimit(&gi), sizeLimit(spoken(gi)), sizeLimit(inDec(gi)), sizeLimit(ptr(resource.MustParse("1024Mi")))},
		"zero divisor":         {divisor(resource.Quantity{}), divisor(resource.MustParse("0")), divisor(*inDec(resource.Quantity{}))},
		"empty labels":         {corev1.PodTemplateSpec{}, meta(metav1.ObjectMeta{Labels: map[string]string{}})},
		"our label":            {corev1.PodTemplateSpec{}, meta(metav1.ObjectMeta{Labels: map[string]string{hashing.DefaultLabel: "x"}})},
		"empty lists":          {corev1.PodTemplateSpec{}, podSpec(corev1.PodSpec{Containers: []corev1.Container{}, NodeSelector: map[string]string{}})},
		"zero times":           {corev1.PodTemplateSpec{}, meta(metav1.ObjectMeta{CreationTimestamp: metav1.NewTime(time.Time{}.In(east))})},
		"instants":             {meta(metav1.ObjectMeta{DeletionTimestamp: stamp(time.UTC, 0)}), meta(metav1.ObjectMeta{DeletionTimestamp: stamp(east, 0)}), meta(metav1.ObjectMeta{DeletionTimestamp: stamp(east, 7)})},
		"micro instants":       {box{M: metav1.NewMicroTime(stamp(time.UTC, 1000).Time)}, box{M: metav1.NewMicroTime(stamp(east, 1001).Time)}},
		"Go instants":          {box{T: stamp(time.UTC, 1).Time}, box{T: stamp(east, 1).Time}},
		"unused half of union": {box{P: intstr.FromInt32(80)}, box{P: intstr.IntOrString{IntVal: 80, StrVal: "80"}}},
	} {
		t.Run(name, func(t *testing.T) { agree(t, same) })
	}
}

// box holds the types that pod templates have few of.
type box struct {
	M metav1.MicroTime
	T time.Time
	P intstr.IntOrString
}

func agree(t *testing.T, same []any) {
	t.Helper()
	want := identity(t, same[0])
	for i, v := range same {
		if got := identity(t, v); got != want {
			t.Errorf("%d differs: %s, want %s\n%+v\n%+v", i, got, want, v, same[0])
		}
	}
}

func TestSameUnstructuredTemplatesAgree(t *testing.T) {
	for name, same := range map[string][]string{
		"order of keys":         {`{"a":1,"b":2}`, `{"b":2,"a":1}`},
		"null":                  {`{}`, `{"a":null}`, `{"metadata":null}`},
		"empty lists":           {`{"spec":{}}`, `{"spec":{"containers":[]}}`},
		"empty string maps":     {`{"spec":{}}`, `{"spec":{"nodeSelector":{}}}`, `{"metadata":{"labels":{}},"spec":{"overhead":{}}}`, `{"metadata":{"annotations":{"a":null}},"spec":{}}`},
		"empty quantities":      {`{"resources":{}}`, `{"resources":{"limits":{},"requests":{}}}`},
		"nested string maps":    {`{"csi":{},"flexVolume":{},"podCertificate":{},"labelSelector":{}}`, `{"csi":{"volumeAttributes":{}},"flexVolume":{"options":{}},"podCertificate":{"userAnnotations":{}},"labelSelector":{"matchLabels":{}}}`},
		"claim's metadata":      {`{"a":{"metadata":{}}}`, `{"a":{"metadata":{"labels":{},"annotations":{}}}}`},
		"our label":             {`{}`, `{"metadata":{}}`, `{"metadata":{"labels":{"pod-template-hash":"a"}}}`},
		"numbers":               {`{"a":[1,100,-5,0.5]}`, `{"a":[1.0,1e2,-50e-1,5e-1]}`},
		"zeros":                 {`{"a":0}`, `{"a":-0.0}`, `{"a":0e9}`},
		"large numbers":         {`{"a":1e30}`, `{"a":1000000000000000000000000000000}`, `{"a":10.0e29}`},
		"limits":                {`{"resources":{"limits":{"a":"1","b":"1Gi"}}}`, `{"resources":{"limits":{"a":1,"b":1073741824}}}`, `{"resources":{"limits":{"a":"1000m","b":"1024Mi"}}}`, `{"resources":{"limits":{"a":1.0,"b":"1.073741824e9"}}}`},
		"huge limits":           {`{"resources":{"limits":{"a":1e40,"b":"1e40","c":1e300}}}`, `{"resources":{"limits":{"a":10000000000000000000000000000000000000000,"b":10e39,"c":10e299}}}`},
		"overhead":              {`{"spec":{"overhead":{"cpu":"0.25"}}}`, `{"spec":{"overhead":{"cpu":"250m"}}}`, `{"spec":{"overhead":{"cpu":0.25}}}`},
		"sizeLimit and divisor": {`{"emptyDir":{"sizeLimit":"1Ki"},"resourceFieldRef":{"divisor":"1"}}`, `{"emptyDir":{"sizeLimit":"1024"},"resourceFieldRef":{"divisor":1}}`},
		"exa and exponents":     {`{"resources":{"limits":{"a":"1E","b":"1Ei","c":"1e-3"}}}`, `{"resources":{"limits":{"a":"1e18","b":"1024Pi","c":"1m"}}}`},
	} {
		t.Run(name, func(t *testing.T) {
			var values []any
			for _, text := range same {
				var plain, exact map[string]any
				if err := json.Unmarshal([]byte(text), &plain); err != nil {
					t.Fatal(err)
				}
				d := json.NewDecoder(strings.NewReader(text))
				d.UseNumber()
				if err := d.Decode(&exact); err != nil {
					t.Fatal(err)
				}
				values = append(values, plain, exact, decode(t, text), &plain)
			}
			agree(t, values)
		})
	}
}

// TestGoTypesInUnstructured covers maps that a program built, rather than a decoder.
func TestGoTypesInUnstructured(t *testing.T) {
	agree(t, []any{
		map[string]any{"a": int64(1), "b": []any{"x"}, "c": map[string]any{"k": "v"}, "n": 0.5},
		map[string]any{"a": 1, "b": []string{"x"}, "c": map[string]string{"k": "v"}, "n": float32(0.5)},
		map[string]any{"a": uint8(1), "b": [1]string{"x"}, "c": map[name]name{"k": "v"}, "n": json.Number("0.50")},
		map[name]any{"a": int32(1), "b": []name{"x"}, "c": map[string]name{"k": "v"}, "n": 0.5, "z": nil},
	})
	agree(t, []any{
		map[string]any{"resources": map[string]any{"limits": map[string]any{"cpu": 2}}},
		map[string]any{"resources": map[string]any{"limits": map[string]any{"cpu": int32(2)}}},
		map[string]any{"resources": map[string]any{"limits": map[string]any{"cpu": resource.MustParse("2")}}},
		map[string]any{"resources": map[string]any{"limits": map[string]any{"cpu": ptr(resource.MustParse("2"))}}},
	})
	agree(t, []any{
		&unstructured.Unstructured{Object: map[string]any{"metadata": map[string]any{"labels": map[string]any{"pod-template-hash": "x"}}, "kind": "K", "apiVersion": "v1"}},
		map[string]any{"kind": "K", "apiVersion": "v1"},
	})
}

type name string

func TestRoundTripThroughJSONKeepsIdentity(t *testing.T) {
	for _, v := range readVectors(t).Templates {
		if v.Form != "typed" {
			continue
		}
		before := v.value(t).(*corev1.PodTemplateSpec)
		text, err := json.Marshal(before)
		if err != nil {
			t.Fatal(err)
		}
		after := new(corev1.PodTemplateSpec)
		if err := json.Unmarshal(text, after); err != nil {
			t.Fatal(err)
		}
		agree(t, []any{before, after, *after, before.DeepCopy()})
	}
}

func TestInputIsOnlyRead(t *testing.T) {
	unparsed := sizeLimit(inDec(resource.MustParse("1Gi")))
	loose, err := runtime.DefaultUnstructuredConverter.ToUnstructured(twoContainers())
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range []any{twoContainers(), &unparsed, ptr(limits("1000m")), loose} {
		before := deepCopy(v)
		id := identity(t, v)
		done := make(chan string)
		for range 8 {
			go func() {
				got, _ := hashing.Template(v)
				done <- got
			}()
		}
		for range 8 {
			if got := <-done; got != id {
				t.Errorf("got %s, want %s", got, id)
			}
		}
		if !reflect.DeepEqual(before, v) { // quantities' cached text included, unlike cmp
			t.Errorf("changed: %+v, before %+v", v, before)
		}
	}
}

func deepCopy(v any) any {
	if m, ok := v.(map[string]any); ok {
		return runtime.DeepCopyJSON(m)
	}
	return v.(*corev1.PodTemplateSpec).DeepCopy()
}

func TestLabelsOfOnesOwnAreLeftOut(t *testing.T) {
	with := func(keys ...string) map[string]any {
		labels := map[string]any{"app": "web"}
		for _, k := range keys {
			labels[k] = "x"
		}
		return map[string]any{"metadata": map[string]any{"labels": labels}}
	}
	plain := identity(t, with())
	if got := identity(t, with("mine", "yours"), "mine", "yours"); got != plain {
		t.Error("own labels count")
	}
	if got := identity(t, with(hashing.DefaultLabel), "mine"); got == plain {
		t.Error("the default label is left out although others are named")
	}
	nested := map[string]any{"spec": map[string]any{"metadata": with(hashing.DefaultLabel)["metadata"]}}
	bare := map[string]any{"spec": map[string]any{"metadata": with()["metadata"]}}
	if identity(t, nested) == identity(t, bare) {
		t.Error("a label further down is left out")
	}
}

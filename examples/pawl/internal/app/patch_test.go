package app

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/gopawl/pawl/examples/pawl/internal/manifest"
)

func TestPatchedInEachLanguage(t *testing.T) {
	two := "[{name: web, image: 'web:1'}, {name: log, image: 'log:1'}]"
	for name, test := range map[string]struct {
		language   PatchType
		patch      string
		path, want string
	}{
		"strategic merges containers by name": {StrategicPatch, `{"spec":{"template":{"spec":{"containers":[{"name":"log","image":"log:2"}]}}}}`,
			containers, "[map[image:web:1 name:web] map[image:log:2 name:log]]"},
		"strategic deletes by directive": {StrategicPatch, `{"spec":{"template":{"spec":{"containers":[{"name":"log","$patch":"delete"}]}}}}`,
			containers, "[map[image:web:1 name:web]]"},
		"merge replaces lists": {MergePatch, `{"spec":{"template":{"spec":{"containers":[{"name":"web","image":"web:2"}]}}}}`,
			containers, "[map[image:web:2 name:web]]"},
		"json operates":                {JSONPatch, `[{"op":"remove","path":"/spec/template/spec/containers/1"}]`, containers, "[map[image:web:1 name:web]]"},
		"a default that goes is back":  {MergePatch, `{"spec":{"revisionHistoryLimit":null}}`, "spec.revisionHistoryLimit", "10"},
		"a strategy that goes is back": {JSONPatch, `[{"op":"remove","path":"/spec/strategy"}]`, "spec.strategy.type", "RollingUpdate"},
		"numbers stay numbers":         {MergePatch, `{"spec":{"later":9007199254740993}}`, "spec.later", "9007199254740993"},
	} {
		t.Run(name, func(t *testing.T) {
			was := manifest.AppsV1(web(t, "web:1", map[string]string{containers: two, "spec.revisionHistoryLimit": "3"}))
			before := was.DeepCopy()
			now, err := Patched(was, test.language, []byte(test.patch))
			if err != nil {
				t.Fatal(err)
			}
			if got := fmt.Sprint(fieldAt(now, test.path)); got != test.want {
				t.Errorf("%s is %s, want %s", test.path, got, test.want)
			}
			if diff := cmp.Diff(before, was); diff != "" {
				t.Errorf("what was patched has changed itself: %s", diff)
			}
		})
	}
}

func TestPatchErrorsAreTyped(t *testing.T) {
	var double []string
	for i := range 40 {
		double = append(double, fmt.Sprintf(`{"op":"copy","from":"/spec","path":"/spec/a%d"}`, i))
	}
	for name, test := range map[string]struct {
		language    PatchType
		patch, want string
	}{
		"no JSON":           {MergePatch, `{`, "unexpected end of JSON input"},
		"no object":         {StrategicPatch, `[]`, "cannot unmarshal array"},
		"null":              {MergePatch, `null`, "is not an object"},
		"no list":           {JSONPatch, `{}`, "cannot unmarshal object"},
		"failed test":       {JSONPatch, `[{"op":"test","path":"/spec/paused","value":true}]`, "operation 1: testing value /spec/paused failed"},
		"nothing there":     {JSONPatch, `[{"op":"add","path":"/spec/a","value":1},{"op":"remove","path":"/spec/nosuch"}]`, "operation 2: error in remove"},
		"a test of nothing": {JSONPatch, `[{"op":"test","path":""}]`, "it makes no sense"},
		"no operation":      {JSONPatch, `[{"op":"jump","path":"/spec"}]`, "jump"},
		"another kind":      {MergePatch, `{"kind":"Service"}`, "does not match what is expected"},
		"another API":       {MergePatch, `{"apiVersion":"extensions/v1beta1"}`, "does not match what is expected"},
		"no name":           {StrategicPatch, `{"spec":{"template":{"spec":{"containers":[{"image":"x"}]}}}}`, "does not contain declared merge key: name"},
		"a growing copy":    {JSONPatch, "[" + strings.Join(double, ",") + "]", "the result is too large"},
	} {
		t.Run(name, func(t *testing.T) {
			now, err := Patched(manifest.AppsV1(web(t, "web:1", nil)), test.language, []byte(test.patch))
			var bad *PatchError
			if now != nil || !errors.As(err, &bad) || bad.Type != test.language || !strings.Contains(err.Error(), test.want) {
				t.Errorf("%t and %v, want a PatchError with %q", now != nil, err, test.want)
			}
		})
	}
}

// FuzzPatched: whatever a patch is, it makes a Deployment of what is valid, that can be checked, or
// the documented error; and it leaves what it is applied to as it was.
func FuzzPatched(f *testing.F) {
	for _, seed := range []string{
		`{}`, `null`, `[]`, `7`, `{"spec":null}`, `{"spec":{"template":null}}`, `{"metadata":{"annotations":{"a":null}}}`,
		`{"spec":{"template":{"spec":{"containers":[{"name":"web","$patch":"delete"}]}}}}`,
		`{"spec":{"template":{"spec":{"containers":[{"name":"web","image":"x"}],"$setElementOrder/containers":[{"name":"web"}]}}}}`,
		`{"spec":{"strategy":{"$retainKeys":["type"],"type":"Recreate"}}}`, `{"$patch":"replace"}`, `{"spec":{"$patch":"delete"}}`,
		`{"spec":{"template":{"spec":{"containers":[null]}}}}`, `{"spec":{"template":{"spec":{"$deleteFromPrimitiveList/a":["b"]}}}}`,
		`[{"op":"add","path":"/spec/template/spec/containers/-","value":{"name":"b","image":"c"}}]`,
		`[{"op":"move","from":"/spec","path":"/spec/a"}]`, `[{"op":"copy","from":"","path":"/a"}]`, `[{"op":"replace","path":"","value":null}]`,
		`[{"op":"add","path":"/spec/replicas/x","value":1}]`, `[{"op":"test","path":"/spec/nosuch"}]`, `[null]`, `[{"op":null}]`,
	} {
		for language := range uint8(3) {
			f.Add(language, []byte(seed))
		}
	}
	f.Fuzz(func(t *testing.T, language uint8, patch []byte) {
		was := manifest.AppsV1(web(t, "web:1", map[string]string{"spec.replicas": "3", "spec.strategy": "{rollingUpdate: {maxSurge: 1}}"}))
		before := was.DeepCopy()
		chosen := []PatchType{StrategicPatch, MergePatch, JSONPatch}[int(language)%3]
		now, err := Patched(was, chosen, patch)
		if diff := cmp.Diff(before, was); diff != "" {
			t.Fatalf("what was patched has changed itself: %s", diff)
		}
		var bad *PatchError
		if err != nil {
			if now != nil || !errors.As(err, &bad) || err.Error() == "" {
				t.Fatalf("%v and %v", now, err)
			}
			return
		}
		checked(t, now)
	})
}

// checked validates a Deployment as everything that is to be wanted is.
func checked(t *testing.T, u *unstructured.Unstructured) {
	spec, errs := manifest.Deployment(u)
	again, errsAgain := manifest.Deployment(manifest.AppsV1(u))
	if diff := cmp.Diff(spec, again); diff != "" || len(errs) != len(errsAgain) {
		t.Fatalf("%v and %v, and: %s", errs, errsAgain, diff)
	}
	manifest.Unknown(u)
}

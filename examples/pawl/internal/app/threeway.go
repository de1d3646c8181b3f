package app

import (
	"encoding/json"
	"reflect"

	jsonpatch "gopkg.in/evanphx/json-patch.v4"
	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/jsonmergepatch"
	"k8s.io/apimachinery/pkg/util/strategicpatch"

	"github.com/gopawl/pawl/examples/pawl/internal/manifest"
)

// same compares the JSON forms.
func same(a, b *unstructured.Unstructured) bool { return reflect.DeepEqual(a.Object, b.Object) }

// Merged is a Deployment with the changes from one form of it to another made to it, as kubectl edit
// makes them: what is the same in both forms stays as it is now. Lists are merged as in [threeWay].
func Merged(from, to, current *unstructured.Unstructured) (*unstructured.Unstructured, error) {
	was, next, now, err := marshal(from, manifest.AppsV1(to), current)
	if err != nil {
		return nil, err
	}
	merged, err := twoWay(was, next, now)
	if err != nil {
		return nil, err
	}
	return parse(string(merged))
}

func twoWay(from, to, now []byte) ([]byte, error) {
	patch, err := strategicpatch.CreateTwoWayMergePatch(from, to, appsv1.Deployment{})
	if err == nil {
		var merged []byte
		if merged, err = strategicpatch.StrategicMergePatch(now, patch, appsv1.Deployment{}); err == nil {
			return merged, nil
		}
	}
	if patch, err = jsonpatch.CreateMergePatch(from, to); err != nil {
		return nil, err
	}
	return jsonpatch.MergePatch(now, patch)
}

// threeWay is kubectl's apply: the changes from what was applied last to what is applied now,
// made to what is there now. Lists are merged as the type of like says; where a field is not known
// to that type, as JSON merges them.
func threeWay(applied, asked, current *unstructured.Unstructured, like any) (*unstructured.Unstructured, error) {
	from, to, now, err := marshal(applied, asked, current)
	if err != nil {
		return nil, err
	}
	merged, err := strategic(from, to, now, like)
	if err != nil {
		if merged, err = plain(from, to, now); err != nil {
			return nil, err
		}
	}
	return parse(string(merged))
}

func strategic(from, to, now []byte, like any) ([]byte, error) {
	schema, err := strategicpatch.NewPatchMetaFromStruct(like)
	if err != nil {
		return nil, err
	}
	patch, err := strategicpatch.CreateThreeWayMergePatch(from, to, now, schema, true)
	if err != nil {
		return nil, err
	}
	return strategicpatch.StrategicMergePatchUsingLookupPatchMeta(now, patch, schema)
}

func plain(from, to, now []byte) ([]byte, error) {
	patch, err := jsonmergepatch.CreateThreeWayJSONMergePatch(from, to, now)
	if err != nil {
		return nil, err
	}
	return jsonpatch.MergePatch(now, patch)
}

func marshal(a, b, c *unstructured.Unstructured) (x, y, z []byte, err error) {
	if x, err = json.Marshal(a.Object); err != nil {
		return nil, nil, nil, err
	}
	if y, err = json.Marshal(b.Object); err != nil {
		return nil, nil, nil, err
	}
	z, err = json.Marshal(c.Object)
	return x, y, z, err
}

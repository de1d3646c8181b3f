package manifest

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseIsLoadOfAText(t *testing.T) {
	objects, err := Parse("edited file", []byte(web))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(names(mustLoad(t, web)), []string{"app.yaml Deployment/web"}); diff != "" {
		t.Fatal(diff)
	}
	if diff := cmp.Diff([]string{"edited file Deployment/web"}, names(objects)); diff != "" {
		t.Error(diff)
	}
	objects, err = Parse("edited file", []byte(edit(t, "replicas: 3", "replicas: many")))
	refused(t, objects, err, `edited file: Deployment "web": spec.replicas: Invalid value: "many": must be an integer of 32 bits`)
}

func TestUnknownNamesFieldsAndChangesNothing(t *testing.T) {
	u := mustLoad(t, edit(t, "replicas: 3", "repicas: 3"))[0].Unstructured
	before := u.DeepCopy()
	if diff := cmp.Diff([]string{`unknown field "spec.repicas"`}, Unknown(u)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(before, u); diff != "" {
		t.Error(diff)
	}
	if got := Unknown(mustLoad(t, web)[0].Unstructured); got != nil {
		t.Errorf("unknown: %v", got)
	}
}

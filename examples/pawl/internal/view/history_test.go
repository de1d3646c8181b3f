package view_test

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"

	"github.com/gopawl/pawl/examples/pawl/internal/view"
	"github.com/gopawl/pawl/history"
	"github.com/gopawl/pawl/rollout"
)

func entry(number int64, cause string) history.Entry {
	return history.Entry{Revision: rollout.Revision{Number: number}, Note: history.Note{Cause: cause}}
}

func TestHistoryIsKubectls(t *testing.T) {
	for _, c := range []struct {
		name    string
		entries []history.Entry
		want    string
	}{
		{"none", nil, "deployment.apps/web \nNo rollout history found.\n"},
		{
			"some", []history.Entry{entry(2, ""), entry(3, "pawl run --filename=httpd.v3.yaml"), entry(1004, "x")},
			"deployment.apps/web \nREVISION  CHANGE-CAUSE\n2         <none>\n3         pawl run --filename=httpd.v3.yaml\n1004      x\n\n",
		},
		{"hostile", []history.Entry{entry(1, "a\nb\x1b[2J\tc")}, "deployment.apps/web \nREVISION  CHANGE-CAUSE\n1         a b�[2J c\n\n"},
	} {
		if diff := cmp.Diff(c.want, view.History("web", c.entries)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
}

// TestRevisionIsKubectls compares with what kubectl's own code printed.
func TestRevisionIsKubectls(t *testing.T) {
	full := entry(2, "pawl run -f web.yaml")
	full.Label = "5c9f"
	for file, e := range map[string]history.Entry{"template": full, "template.bare": {}} {
		want, err := os.ReadFile("testdata/" + file + ".kubectl.txt")
		if err != nil {
			t.Fatal(err)
		}
		got, err := view.Revision("web", 2, e, template(t, "testdata/"+file+".yaml"))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")); diff != "" {
			t.Errorf("%s (-kubectl +ours):\n%s", file, diff)
		}
	}
}

func template(t *testing.T, file string) map[string]any {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var m map[string]any
	if err := yaml.Unmarshal(data, &m); err != nil {
		t.Fatal(err)
	}
	return m
}

func TestRevisionOfAnotherForm(t *testing.T) {
	_, err := view.Revision("web", 2, history.Entry{}, map[string]any{"spec": "none"})
	if err == nil || !strings.HasPrefix(err.Error(), "deployment.apps/web with revision #2: ") {
		t.Error(err)
	}
}

// TestRevisionLeavesTheTemplateAlone: the caller may want it again.
func TestRevisionLeavesTheTemplateAlone(t *testing.T) {
	const file = "testdata/template.yaml"
	given := template(t, file)
	e := entry(2, "cause")
	e.Label = "5c9f"
	if _, err := view.Revision("web", 2, e, given); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(template(t, file), given); diff != "" {
		t.Error(diff)
	}
}

package app

import (
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// caused is the Deployment with a change-cause; "" is none.
func caused(t *testing.T, image, cause string, with map[string]string) *unstructured.Unstructured {
	t.Helper()
	u := web(t, image, with)
	if cause != "" {
		set(t, u, "metadata.annotations", "{kubernetes.io/change-cause: '"+cause+"'}")
	}
	return u
}

func wantCause(t *testing.T, s Store, want string) {
	t.Helper()
	if cause, _ := causeOf(must(s.Load(t.Context(), "web")).Manifest); cause != want {
		t.Errorf("the cause is %q, want %q", cause, want)
	}
}

func image(name string) string { return "[{name: web, image: '" + name + "'}]" }

func TestCauseIsNotInherited(t *testing.T) {
	first := func(t *testing.T) Store {
		s, _ := newStore(t)
		apply(t, s, caused(t, "web:1", "first", map[string]string{"spec.replicas": "2"}), Created)
		return s
	}
	applied := func(image, cause string, with map[string]string) func(*testing.T, Store) {
		return func(t *testing.T, s Store) { apply(t, s, caused(t, image, cause, with), Configured) }
	}
	changed := func(paths ...string) func(*testing.T, Store) {
		return func(t *testing.T, s Store) {
			must(s.Change(t.Context(), "web", false, func(_ *Record, wanted *unstructured.Unstructured) error {
				for i := 0; i < len(paths); i += 2 {
					set(t, wanted, paths[i], paths[i+1])
				}
				return nil
			}))
		}
	}
	two := map[string]string{"spec.replicas": "2"}
	for name, test := range map[string]struct {
		change func(*testing.T, Store)
		want   string
	}{
		"another template, changed":           {changed(containers, image("web:2")), ""},
		"another template, applied":           {applied("web:2", "", two), ""},
		"with a cause of its own, applied":    {applied("web:2", "second", two), "second"},
		"said again in the manifest":          {applied("web:2", "first", two), "first"},
		"with a cause of its own, changed":    {changed(containers, image("web:2"), "metadata.annotations", "{kubernetes.io/change-cause: second}"), "second"},
		"other replicas, changed":             {changed("spec.replicas", "3"), "first"},
		"other replicas, applied":             {applied("web:1", "", map[string]string{"spec.replicas": "3"}), "first"},
		"paused":                              {changed("spec.paused", "true"), "first"},
		"a template written in another way":   {changed(podSpec+".volumes", "[]"), "first"},
		"taken away":                          {changed("metadata.annotations", "{}"), ""},
		"another cause for what there is":     {applied("web:1", "better", two), "better"},
		"another template, replicas as well":  {changed(containers, image("web:2"), "spec.replicas", "5"), ""},
		"nothing":                             {applied("web:1", "", two), "first"},
		"another template, one more the same": {changed(containers, image("web:2"), "metadata.annotations", "{kubernetes.io/change-cause: first, a: b}"), ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := first(t)
			test.change(t, s)
			wantCause(t, s, test.want)
		})
	}
}

// What is not said any more goes with the cause, and what else is annotated stays.
func TestCauseGoesAlone(t *testing.T) {
	s, _ := newStore(t)
	apply(t, s, web(t, "web:1", map[string]string{"metadata.annotations": "{kubernetes.io/change-cause: first, a: b}"}), Created)
	change(t, s, containers, image("web:2"))
	wantStored(t, s, "metadata.annotations", "a: b")

	apply(t, s, caused(t, "web:3", "third", nil), Configured)
	change(t, s, containers, image("web:4"))
	wantStored(t, s, "metadata.annotations", "")
}

// A cause is not inherited by way of an undo or of what was applied last either.
func TestCauseOfLongAgoDoesNotComeBack(t *testing.T) {
	s, _ := newStore(t)
	apply(t, s, caused(t, "web:1", "first", nil), Created)
	change(t, s, containers, image("web:2"))
	apply(t, s, caused(t, "web:3", "", nil), Configured)
	wantCause(t, s, "")

	must(s.change(t.Context(), "web", false, func(_ *Record, wanted *unstructured.Unstructured) error { // an undo
		set(t, wanted, containers, image("web:1"))
		set(t, wanted, "metadata.annotations", "{kubernetes.io/change-cause: first}")
		return nil
	}))
	wantCause(t, s, "first")
	apply(t, s, caused(t, "web:4", "", nil), Configured)
	wantCause(t, s, "")
}

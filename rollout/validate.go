package rollout

import "fmt"

// InvalidError says which value cannot be worked with and what is allowed in its place.
type InvalidError struct {
	Path    string // such as revisions[web-5c9f].replicas
	Value   any
	Allowed string // such as "0 or more"
}

// Error gives the path, the value and what is allowed.
func (e *InvalidError) Error() string {
	return fmt.Sprintf("%s: invalid value %v: must be %s", e.Path, e.Value, e.Allowed)
}

// Validate checks what every strategy takes for granted: a template, counts that are not
// negative, revisions with names of their own. It returns an [*InvalidError].
func (s State) Validate() error {
	if s.Template == "" {
		return &InvalidError{"template", `""`, "the identity of the wanted template"}
	}
	if s.Replicas < 0 {
		return &InvalidError{"replicas", s.Replicas, "0 or more"}
	}
	seen := make(map[string]bool, len(s.Revisions))
	for _, r := range s.Revisions {
		if r.Name == "" || seen[r.Name] {
			return &InvalidError{"revisions.name", fmt.Sprintf("%q", r.Name), "given and unique"}
		}
		seen[r.Name] = true
		if err := r.validate(); err != nil {
			return err
		}
	}
	return nil
}

func (r Revision) validate() error {
	for _, c := range []struct {
		name  string
		value int32
	}{
		{"replicas", r.Replicas}, {"actual", r.Actual}, {"ready", r.Ready},
		{"available", r.Available}, {"terminating", r.Terminating},
	} {
		if c.value < 0 {
			return &InvalidError{fmt.Sprintf("revisions[%s].%s", r.Name, c.name), c.value, "0 or more"}
		}
	}
	if r.Available > r.Ready {
		return &InvalidError{fmt.Sprintf("revisions[%s].available", r.Name), r.Available, fmt.Sprintf("at most the %d ready", r.Ready)}
	}
	return nil
}

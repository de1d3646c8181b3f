package identity

import (
	"fmt"
	"strings"
	"testing"
	"text/tabwriter"
)

// row is what one minor answers.
type row struct {
	version string
	answers []answer
	forms   map[string]*count
	unknown int // templates that the minor's types cannot hold
}

// count is of the templates of one form.
type count struct{ compared, equal int }

func (c count) String() string { return fmt.Sprintf("%d of %d", c.equal, c.compared) }

// compare fails for every identity that is not the frozen one, and where too few are compared.
func compare(t *testing.T, vectors []vector, out output) row {
	t.Helper()
	if len(out.Answers) != len(vectors) {
		t.Fatalf("%d answers to %d vectors", len(out.Answers), len(vectors))
	}
	r := row{out.Libraries["k8s.io/api"], out.Answers, map[string]*count{"typed": {}, "unstructured": {}}, 0}
	for i, v := range vectors {
		a, c := out.Answers[i], r.forms[v.Form]
		if a.Unknown != "" {
			r.unknown++
			t.Logf("not applicable: %s: %s", v.Name, a.Unknown)
			continue
		}
		c.compared++
		if a.Identity == v.Identity {
			c.equal++
		} else {
			t.Errorf("%s, %s: %s, frozen as %s", v.Name, v.Form, a.Identity, v.Identity)
		}
	}
	for form, c := range r.forms {
		if c.compared < leastTemplates {
			t.Errorf("%d %s templates compared, want %d at least", c.compared, form, leastTemplates)
		}
	}
	return r
}

// table shows, beside the identities, how many hashes of Kubernetes are those of the row above.
func table(rows []row) string {
	var text strings.Builder
	w := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	fmt.Fprint(w, "k8s.io/api\ttyped: as frozen\tunstructured: as frozen\tnot applicable\tKubernetes' hash: as above\n")
	for i, r := range rows {
		above := "-"
		if i > 0 {
			above = stable(rows[i-1], r).String()
		}
		fmt.Fprintf(w, "%s\t%v\t%v\t%d\t%s\n", r.version, r.forms["typed"], r.forms["unstructured"], r.unknown, above)
	}
	w.Flush()
	return text.String()
}

// stable counts Kubernetes' hashes of the typed templates that both minors hold.
func stable(above, r row) (c count) {
	for i, a := range r.answers {
		if b := above.answers[i]; a.Kubernetes != 0 && b.Kubernetes != 0 {
			c.compared++
			if a.Kubernetes == b.Kubernetes {
				c.equal++
			}
		}
	}
	return c
}

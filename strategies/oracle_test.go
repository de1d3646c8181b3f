package strategies_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/gopawl/pawl/rollout"
	"github.com/gopawl/pawl/strategies"
)

// The files testdata/*_grid.json are answers of the Deployment controller of Kubernetes
// v1.36.3. The tests hold this package to them; where its answer is another one on purpose,
// exclusions says why and what the answer is.

// exclusion is a case of an oracle whose answer is not ours.
type exclusion struct {
	file  string
	index int
	key   string // the case in words
	why   string // the defect of Kubernetes, or our rule
	ours  string
}

// The rules that exclude cases.
const (
	unsetIsDefault    = "an unset amount is 25%, not 0: the API server puts that default in, the controller never sees unset"
	negativeIsInvalid = "a negative amount is refused, as the API server does; the controller computes on"
)

// exclusions are all of them, for every oracle.
var exclusions = []exclusion{
	{"fenceposts_grid.json", 18, "<nil>/<nil> of 2", unsetIsDefault, "surge 1, unavailable 0, floor 2, ceiling 3"},
	{"fenceposts_grid.json", 29, "<nil>/33% of 3", unsetIsDefault, "surge 1, unavailable 0, floor 3, ceiling 4"},
	{"fenceposts_grid.json", 37, "<nil>/99% of 4", unsetIsDefault, "surge 1, unavailable 3, floor 1, ceiling 5"},
	{"fenceposts_grid.json", 38, "<nil>/100% of 4", unsetIsDefault, "surge 1, unavailable 4, floor 0, ceiling 5"},
	{"fenceposts_grid.json", 48, "99%/<nil> of 5", unsetIsDefault, "surge 5, unavailable 1, floor 4, ceiling 10"},
	{"fenceposts_grid.json", 49, "<nil>/<nil> of 7", unsetIsDefault, "surge 2, unavailable 1, floor 6, ceiling 9"},
	{"fenceposts_grid.json", 67, "<nil>/5 of 11", unsetIsDefault, "surge 3, unavailable 5, floor 6, ceiling 14"},
	{"fenceposts_grid.json", 92, "150%/<nil> of 99", unsetIsDefault, "surge 149, unavailable 24, floor 75, ceiling 248"},
	{"fenceposts_grid.json", 94, "<nil>/2 of 100", unsetIsDefault, "surge 25, unavailable 2, floor 98, ceiling 125"},
	{"fenceposts_grid.json", 112, "10%/<nil> of 1000", unsetIsDefault, "surge 100, unavailable 250, floor 750, ceiling 1100"},
	{"fenceposts_grid.json", 115, "99%/<nil> of 1000", unsetIsDefault, "surge 990, unavailable 250, floor 750, ceiling 1990"},
	{"fenceposts_grid.json", 118, "1/-1 of 1", negativeIsInvalid, "invalid maxUnavailable"},
}

func load[T any](t *testing.T, file string) []T {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", file))
	if err != nil {
		t.Fatal(err)
	}
	var content struct{ Cases []T }
	if err := json.Unmarshal(data, &content); err != nil {
		t.Fatal(err)
	}
	if len(content.Cases) == 0 {
		t.Fatalf("%s has no cases", file)
	}
	return content.Cases
}

// judge compares one answer with the oracle's, or with the table of exclusions.
type judge struct {
	t        *testing.T
	file     string
	excluded map[int]bool
}

func newJudge(t *testing.T, file string) *judge {
	return &judge{t, file, map[int]bool{}}
}

func (j *judge) check(index int, key, theirs, ours string) {
	j.t.Helper()
	for _, x := range exclusions {
		if x.file != j.file || x.index != index {
			continue
		}
		j.excluded[index] = true
		if x.key != key {
			j.t.Errorf("%s %d: is %q, the exclusion says %q", j.file, index, key, x.key)
		}
		if ours != x.ours {
			j.t.Errorf("%s %d (%s): got %s, excluded as %s because %s", j.file, index, key, ours, x.ours, x.why)
		}
		if ours == theirs {
			j.t.Errorf("%s %d (%s): agrees with the oracle and needs no exclusion", j.file, index, key)
		}
		return
	}
	if ours != theirs {
		j.t.Errorf("%s %d (%s):\n  got    %s\n  oracle %s", j.file, index, key, ours, theirs)
	}
}

// done asserts that every exclusion was met, and logs their number.
func (j *judge) done(cases, excluded int) {
	j.t.Helper()
	if len(j.excluded) != excluded {
		j.t.Errorf("%s: %d cases are excluded, expected %d", j.file, len(j.excluded), excluded)
	}
	for _, x := range exclusions {
		if x.file == j.file && !j.excluded[x.index] {
			j.t.Errorf("%s %d: the exclusion is never used", j.file, x.index)
		}
	}
	j.t.Logf("%s: %d cases, %d excluded", j.file, cases, len(j.excluded))
}

type fencepostsCase struct {
	Desired                  int32
	MaxSurge, MaxUnavailable any
	Surge, Unavailable       int32
	Error                    string
	DeploymentMaxSurge       int32
	DeploymentMinAvailable   int32
	DeploymentMaxUnavailable int32
}

func TestFencepostsAreThoseOfKubernetes(t *testing.T) {
	const file = "fenceposts_grid.json"
	j := newJudge(t, file)
	cases := load[fencepostsCase](t, file)
	for i, c := range cases {
		theirs := fmt.Sprintf("surge %d, unavailable %d, floor %d, ceiling %d",
			c.Surge, c.Unavailable, c.DeploymentMinAvailable, c.Desired+c.DeploymentMaxSurge)
		if c.Error != "" {
			theirs = "error"
		}
		key := fmt.Sprintf("%v/%v of %d", c.MaxSurge, c.MaxUnavailable, c.Desired)
		j.check(i, key, theirs, fenceposts(c))
	}
	j.done(len(cases), 12)
}

func fenceposts(c fencepostsCase) string {
	r, err := rolling(c.MaxSurge, c.MaxUnavailable)
	if err != nil {
		return "error"
	}
	surge, unavailable, err := r.Fenceposts(c.Desired)
	if err != nil {
		return refusal(err)
	}
	floor, ceiling, err := r.Bounds(c.Desired)
	if err != nil {
		return refusal(err)
	}
	return fmt.Sprintf("surge %d, unavailable %d, floor %d, ceiling %d", surge, unavailable, floor, ceiling)
}

func refusal(err error) string {
	var invalid *rollout.InvalidError
	if errors.As(err, &invalid) {
		return "invalid " + invalid.Path
	}
	return err.Error()
}

// rolling makes a strategy of amounts as JSON has them.
func rolling(maxSurge, maxUnavailable any) (r strategies.Rolling, err error) {
	if r.MaxSurge, err = amount(maxSurge); err != nil {
		return r, err
	}
	r.MaxUnavailable, err = amount(maxUnavailable)
	return r, err
}

func amount(v any) (rollout.Amount, error) {
	switch v := v.(type) {
	case float64:
		return rollout.Count(int32(v)), nil
	case string:
		return rollout.ParseAmount(v)
	}
	return rollout.Amount{}, nil
}

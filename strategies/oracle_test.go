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

	pauseHolds      = "nothing was resized, and a pause holds every size; the controller tops sizes up and takes old ones down at every look (D4)"
	pauseHoldsOld   = "a pause holds old replicas too; the controller goes on with the rollout once the new ones are available"
	takenDown       = "a revision that was taken to 0 while some were wanted is on its way out; the controller brings it back (D5)"
	notBeyondWanted = "no revision gets more than are wanted in all; the controller fills up to the ceiling, with old replicas too"
	unknownBasis    = "a size of which nobody knows for how many it was worked out may be as it was meant"
	oneWay          = "where all sizes together are to grow none shrinks, and the other way round; the controller restarts replicas so, and may overstep its own ceiling (D21)"
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
	{scaleFile, 0, "RollingUpdate 10%/2 to 30: old 8/8 (0/0)", unknownBasis, ""},
	{scaleFile, 4, "RollingUpdate 2/1 to 5: old 0/0 (2/4) old 0/0 (2/4) old 0/0 (2/4) new 0/0 (2/4)", takenDown, ""},
	{scaleFile, 6, "RollingUpdate 0/50% to 14: old 8/7 (0/0) old 1/1 (14/14) old 5/0 (14/14) old 2/2 (14/14)", pauseHolds, ""},
	{scaleFile, 7, "RollingUpdate 10%/1 to 20: old 0/0 (20/22)", takenDown, ""},
	{scaleFile, 9, "Recreate <nil>/<nil> to 6: old 8/8 (0/0) old 9/9 (4/9) old 14/0 (0/0) new 6/6 (6/6)", pauseHoldsOld, ""},
	{scaleFile, 11, "RollingUpdate 25%/50% to 18: old 8/8 (29/37) old 0/0 (29/37) new 7/7 (29/37)", oneWay, "rs-0 16 (18/23), rs-2 7 (18/23)"},
	{scaleFile, 13, "RollingUpdate 5/2 to 12: old 2/0 (11/17) old 6/1 (11/17) old 0/0 (11/17) new 12/12 (12/17)", pauseHoldsOld, "rs-1 3 (12/17), rs-0 2 (12/17)"},
	{scaleFile, 14, "RollingUpdate 10%/2 to 13: new 0/0 (23/29)", takenDown, ""},
	{scaleFile, 15, "RollingUpdate 25%/2 to 15: old 0/0 (0/0) old 4/4 (0/0)", unknownBasis, ""},
	{scaleFile, 16, "RollingUpdate 0/25% to 3: old 12/1 (3/3) old 10/7 (3/3) old 13/1 (0/0) new 10/7 (0/0)", pauseHolds, ""},
	{scaleFile, 19, "RollingUpdate 50%/25% to 11: old 7/7 (7/11) old 8/1 (7/11) old 12/12 (7/11) new 10/10 (7/11)", oneWay, "rs-2 0 (11/17), rs-3 2 (11/17), rs-1 8 (11/17), rs-0 7 (11/17)"},
	{scaleFile, 20, "Recreate <nil>/<nil> to 28: old 0/0 (25/28) old 13/2 (25/28) new 28/28 (28/28)", pauseHoldsOld, ""},
	{scaleFile, 24, "RollingUpdate 1/1 to 29: old 0/0 (29/58) old 4/4 (29/58)", pauseHolds, ""},
	{scaleFile, 25, "RollingUpdate 100%/25% to 1: old 8/8 (0/0) old 8/8 (1/2) old 0/0 (1/2) new 3/3 (1/2)", pauseHolds, ""},
	{scaleFile, 26, "RollingUpdate 100%/1 to 21: old 6/0 (26/52) new 14/14 (26/52)", oneWay, "rs-1 21 (21/42), rs-0 6 (21/42)"},
	{scaleFile, 28, "RollingUpdate 0/2 to 7: old 4/2 (7/7) old 9/2 (7/7) old 11/2 (7/7) new 7/7 (7/7)", pauseHolds, ""},
	{scaleFile, 32, "RollingUpdate 5/1 to 32: old 11/11 (12/15) old 0/0 (12/15) new 32/32 (32/37)", pauseHoldsOld, "rs-0 5 (32/37)"},
	{scaleFile, 36, "RollingUpdate 0/1 to 26: old 11/11 (29/32) old 11/11 (29/32) new 0/0 (29/32)", oneWay, "rs-1 15 (26/26), rs-0 11 (26/26)"},
	{scaleFile, 37, "RollingUpdate 25%/50% to 0: old 0/0 (0/0) new 5/0 (0/0)", unknownBasis, ""},
	{scaleFile, 23, "RollingUpdate 50%/2 to 31: old 4/3 (0/0) old 1/1 (25/38) old 0/0 (25/38)", notBeyondWanted, "rs-0 31 (31/47), rs-1 1 (31/47)"},
	{scaleFile, 31, "RollingUpdate 100%/2 to 34: old 7/7 (7/14) old 1/1 (7/14) new 0/0 (7/14)", notBeyondWanted, "rs-0 34 (34/68), rs-1 5 (34/68)"},
	{scaleFile, 34, "RollingUpdate 25%/0 to 37: old 0/0 (16/20) old 14/14 (16/20) old 2/2 (16/20)", notBeyondWanted, "rs-1 37 (37/47), rs-2 5 (37/47)"},
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

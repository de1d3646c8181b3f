package hashing_test

import (
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/util/rand"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/gopawl/pawl/hashing"
)

func TestIdentityAndLabelAreValidLabelValues(t *testing.T) {
	id := identity(t, twoContainers())
	for _, value := range []string{id, hashing.Label(id, 0), hashing.Label("", 1<<30)} {
		if problems := validation.IsValidLabelValue(value); problems != nil {
			t.Errorf("%s: %v", value, problems)
		}
	}
	if len(id) != len(hashing.Prefix)+32 || !strings.HasPrefix(id, hashing.Prefix) {
		t.Errorf("identity %s", id)
	}
}

func TestLabelIsInKubernetesAlphabet(t *testing.T) {
	safe := rand.SafeEncodeString("@ABCDEFGHIJKLMNOPQRSTUVWXYZ")
	for i := range 1000 {
		label := hashing.Label("h1-00", i)
		if len(label) != 10 || strings.Trim(label, safe) != "" {
			t.Fatalf("label %s", label)
		}
	}
}

func TestCollisionsGiveOtherLabels(t *testing.T) {
	seen := map[string]int{}
	for i := range 20000 {
		label := hashing.Label("h1-00", i)
		if at, ok := seen[label]; ok {
			t.Fatalf("%s at %d and %d", label, at, i)
		}
		seen[label] = i
	}
	if seen[hashing.Label("h1-00", 3)] != 3 {
		t.Error("label changes")
	}
	if hashing.Label("h1-00", 0) == hashing.Label("h1-01", 0) {
		t.Error("two identities have one label")
	}
}

func TestNameStaysWithinLimit(t *testing.T) {
	for _, label := range []string{"x7kd9v2mqw", "5d844d9fd5", "b", strings.Repeat("z", 63)} {
		for n := 1; n <= 253; n++ {
			for _, unit := range []string{"a", "a-b.", "a.b-", "a-----"} {
				owner := strings.Repeat(unit, 253)[:n-1] + "c"
				checkName(t, owner, label)
			}
		}
	}
}

func checkName(t *testing.T, owner, label string) {
	t.Helper()
	name := hashing.Name(owner, label)
	if !strings.HasSuffix(name, "-"+label) {
		t.Errorf("%s: label %s cut", name, label)
	}
	// a dot before a dash is invalid in an owner, too
	if validation.IsDNS1123Subdomain(owner) == nil {
		if problems := validation.IsDNS1123Subdomain(name); problems != nil {
			t.Errorf("%s (%d): %v", name, len(name), problems)
		}
	}
	if whole := owner + "-" + label; len(whole) <= 253 && name != whole {
		t.Errorf("%s cut without need", name)
	}
}

func TestLongOwnersWithOneBeginningDiffer(t *testing.T) {
	start := strings.Repeat("a", 250)
	one, two := hashing.Name(start+"-x", "x7kd9v2mqw"), hashing.Name(start+"-y", "x7kd9v2mqw")
	if one == two {
		t.Errorf("both are %s", one)
	}
	if len(one) != 253 {
		t.Errorf("%d characters", len(one))
	}
}

func TestLabelThatLeavesNoRoomCutsNothing(t *testing.T) {
	label := strings.Repeat("z", 250)
	if got := hashing.Name("owner", label); got != "owner-"+label {
		t.Errorf("got %s", got)
	}
}

package hostile

import (
	"testing"

	"github.com/gopawl/pawl/test/cluster/suite"
)

// The rights go in the middle of the rollout, between two writes: the command ends with the first
// that is refused, and whoever has them again goes on.
func TestRightsGoInTheMiddle(t *testing.T) {
	t.Parallel()
	s := begin(t)
	o := s.Observer()
	wait := s.Start("run", "-f", s.Edited("httpd.v2.yaml", slow("2s")...))
	s.underWay()
	granted := withoutRights(s.Fixture)
	out, code := wait()
	s.Prints(out, "Error from server (Forbidden): ")
	if code != 1 {
		t.Errorf("exit code %d, want 1", code)
	}
	if sizes := s.Sizes(); len(sizes) != 2 {
		t.Errorf("%v, want two sizes", sizes)
	}
	s.serves(older, 3)
	s.Prints(s.Fails("status", "httpd"), "Error from server (Forbidden): ")
	granted()
	s.Prints(s.Does("resume", "httpd"), done)
	within(o)
	s.over()
}

// What is granted later is enough: the first look was refused, the next one is not.
func TestRightsComeLater(t *testing.T) {
	t.Parallel()
	s := enter(suite.New(t))
	granted := withoutRights(s.Fixture)
	s.Prints(s.Fails("run", "-f", suite.Manifest("httpd.v1.yaml")), "Error from server (Forbidden): ")
	if sets := s.Sets(); len(sets) > 0 {
		t.Errorf("%d replica sets, want none", len(sets))
	}
	granted()
	s.Does("run", "-f", suite.Manifest("httpd.v1.yaml"))
	s.Does("run", "-f", suite.Manifest("httpd.v2.yaml"))
	s.over()
}
